"""The two sides of a conversation: who may take part in it, and where they are reached."""

from typing import Any

from functions.agents.actor import Actor, acting
from functions.support.access import check_not_own, own
from functions.support.chat.models import Side
from functions.support.chat.records import SocketLine
from functions.support.chat.sockets import sockets_of
from functions.support.records import Ticket
from functions.support.tickets import ticket_of
from shared.errors import Problem, Texts
from shared.web.operation import Call


class ConversationNotYours(Problem):
    status = 403
    code = "CONVERSATION_NOT_YOURS"
    title = Texts("不是您的会话", "Not your conversation")
    detail = Texts("请先接手此会话。", "Take the conversation first.")


def is_agent(call: Call[Any]) -> bool:
    """Whether an agent has sent the frame; else it was a user."""
    return bool(call.roles)


def side_of(call: Call[Any]) -> Side:
    return "agent" if is_agent(call) else "user"


def ticket_for(call: Call[Any], ticket_id: str) -> Ticket:
    """A ticket, for its user or for the agent who has it.

    Raises NotFound, ConversationNotYours, OwnAccount.
    """
    ticket = ticket_of(ticket_id)
    if not is_agent(call):
        return own(ticket, call.user_id)
    check_theirs(ticket, acting(call))
    return ticket


def check_theirs(ticket: Ticket, by: Actor) -> None:
    """Raises ConversationNotYours, OwnAccount."""
    check_not_own(ticket, by)
    if ticket.assignee != by.id:
        raise ConversationNotYours


def sockets_at(ticket: Ticket, side: Side) -> list[SocketLine]:
    """Those of the user, or of the agent who has the ticket."""
    owner_id = ticket.user_id if side == "user" else ticket.assignee
    return sockets_of(owner_id) if owner_id else []


def other_side(side: Side) -> Side:
    return "agent" if side == "user" else "user"
