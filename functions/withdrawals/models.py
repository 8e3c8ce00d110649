"""What the app sends and gets about withdrawals."""

from typing import Annotated, Literal

import msgspec

from shared.diagnosis import Diagnosis
from shared.money import AMOUNT_LIMIT_MINOR, Amount, Currency
from shared.web.fields import Id, PayPassword

Status = Literal["pending", "submitted", "unknown", "paid", "failed", "cancelled", "reversed"]
FeeAmount = Annotated[
    int,
    msgspec.Meta(ge=0, le=AMOUNT_LIMIT_MINOR, description="Minor units (分), on top of the amount"),
]


class QuoteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    amount: Amount
    currency: Currency
    card_id: Id


class WithdrawalRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """fee: what the user was shown; if it costs something else by now, it is refused."""

    amount: Amount
    currency: Currency
    card_id: Id
    pay_password: PayPassword
    fee: FeeAmount | None = None


class QuoteView(msgspec.Struct, frozen=True, kw_only=True):
    """`total` leaves the wallet, `arrives` arrives at the card, `fee` is what lies between.

    `free_left` is how much could still be withdrawn free of charge in this month, before this.
    `expected_by` is when it arrives at the latest, if it is confirmed now. All are minor units.
    """

    amount: Amount
    fee: FeeAmount
    total: Amount
    arrives: Amount
    free_left: int
    currency: Currency
    expected_by: str


class CardPaid(msgspec.Struct, frozen=True, kw_only=True):
    card_id: str
    bank: str
    last4: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    status: Status
    at: str


class WithdrawalView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A withdrawal and all that has happened to it, oldest first.

    `bank_reference` is what the bank calls it. `reason` says why it failed or came back, in the
    bank's code or the wallet's own, or SAFETY_DELAY while it is kept waiting; `diagnosis` the same
    in words, where there is something to mend.
    """

    withdrawal_id: str
    status: Status
    amount: Amount
    fee: FeeAmount
    total: Amount
    currency: Currency
    card: CardPaid
    created_at: str
    expected_by: str
    history: list[Step]
    bank_reference: str | None = None
    reason: str | None = None
    diagnosis: Diagnosis | None = None


class WithdrawalsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[WithdrawalView]
    next_cursor: str | None
