"""What the app sends and gets about transfers."""

from typing import Annotated, Literal

import msgspec

from shared.money import Amount, Currency
from shared.web.fields import Id, Note, PayPassword, PhoneText

Arrival = Literal["now", "in_2_hours", "next_day"]


class Payee(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Who gets the money: a phone number or a user id, not both."""

    phone: PhoneText | None = None
    user_id: Id | None = None

    def __post_init__(self) -> None:
        if (self.phone is None) == (self.user_id is None):
            raise ValueError("须且只能给出 phone 或 user_id", "needs either phone or user_id")


class TransferRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    payee: Annotated[
        Payee, msgspec.Meta(extra_json_schema={"minProperties": 1, "maxProperties": 1})
    ]
    amount: Amount
    currency: Currency
    pay_password: PayPassword
    note: Note | None = None
    arrive: Arrival = "now"


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
