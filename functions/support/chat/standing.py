"""Where a conversation stands, as both sides see it."""

from functions.support.chat.current import current_ticket
from functions.support.chat.models import Conversation, Side
from functions.support.chat.records import Seen, seen_key
from functions.support.chat.sockets import sockets_of
from functions.support.chat.waiting import position_of
from functions.support.records import Ticket
from shared.table import read

SIDES: tuple[Side, Side] = ("user", "agent")


def current_conversation(user_id: str) -> Conversation | None:
    ticket = current_ticket(user_id)
    return None if ticket is None else conversation_of(ticket)


def conversation_of(ticket: Ticket) -> Conversation:
    keys = {side: seen_key(ticket.ticket_id, side) for side in SIDES}
    found = read(keys.values())
    marks = {side: found.one(Seen, key) for side, key in keys.items()}
    return Conversation(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        state=ticket.state,
        sequence=ticket.messages,
        seen={side: mark.sequence if mark else 0 for side, mark in marks.items()},
        assigned=ticket.assignee is not None,
        agent_online=bool(ticket.assignee and sockets_of(ticket.assignee)),
        position=position_of(ticket),
    )
