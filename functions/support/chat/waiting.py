"""Who waits for an agent in the live chat, and how many are before one."""

from itertools import chain

from functions.support.incoming import Channel
from functions.support.queues import place_in_queue
from functions.support.records import NOBODY, Ticket, TicketLine, queue_of, ticket_key
from functions.support.states import WAITS_FOR_US
from shared.table import read

CHAT: Channel = "chat"
# Who has more people than that before them is told this number.
_LOOK_LIMIT = 50


def count_waiting() -> int:
    """How many conversations nobody has, 100 at most."""
    return sum(ticket.last_channel == CHAT for _, ticket in _waiting())


def position_of(ticket: Ticket) -> int | None:
    """1 for who is next, 101 at most; None for a conversation that does not wait for an agent."""
    if ticket.assignee or ticket.state not in WAITS_FOR_US:
        return None
    own = place_in_queue(ticket)
    return 1 + sum(place < own and other.last_channel == CHAT for place, other in _waiting())


def _waiting() -> list[tuple[str, Ticket]]:
    """What nobody has, on any channel, with its place."""
    lines = list(chain.from_iterable(map(_first_lines, sorted(WAITS_FOR_US))))
    if not lines:
        return []
    found = read([ticket_key(line.ticket_id) for line in lines])
    tickets = [(line.sk, found.one(Ticket, ticket_key(line.ticket_id))) for line in lines]
    return [(place, ticket) for place, ticket in tickets if ticket is not None]


def _first_lines(state: str) -> list[TicketLine]:
    pk = queue_of("assignee", NOBODY, state)
    return list(TicketLine.query(pk, consistent_read=True, limit=_LOOK_LIMIT))
