"""What the app sends and gets about transfers."""

from typing import Annotated, Literal

import msgspec

from shared.money import Amount, Currency
from shared.qr import QrText
from shared.qr_image import ImageFormat, QrView
from shared.web.body import REQUIRED
from shared.web.fields import Id, Note, PayPassword, PhoneText

_COLLECT_NOTE_LIMIT = 40  # what is written out in a code makes it harder to read
_EXPIRES_IN_LIMIT_SECONDS = 7 * 86_400
Arrival = Literal["now", "in_2_hours", "next_day"]


class Payee(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Who gets the money: a phone number, a user id or what a collect code says; one of them."""

    phone: PhoneText | None = None
    user_id: Id | None = None
    qr: QrText | None = None

    def __post_init__(self) -> None:
        if [self.phone, self.user_id, self.qr].count(None) != 2:
            raise ValueError(
                "须且只能给出 phone、user_id、qr 之一", "needs one of phone, user_id and qr"
            )


class TransferRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    payee: Annotated[
        Payee, msgspec.Meta(extra_json_schema={"minProperties": 1, "maxProperties": 1})
    ]
    amount: Amount
    currency: Currency
    pay_password: PayPassword
    note: Note | None = None
    arrive: Arrival = "now"


class CollectRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a code shall ask for. Without amount and note it asks for any amount, for ever.

    expires_in: seconds in which a code with an amount or a note can be paid.
    """

    amount: Amount | None = None
    currency: Currency | None = None
    note: Annotated[str, msgspec.Meta(max_length=_COLLECT_NOTE_LIMIT)] | None = None
    expires_in: Annotated[int, msgspec.Meta(ge=60, le=_EXPIRES_IN_LIMIT_SECONDS)] | None = None
    image: ImageFormat | None = None

    def __post_init__(self) -> None:
        if self.amount is not None and self.currency is None:
            raise ValueError(*REQUIRED, "currency")
        if self.amount is None and self.currency is not None:
            raise ValueError(*REQUIRED, "amount")


class CollectCode(QrView, frozen=True, kw_only=True):
    """A code by which others pay the user. expires_at: null for one that is good for ever."""

    expires_at: str | None


class Party(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    name: str | None


class TransferView(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer as its payer and, once it has arrived, its payee see it.

    reason: why it failed, or SAFETY_DELAY while one that was to arrive now is kept waiting.
    """

    transfer_id: str
    status: Literal["succeeded", "scheduled", "cancelled", "failed"]
    payer: Party
    payee: Party
    amount: Amount
    currency: Currency
    note: str | None
    created_at: str
    arrives_at: str | None
    ended_at: str | None
    reason: str | None
