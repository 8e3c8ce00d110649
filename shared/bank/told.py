"""How the sandbox bank tells in JSON what became of an order, in answers and in notifications."""

from typing import Literal

import msgspec

from shared.bank.port import Charge, Payout, Refund
from shared.money import Money


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """amount: minor units."""

    reference: str
    amount: int
    currency: str
    reason: str | None = None

    @property
    def money(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)


class ToldCharge(_Order, frozen=True, kw_only=True):
    charge_id: str
    status: Literal["succeeded", "declined", "pending"]

    def charge(self) -> Charge:
        return Charge(
            charge_id=self.charge_id,
            reference=self.reference,
            amount=self.money,
            status=self.status,
            reason=self.reason,
        )


class ToldPayout(_Order, frozen=True, kw_only=True):
    payout_id: str
    status: Literal["accepted", "paid", "rejected", "reversed"]

    def payout(self) -> Payout:
        return Payout(
            payout_id=self.payout_id,
            reference=self.reference,
            amount=self.money,
            status=self.status,
            reason=self.reason,
        )


class ToldRefund(_Order, frozen=True, kw_only=True):
    refund_id: str
    status: Literal["accepted", "succeeded", "failed"]

    def refund(self) -> Refund:
        return Refund(
            refund_id=self.refund_id,
            reference=self.reference,
            amount=self.money,
            status=self.status,
            reason=self.reason,
        )
