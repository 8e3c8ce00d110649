"""What is done with each kind of frame: each calls one function."""

from functions.agents.approvals import OwnAccount
from functions.support.chat.edge import Frames
from functions.support.chat.models import (
    Accepted,
    History,
    Page,
    Ping,
    Pong,
    Read,
    Say,
    Take,
    Taken,
    Typing,
)
from functions.support.chat.parties import ConversationNotYours, is_agent
from functions.support.chat.past import look_back
from functions.support.chat.reading import mark
from functions.support.chat.saying import ConversationElsewhere, say
from functions.support.chat.standing import current_conversation
from functions.support.chat.taking import take_over
from functions.support.chat.typing_sign import pass_on
from functions.support.desk.handling import TakenAlready
from functions.support.reply import TicketClosed
from shared.errors import IdempotencyKeyReused, NotFound
from shared.web.operation import Call
from shared.web.problems import InvalidCursor

frames = Frames()
_OF_TICKETS = (NotFound, ConversationNotYours, OwnAccount)


@frames.action(
    Say,
    answers=Accepted,
    problems=(*_OF_TICKETS, ConversationElsewhere, IdempotencyKeyReused, TicketClosed),
    is_message=True,
)
def on_message(call: Call[Say]) -> Accepted:
    """Says something, once for each `client_id`."""
    return say(call)


@frames.action(Typing, problems=_OF_TICKETS)
def on_typing(call: Call[Typing]) -> None:
    """Shows the other side that somebody is writing."""
    pass_on(call)


@frames.action(Read, problems=_OF_TICKETS)
def on_read(call: Call[Read]) -> None:
    """Keeps up to which message somebody has read."""
    mark(call)


@frames.action(History, answers=Page, problems=(*_OF_TICKETS, InvalidCursor))
def on_history(call: Call[History]) -> Page:
    """Gives what was said before."""
    return look_back(call)


@frames.action(Ping, answers=Pong)
def on_ping(call: Call[Ping]) -> Pong:
    """Keeps the socket open, and shows what may have been missed."""
    return Pong(conversation=None if is_agent(call) else current_conversation(call.user_id))


@frames.action(
    Take,
    answers=Taken,
    problems=(NotFound, OwnAccount, TakenAlready, TicketClosed),
    for_agents=True,
)
def on_take(call: Call[Take]) -> Taken:
    """Takes a conversation that nobody has."""
    return take_over(call)
