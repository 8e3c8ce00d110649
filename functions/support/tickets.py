"""A ticket as it stands, and changing it: as a whole, or not at all.

Whoever changes one reads it, says what it shall be, and writes that under the condition that it is
as it was read, together with its lines in the lists and whatever else belongs to the change. When
somebody else was faster, it is read and thought over again.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple

from functions.support import clocks, figures
from functions.support.queues import moving
from functions.support.records import Ticket, ticket_key
from shared import clock
from shared.dynamodb import pause
from shared.errors import NotFound, ServiceUnavailable
from shared.identifiers import new_id
from shared.table import Cancelled, Write, put, read, write

_TRIES = 10


class Change(NamedTuple):
    """What a ticket shall be, and what is written with it."""

    after: Ticket
    along: Sequence[Write] = ()


def ticket_of(ticket_id: str) -> Ticket:
    """Strongly consistent. Raises NotFound."""
    key = ticket_key(ticket_id)
    ticket = read([key]).one(Ticket, key)
    if ticket is None:
        raise NotFound
    return ticket


def altered(ticket: Ticket, **changed: Any) -> Ticket:
    """A copy with other attributes, not yet written."""
    after = copy(ticket)
    after.attribute_values = {**ticket.attribute_values, **changed}
    return after


def tries() -> Iterator[None]:
    """As often as a change is tried while others are faster. Raises ServiceUnavailable at last."""
    for attempt in range(_TRIES):
        yield
        pause(attempt)
    raise ServiceUnavailable


def alter(ticket_id: str, change: Callable[[Ticket], Change | None]) -> Ticket:
    """Makes of a ticket what `change` says of it as it stands; None: it is as it shall be.

    Raises NotFound, ServiceUnavailable when others are faster each time, and Cancelled when it is
    a condition of `along` that fails.
    """
    for _ in tries():
        before = ticket_of(ticket_id)
        wanted = change(before)
        if wanted is None:
            return before
        if saved(before, wanted):
            return wanted.after
    raise ServiceUnavailable


def saved(before: Ticket, change: Change) -> bool:
    """Writes a change; False when the ticket is no longer as it was read.

    Raises Cancelled when it is a condition of `along` that fails.
    """
    saving, *lines = saving_writes(before, change.after)
    try:
        write(saving, *lines, *change.along)
    except Cancelled as cancelled:
        if any(cancelled.failed(part) for part in change.along):
            raise
        return False
    figures.tell(before, change.after)
    return True


def saving_writes(before: Ticket | None, after: Ticket) -> list[Write]:
    """The writes of a ticket, of its places and of what is counted; the first has the condition
    that it is as it was read, or that there is none yet.
    """
    after.attribute_values |= {
        "updated_at": clock.now_text(),
        "version": 1 if before is None else before.version + 1,
        "change_id": new_id(""),
    }
    clocks.run(before, after)
    unchanged = None if before is None else Ticket.version == before.version
    return [put(after, unchanged), *moving(before, after), *figures.counting(before, after)]
