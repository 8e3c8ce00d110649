"""What was promised: by when a ticket is first answered, and by when it is solved.

Both are counted in business hours. While we wait for its person the second clock stands still. A
ticket waits in the index `due` for the next moment at which something is to be done by itself: a
promise that is broken, or closing what has been solved for long enough.
"""

import json
from functools import cache
from typing import NamedTuple

from functions.support import hours
from functions.support.records import CLOSED, PENDING, REOPENED, SOLVED, Ticket
from functions.support.states import WAITS_FOR_US
from shared import clock
from shared.settings import settings
from shared.table import due_shard

LOOKED_AT = "ticket"
ANSWER, SOLVE = "answer", "solve"


class Promise(NamedTuple):
    """In seconds of business hours."""

    answer: int
    solve: int


def run(before: Ticket | None, after: Ticket) -> None:
    """Sets the clocks of a ticket as it shall be, by what it was."""
    now = clock.seconds()
    promised = promise_of(after.priority)
    if before is None:
        after.answer_due_at = hours.after(now, promised.answer)
        after.solve_due_at = hours.after(now, promised.solve)
    else:
        if before.priority != after.priority:
            _promise_again(before, after, now)
        if before.state != after.state:
            _change_state(before.state, after, now)
    if after.answered_at or after.state in (SOLVED, CLOSED):
        after.answer_due_at = None
    _wait(after)


def promise_of(priority: str) -> Promise:
    return _promises(settings().support_promises)[priority]


def overdue(ticket: Ticket) -> list[str]:
    """Which promises are broken by now that were not known to be."""
    now, known = clock.seconds(), ticket.broken or ()
    moments = ((ANSWER, ticket.answer_due_at), (SOLVE, ticket.solve_due_at))
    return [name for name, at in moments if at and at <= now and name not in known]


def to_be_closed(ticket: Ticket) -> bool:
    return ticket.state == SOLVED and bool(ticket.closes_at) and ticket.closes_at <= clock.seconds()


def _promise_again(before: Ticket, after: Ticket, now: int) -> None:
    """Counts from the same beginning, by what is promised now."""
    was, promised = promise_of(before.priority), promise_of(after.priority)
    if after.answer_due_at:
        opened_at = clock.seconds_of(after.opened_at)
        after.answer_due_at = hours.after(opened_at, promised.answer)
    if after.solve_due_at:
        used = was.solve - hours.between(now, after.solve_due_at)
        after.solve_due_at = hours.after(now, max(0, promised.solve - used))


def _change_state(was: str, after: Ticket, now: int) -> None:
    after.closes_at = None
    if after.state in (PENDING, SOLVED, CLOSED):
        if after.solve_due_at:
            after.solve_left = hours.between(now, after.solve_due_at)
        after.solve_due_at = None
    if after.state == SOLVED:
        after.solved_at = clock.now_text()
        after.closes_at = now + settings().ticket_closes_seconds
    if after.state == REOPENED:
        after.solve_due_at = hours.after(now, promise_of(after.priority).solve)
    elif after.state in WAITS_FOR_US and was == PENDING:
        after.solve_due_at = hours.after(now, after.solve_left or 0)


def _wait(after: Ticket) -> None:
    known = after.broken or ()
    moments = [
        None if ANSWER in known else after.answer_due_at,
        None if SOLVE in known else after.solve_due_at,
        after.closes_at,
    ]
    due = [int(moment) for moment in moments if moment]
    after.due_shard = due_shard(LOOKED_AT, after.ticket_id) if due else None
    after.due_at = min(due) if due else None


@cache
def _promises(text: str) -> dict[str, Promise]:
    return {name: Promise(*seconds) for name, seconds in json.loads(text).items()}
