"""What the app sends and gets about its wallet."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from shared.money import Amount, Currency
from shared.web.fields import PhoneText
from shared.web.pages import PageQuery

EntryKind = Literal[
    "transfer", "top_up", "withdrawal", "payment", "refund", "fee", "reversal", "wealth"
]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
MomentText = Annotated[
    str,
    msgspec.Meta(
        max_length=40,
        description="RFC 3339 with an offset: 2026-03-01T08:00:00+08:00",
        extra_json_schema={"format": "date-time"},
    ),
]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LimitView(msgspec.Struct, frozen=True, kw_only=True):
    """All amounts are minor units. `used` and `remaining` are of the day that `resets_at` ends."""

    per_transaction: int
    per_day: int
    used: int
    remaining: int
    resets_at: str


class LimitsView(msgspec.Struct, frozen=True, kw_only=True):
    transfer: LimitView
    top_up: LimitView
    withdrawal: LimitView
    payment: LimitView


class WalletView(msgspec.Struct, frozen=True, kw_only=True):
    available: int
    held: int
    currency: Currency
    status: Literal["active", "frozen", "closed"]
    limits: LimitsView


class EntriesQuery(PageQuery, frozen=True, kw_only=True):
    """Which entries of the statement: those made at `from` or later, and before `to`, of amounts
    from `min` to `max` (both included), with `q` in the note or in the name of the other side.
    """

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] | None = None
    kind: EntryKind | None = None
    min: Amount | None = None
    max: Amount | None = None
    from_: MomentText | None = msgspec.field(name="from", default=None)
    to: MomentText | None = None

    def __post_init__(self) -> None:
        milliseconds_in("from", self.from_)
        milliseconds_in("to", self.to)

    @property
    def from_ms(self) -> int | None:
        return milliseconds_in("from", self.from_)

    @property
    def to_ms(self) -> int | None:
        return milliseconds_in("to", self.to)


class Counterparty(msgspec.Struct, frozen=True, kw_only=True):
    """The other side as its owner is shown to others. `user_id` is null for a bank or a shop."""

    user_id: str | None
    name: str | None


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the statement. `reference` is the transfer, top-up or other thing it is about."""

    id: str
    kind: str
    direction: Literal["in", "out"]
    amount: Amount
    currency: Currency
    balance_after: int
    counterparty: Counterparty | None
    note: str | None
    created_at: str
    reference: str


class SummaryQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`month` is one of the wallet's time zone; the present one when it is left out."""

    month: (
        Annotated[
            str, msgspec.Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$(?!\n)", description="2026-11")
        ]
        | None
    ) = None


class KindSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What moved in one direction by one kind of movement: minor units, and how often."""

    kind: str
    direction: Literal["in", "out"]
    amount: int
    count: int


class SummaryView(msgspec.Struct, frozen=True, kw_only=True):
    """A month. `total_in`, `total_out` and amounts are minor units; what was moved least last."""

    month: str
    currency: Currency
    total_in: int
    total_out: int
    count: int
    kinds: list[KindSummary]


class EntriesView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[EntryView]
    next_cursor: str | None


class CardRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    holder_name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    phone: PhoneText

    def __post_init__(self) -> None:
        if not self.holder_name.strip():
            raise ValueError("不能为空白", "must not be blank", "holder_name")


class BindingView(msgspec.Struct, frozen=True, kw_only=True):
    card_id: str
    verification_id: str


class ConfirmRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4,8}$(?!\n)", description="The bank's code")]


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """`bank` and `kind` are null until the bank has bound the card."""

    card_id: str
    bank: str | None
    last4: str
    kind: Literal["debit", "credit"] | None
    status: Literal["verifying", "active", "failed"]


class CardsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[CardView]
    next_cursor: str | None


def milliseconds_in(field: str, text: str | None) -> int | None:
    """A MomentText since 1970, and never before what it says. Raises ValueError for the edge."""
    if text is None:
        return None
    # A plus sign that was not escaped comes out of a query as a space.
    plain = re.sub(r" (\d\d:\d\d)$", r"+\1", text)
    try:
        microseconds = (msgspec.convert(plain, _Moment) - _EPOCH) // timedelta(microseconds=1)
    except msgspec.ValidationError as error:
        raise ValueError(
            "应为带时区的 RFC 3339 时间，如 2026-03-01T08:00:00+08:00",
            "is a time like 2026-03-01T08:00:00+08:00 (RFC 3339, with its offset)",
            field,
        ) from error
    return max(0, -(-microseconds // 1000))
