"""Where a withdrawal stands, and what comes next: decided by its record alone.

Whoever drives it (the state machine, a notification of the bank, the sweeper) asks this after each
step. So a step may be made again, from anywhere and by anybody, and two who drive at once agree.
"""

from enum import StrEnum

import msgspec
from pynamodb.expressions.update import Action

from functions.withdrawals.records import (
    ACCEPTED,
    PAID,
    PENDING,
    REJECTED,
    RESOLVING,
    REVERSED,
    SUBMITTED,
    UNKNOWN,
    Withdrawal,
)
from shared import clock
from shared.settings import settings
from shared.table import due_shard

_DOUBLINGS = 20
OPEN = (PENDING, SUBMITTED, UNKNOWN)


class Outcome(StrEnum):
    """What the state machine routes by."""

    READY = "READY"
    LATER = "LATER"
    ACCEPTED = "ACCEPTED"
    UNKNOWN = "UNKNOWN"
    NOT_SEEN = "NOT_SEEN"
    PAID = "PAID"
    REJECTED = "REJECTED"
    REVERSED = "REVERSED"
    ENDED = "ENDED"
    TOLD = "TOLD"
    STUCK = "STUCK"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """wait_seconds: before the bank is asked (again). until: when what is LATER may go on."""

    outcome: Outcome
    wait_seconds: int
    until: str


def progress(withdrawal: Withdrawal) -> Progress:
    """What comes next for a withdrawal as it was read."""
    return Progress(
        outcome=outcome_of(withdrawal),
        wait_seconds=pause_seconds(withdrawal.asks),
        until=clock.text_of(1000 * (withdrawal.not_before or clock.seconds())),
    )


def outcome_of(withdrawal: Withdrawal) -> Outcome:
    """The same without the times to wait."""
    if withdrawal.status not in OPEN:
        return _after_its_end(withdrawal)
    if withdrawal.word in (PAID, REVERSED):
        return Outcome.PAID
    if withdrawal.word == REJECTED:
        return Outcome.REJECTED
    if not withdrawal.word and not withdrawal.requested_at:
        waits = (withdrawal.not_before or 0) > clock.seconds()
        return Outcome.LATER if waits else Outcome.READY
    if withdrawal.asks >= settings().withdrawal_asks:
        return Outcome.STUCK
    if withdrawal.word == ACCEPTED:
        return Outcome.ACCEPTED
    if withdrawal.missed and withdrawal.submissions < settings().withdrawal_submissions:
        return Outcome.NOT_SEEN
    return Outcome.UNKNOWN


def pause_seconds(times: int) -> int:
    """How long to wait before something is tried once more: twice as long each time, bounded."""
    first, longest = settings().withdrawal_first_pause_seconds, settings().withdrawal_pause_seconds
    return min(longest, first << min(times, _DOUBLINGS))


def looked_at(withdrawal: Withdrawal, *, after_seconds: int = 0) -> list[Action]:
    """Has the sweeper look at it when its state machine should have been done, and some time more.

    after_seconds: when the state machine goes on with it. When it turns overdue it is looked at in
    any case, for its owner must hear of that.
    """
    now = clock.seconds()
    look_at = now + after_seconds + settings().withdrawal_grace_seconds
    if not withdrawal.overdue_at:
        look_at = min(look_at, max(now, clock.seconds_of(withdrawal.expected_by)) + 1)
    return [
        Withdrawal.due_shard.set(due_shard(RESOLVING, withdrawal.withdrawal_id)),
        Withdrawal.due_at.set(look_at),
    ]


def _after_its_end(withdrawal: Withdrawal) -> Outcome:
    if withdrawal.status == PAID and withdrawal.word == REVERSED:
        return Outcome.REVERSED
    return Outcome.TOLD if withdrawal.told == withdrawal.status else Outcome.ENDED
