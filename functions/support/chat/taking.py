"""An agent takes a conversation that nobody has, and its user hears that somebody is there."""

from functions.agents.actor import acting
from functions.support.chat.hours import hours_now
from functions.support.chat.models import Queue, Take, Taken
from functions.support.chat.parties import sockets_at
from functions.support.chat.sockets import send
from functions.support.chat.standing import conversation_of
from functions.support.desk.handling import take
from shared.web.operation import Call


def take_over(call: Call[Take]) -> Taken:
    """Raises NotFound, OwnAccount, TakenAlready, TicketClosed."""
    ticket = take(call.body.ticket_id, by=acting(call))
    conversation = conversation_of(ticket)
    send(sockets_at(ticket, "user"), Queue(conversation=conversation, hours=hours_now()))
    return Taken(conversation=conversation)
