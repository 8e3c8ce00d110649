"""A line of the bank's file, and the transfer of ours that follows from it."""

import re
from collections.abc import Callable
from typing import NamedTuple

from functions.topups.ending import booking_id
from functions.topups.refund import refund_reference, refund_transfer_id
from functions.withdrawals.settlement import payout_transfer_id, reversal_transfer_id
from shared.ledger.records import Transfer

_LINE = re.compile(
    r"([A-Za-z0-9_.:-]{1,64}),([A-Za-z0-9_.:-]{1,64}),([a-z]{1,16}),([1-9][0-9]{0,12}),CNY,"
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
)


class LineKind(NamedTuple):
    """sign: 1 where money comes to the bank for us. booked_as: the kind of our transfer.

    transfer_id: its id, from the reference that the bank knows. reference: that one, from the
    reference in our transfer.
    """

    sign: int
    booked_as: str
    transfer_id: Callable[[str], str]
    reference: Callable[[str], str] = str


KINDS = {
    "charge": LineKind(1, "top_up", booking_id),
    "payout": LineKind(-1, "withdrawal", payout_transfer_id),
    "reversal": LineKind(1, "reversal", reversal_transfer_id),
    "refund": LineKind(-1, "refund", refund_transfer_id, refund_reference),
}


class Order(NamedTuple):
    """What the bank knows something by."""

    kind: str
    reference: str


class BankLine(NamedTuple):
    """change: of what the bank owes us, in minor units: above zero where money came to the bank.

    time: RFC 3339 in UTC, to the second.
    """

    bank_id: str
    reference: str
    kind: str
    change: int
    transfer_id: str
    time: str


def read_line(text: str) -> BankLine | None:
    """None for what is no line of the bank's."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    bank_id, reference, kind_name, amount, time = found.groups()
    kind = KINDS.get(kind_name)
    if kind is None:
        return None
    change = kind.sign * int(amount)
    return BankLine(bank_id, reference, kind_name, change, kind.transfer_id(reference), time)


def order_of(transfer: Transfer, change: int) -> Order:
    """What the bank calls a transfer of ours; our own words where it has none."""
    reference = transfer.reference or transfer.transfer_id
    for name, kind in KINDS.items():
        if (kind.booked_as, kind.sign) == (transfer.kind, 1 if change > 0 else -1):
            return Order(name, kind.reference(reference))
    return Order(transfer.kind, reference)
