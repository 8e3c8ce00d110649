"""What the bank itself says of an order that its file and our books tell differently."""

from functions.reconciliation.bank_line import KINDS
from shared.bank import get_bank
from shared.bank.port import BankRefusal, BankUnavailable, Charge, OutcomeUnknown, Payout, Refund

# With which words of the bank's the money of a line has moved. On its way it may still do so.
_MOVED = {
    "charge": ("succeeded",),
    "payout": ("paid", "reversed"),
    "reversal": ("reversed",),
    "refund": ("succeeded",),
}
_ON_ITS_WAY = ("accepted", "pending")


class NotKnownYet(Exception):
    """The bank does not answer, or the order is still on its way: it is asked again later."""


def told_change(kind: str, reference: str) -> int | None:
    """By how much an order has changed what the bank owes us, in minor units; None when it has not.

    kind: of the bank's line. Raises NotKnownYet.
    """
    try:
        order = _find(kind, reference)
    except (BankRefusal, BankUnavailable, OutcomeUnknown) as error:
        raise NotKnownYet from error
    if order is None:
        return None
    if order.status in _ON_ITS_WAY:
        raise NotKnownYet
    return KINDS[kind].sign * order.amount.amount if order.status in _MOVED[kind] else None


def _find(kind: str, reference: str) -> Charge | Payout | Refund | None:
    bank = get_bank()
    if kind == "charge":
        return bank.find_charge(reference)
    if kind == "refund":
        return bank.find_refund(reference)
    return bank.find_payout(reference)
