"""What a withdrawal costs: nothing within the free allowance of a month, a share of the rest.

The allowance is counted in the write that holds the money, under the condition that nothing was
counted since the fee was worked out; so no two withdrawals take the same of it.
"""

from typing import NamedTuple

from pynamodb.expressions.condition import Condition

from functions.withdrawals.records import FreeAllowance, Withdrawal, free_allowance_key
from shared import clock
from shared.settings import settings
from shared.table import Key, Write, update

_BASIS = 10_000


class Fee(NamedTuple):
    """What a withdrawal costs, in minor units.

    free: how much of it is free of charge. free_used: what was withdrawn free in this month before,
    None when nothing was. month: the local month that it counts in, `2026-11`.
    """

    amount: int
    free: int
    free_used: int | None
    month: str

    @property
    def free_left(self) -> int:
        """What is free of charge in this month before the withdrawal."""
        return max(0, settings().withdrawal_free_per_month_minor - (self.free_used or 0))


def this_month() -> str:
    return clock.local_day()[:7]


def key_of_allowance(user_id: str) -> Key:
    """What must be read before the fee of a withdrawal can be told."""
    return free_allowance_key(user_id, this_month())


def fee_of(amount: int, allowance: FreeAllowance | None) -> Fee:
    """What `amount` minor units cost now. allowance: as it stands, None before its first use."""
    used = None if allowance is None else allowance.used
    free = min(amount, Fee(0, 0, used, "").free_left)
    return Fee(amount=_charge(amount - free), free=free, free_used=used, month=this_month())


def using(user_id: str, fee: Fee) -> list[Write]:
    """What counts the free part, if there is one; its condition fails when somebody was faster."""
    if not fee.free:
        return []
    allowance = FreeAllowance(*free_allowance_key(user_id, fee.month)[1:])
    as_read: Condition = FreeAllowance.used.does_not_exist()
    if fee.free_used is not None:
        as_read = FreeAllowance.used == fee.free_used
    counting = FreeAllowance.used.set((fee.free_used or 0) + fee.free)
    return [update(allowance, [counting], as_read)]


def giving_back(withdrawal: Withdrawal) -> list[Write]:
    """What gives the free part of a withdrawal back to the month that it was counted in."""
    free = withdrawal.free_amount
    if not free:
        return []
    key = free_allowance_key(withdrawal.user_id, withdrawal.free_month)
    taking_back = FreeAllowance.used.set(FreeAllowance.used - free)
    return [update(FreeAllowance(key.pk, key.sk), [taking_back], FreeAllowance.used >= free)]


def _charge(amount: int) -> int:
    """The fee on what is not free: a share of it, rounded to the nearest, and no less than that."""
    if not amount:
        return 0
    share = (amount * settings().withdrawal_fee_basis_points + _BASIS // 2) // _BASIS
    return max(share, settings().withdrawal_fee_minimum_minor)
