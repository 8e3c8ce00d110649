"""Looking after what was promised, by schedule: escalating what is late, closing what is over."""

from collections.abc import Iterator
from itertools import chain

from functions.agents import audit
from functions.agents.actor import Actor, system
from functions.support import figures
from functions.support.clocks import LOOKED_AT, overdue, to_be_closed
from functions.support.incoming import Author
from functions.support.notes import noted
from functions.support.records import CLOSED, HIGH, LOW, NORMAL, URGENT, Ticket
from functions.support.tickets import Change, alter, altered
from shared import clock
from shared.observability import logger
from shared.sweep import sweep
from shared.table import due_shards

ESCALATED = "escalated"
_RUN_LIMIT = 200
_HIGHER = {LOW: NORMAL, NORMAL: HIGH, HIGH: URGENT, URGENT: URGENT}
_WATCH = Author("system", "promises")


def watch(request_id: str) -> int:
    """Looks at the tickets whose next moment has come; how many. Raises SweepIncomplete."""
    by = system(request_id)
    figures.tell_backlog()
    return sweep("watch_tickets", _due(), lambda ticket: _look_at(ticket, by))


def _due() -> Iterator[Ticket]:
    now = clock.seconds()
    return chain.from_iterable(
        Ticket.due.query(shard, Ticket.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(LOOKED_AT)
    )


def _look_at(due: Ticket, by: Actor) -> None:
    def seen(ticket: Ticket) -> Change | None:
        if to_be_closed(ticket):
            return _closed(ticket, by)
        late = overdue(ticket)
        return _escalated(ticket, late, by) if late else None

    alter(due.ticket_id, seen)


def _closed(ticket: Ticket, by: Actor) -> Change:
    deed = audit.record(
        by, "ticket_closed", ticket.ticket_id, before={"state": ticket.state},
        after={"state": CLOSED},
    )  # fmt: skip
    return Change(altered(ticket, state=CLOSED), [deed])


def _escalated(ticket: Ticket, late: list[str], by: Actor) -> Change:
    """Once for each promise: more urgent, in the list of what was escalated, with a note."""
    details = {"broken": late, "priority": _HIGHER[ticket.priority]}
    after, notes = noted(
        altered(
            ticket,
            priority=_HIGHER[ticket.priority],
            tags={*(ticket.tags or ()), ESCALATED},
            broken={*(ticket.broken or ()), *late},
        ),
        ESCALATED,
        by=_WATCH,
        details=details,
    )
    deed = audit.record(
        by, "ticket_escalated", ticket.ticket_id, before={"priority": ticket.priority},
        after=details,
    )  # fmt: skip
    logger.warning("ticket_escalated", extra={"ticket_id": ticket.ticket_id, "late": late})
    return Change(after, [*notes, deed])
