"""Telling the other side when somebody comes to the chat, or has gone."""

from functions.support.chat.current import current_ticket
from functions.support.chat.models import Presence, Side
from functions.support.chat.parties import other_side, sockets_at
from functions.support.chat.sockets import send, sockets_of
from functions.support.chat.waiting import CHAT
from functions.support.records import Ticket, TicketLine, queue_of, ticket_key
from functions.support.states import ACTIVE
from shared.table import Found, read

# So many conversations of an agent are told of in each state, the urgent first.
_TOLD_LIMIT = 20


def tell_of_arrival(owner_id: str, socket_id: str) -> None:
    """With their first socket somebody comes; another device is no news."""
    if all(line.socket_id == socket_id for line in sockets_of(owner_id)):
        _tell(owner_id, online=True)


def tell_of_leaving(owner_id: str) -> None:
    """With their last socket somebody goes."""
    if not sockets_of(owner_id):
        _tell(owner_id, online=False)


def _tell(owner_id: str, *, online: bool) -> None:
    side: Side = "agent" if owner_id.startswith("a_") else "user"
    for ticket in _conversations_of_agent(owner_id) if side == "agent" else _of_user(owner_id):
        frame = Presence(ticket_id=ticket.ticket_id, side=side, online=online)
        send(sockets_at(ticket, other_side(side)), frame)


def _of_user(user_id: str) -> list[Ticket]:
    ticket = current_ticket(user_id)
    return [] if ticket is None else [ticket]


def _conversations_of_agent(agent_id: str) -> list[Ticket]:
    lines = [
        line
        for state in sorted(ACTIVE)
        for line in TicketLine.query(
            queue_of("assignee", agent_id, state), consistent_read=True, limit=_TOLD_LIMIT
        )
    ]
    keys = [ticket_key(line.ticket_id) for line in lines]
    found = read(keys) if keys else Found({})
    tickets = [found.one(Ticket, key) for key in keys]
    return [ticket for ticket in tickets if ticket is not None and ticket.last_channel == CHAT]
