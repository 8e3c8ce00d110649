"""Withdrawals that their state machine leaves behind: the sweeper drives them on by itself.

It looks at a record some time after the state machine should have dealt with it. It makes the same
steps, which may be made by anybody at any time, so it need not know whether an execution lives.
"""

from collections.abc import Iterator
from itertools import chain

from pynamodb.expressions.condition import Condition

from functions.identity.notices import Notice
from functions.support.cases import WITHDRAWAL_OVERDUE, opening
from functions.withdrawals.clearance import check_risk
from functions.withdrawals.execution import go_on, start
from functions.withdrawals.inquiry import ask
from functions.withdrawals.notices import tell, telling_of
from functions.withdrawals.progress import (
    OPEN,
    Outcome,
    looked_at,
    outcome_of,
    pause_seconds,
)
from functions.withdrawals.records import RESOLVING, Withdrawal, at
from functions.withdrawals.settlement import release, reverse, settle
from functions.withdrawals.submission import submit
from shared import clock
from shared.observability import count, logger
from shared.sweep import sweep
from shared.table import Cancelled, change, due_shards, update, write

_RUN_SECONDS = 40
_RUN_LIMIT = 500
_STEPS_LIMIT = 8
_NEXT = {
    Outcome.READY: submit,
    Outcome.NOT_SEEN: submit,
    Outcome.PAID: settle,
    Outcome.REJECTED: release,
    Outcome.REVERSED: reverse,
    Outcome.ENDED: tell,
}
_WAITING = (Outcome.READY, Outcome.LATER)


def resolve_due() -> int:
    """Looks at those that are due, each by itself; how many."""
    return sweep("resolve_withdrawals", _due(), _resolve)


def mark_stuck(withdrawal: Withdrawal) -> Withdrawal:
    """Raises the alarm. From now on only the sweeper drives it."""
    stuck = at(withdrawal)
    marking = [Withdrawal.stuck_at.set(clock.seconds()), *looked_at(withdrawal)]
    if change(stuck, marking, Withdrawal.status.is_in(*OPEN)):
        logger.error("withdrawal_stuck", extra={"withdrawal_id": withdrawal.withdrawal_id})
        count("WithdrawalsStuck")
        return stuck
    return withdrawal


def _due() -> Iterator[Withdrawal]:
    """Oldest first in each shard, for as long as one run may take."""
    started = clock.seconds()
    found = (
        Withdrawal.due.query(shard, Withdrawal.due_at <= started, limit=_RUN_LIMIT)
        for shard in due_shards(RESOLVING)
    )
    for withdrawal in chain.from_iterable(found):
        if clock.seconds() - started > _RUN_SECONDS:
            return
        yield withdrawal


def _resolve(due: Withdrawal) -> None:
    withdrawal = at(due)
    if not _claimed(withdrawal, due):
        return
    if _is_overdue(withdrawal):
        _tell_of_delay(withdrawal)
    if outcome_of(withdrawal) in _WAITING and start(withdrawal.withdrawal_id):
        return
    go_on(_driven(withdrawal))


def _claimed(withdrawal: Withdrawal, due: Withdrawal) -> bool:
    """Fills `withdrawal` as it stands, and puts off the next look, so that one bad record can't
    block. False when another run has it, or its state machine goes on with it.
    """
    after_seconds = pause_seconds(due.asks)
    putting_off = looked_at(due, after_seconds=after_seconds)
    return change(withdrawal, putting_off, Withdrawal.due_at == due.due_at)


def _driven(withdrawal: Withdrawal) -> Withdrawal:
    """Does what comes next, until it has ended or the bank must be waited for."""
    withdrawal = ask(check_risk(withdrawal))
    for _ in range(_STEPS_LIMIT):
        step = _NEXT.get(outcome_of(withdrawal))
        if step is None:
            break
        withdrawal = step(withdrawal)
    return withdrawal


def _is_overdue(withdrawal: Withdrawal) -> bool:
    late = clock.seconds() > clock.seconds_of(withdrawal.expected_by)
    return late and withdrawal.status in OPEN and not withdrawal.overdue_at


def _tell_of_delay(withdrawal: Withdrawal) -> None:
    """Tells its user and support that it is late, once; of a merchant's only support."""
    open_and_new: Condition = Withdrawal.overdue_at.does_not_exist()
    open_and_new &= Withdrawal.status.is_in(*OPEN)
    marking = update(at(withdrawal), [Withdrawal.overdue_at.set(clock.seconds())], open_and_new)
    facts = {
        "status": withdrawal.status,
        "expected_by": withdrawal.expected_by,
        "bank": withdrawal.bank,
        "asks": withdrawal.asks,
    }
    case = opening(
        WITHDRAWAL_OVERDUE,
        about=withdrawal.withdrawal_id,
        user_id=withdrawal.user_id,
        merchant_id=withdrawal.merchant_id,
        facts=facts,
    )
    of_user = [] if withdrawal.merchant_id else [telling_of(withdrawal, Notice.WITHDRAWAL_OVERDUE)]
    try:
        write(marking, case, *(told.writing for told in of_user))
    except Cancelled:
        # It has ended meanwhile, or another run was faster.
        return
    for told in of_user:
        told.send()
    logger.warning(WITHDRAWAL_OVERDUE, extra={"withdrawal_id": withdrawal.withdrawal_id})
    count("WithdrawalsOverdue")
