"""That somebody is writing: passed on to the other side, and kept nowhere."""

from functions.support.chat.models import IsTyping, Typing
from functions.support.chat.parties import other_side, side_of, sockets_at, ticket_for
from functions.support.chat.sockets import send
from shared.web.operation import Call


def pass_on(call: Call[Typing]) -> None:
    """Raises NotFound, ConversationNotYours, OwnAccount."""
    ticket, side = ticket_for(call, call.body.ticket_id), side_of(call)
    frame = IsTyping(ticket_id=ticket.ticket_id, side=side, active=call.body.active)
    send(sockets_at(ticket, other_side(side)), frame)
