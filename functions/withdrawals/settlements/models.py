"""What merchants send and get about the settlement of their balance."""

from typing import Annotated, Literal

import msgspec

from functions.payments.models import AskedBy, CardShown, MerchantReference
from functions.withdrawals.models import Step
from shared.diagnosis import Diagnosis
from shared.money import Amount, Currency


class SettlementRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """amount: by default all that is available beyond the reserve."""

    merchant_settlement_id: MerchantReference
    amount: Amount | None = None
    currency: Currency = "CNY"


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way from a merchant's balance to its bank card, and all that has happened to it.

    `merchant_settlement_id` is null where a schedule or an operator asked. `reason` says why it
    failed or came back, in the bank's code or the wallet's own.
    """

    settlement_id: str
    merchant_settlement_id: str | None
    asked_by: AskedBy
    status: Literal["pending", "submitted", "unknown", "paid", "failed", "reversed"]
    amount: Amount
    currency: Currency
    card: CardShown
    created_at: str
    expected_by: str
    history: list[Step]
    bank_reference: str | None
    reason: str | None


class SettlementView(Settlement, frozen=True, kw_only=True):
    """The same; `diagnosis` is the reason in words, where there is something to mend."""

    diagnosis: Diagnosis | None


class SettlementsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[SettlementView]
    next_cursor: str | None


class MerchantAccountView(msgspec.Struct, frozen=True, kw_only=True):
    """What a merchant has. `held` is on its way to the bank; `reserve` stays available for refunds.

    `next_settlement_at` is null where no schedule settles it.
    """

    available: Annotated[int, msgspec.Meta(ge=0)]
    held: Annotated[int, msgspec.Meta(ge=0)]
    reserve: Annotated[int, msgspec.Meta(ge=0)]
    minimum: Annotated[int, msgspec.Meta(ge=0)]
    currency: Currency
    settlement_card: CardShown | None
    next_settlement_at: str | None
