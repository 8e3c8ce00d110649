"""A message in the chat: kept in the ticket first, then shown to all devices of both sides.

What is shown may get lost; what is kept does not. A client that gets no `accepted` sends the same
frame again, which stands once and is shown again; one that was away asks for the history.
"""

from typing import NamedTuple

from functions.agents.actor import acting
from functions.support.access import own
from functions.support.articles.suggestion import suggested
from functions.support.chat.current import post_to_current
from functions.support.chat.hours import hours_now
from functions.support.chat.models import Accepted, Message, Queue, Said, Say, Suggested, Waiting
from functions.support.chat.parties import check_theirs, is_agent, sockets_at
from functions.support.chat.records import SocketLine
from functions.support.chat.sockets import send, sockets_of_agents
from functions.support.chat.standing import conversation_of
from functions.support.chat.waiting import CHAT
from functions.support.conversation import add_message, earlier
from functions.support.incoming import Author, Incoming, Posted
from functions.support.records import Message as Kept
from functions.support.records import Ticket, message_key, ticket_key
from functions.support.reply import reply
from functions.support.tickets import ticket_of
from shared.errors import NotFound, Problem, Texts
from shared.table import read
from shared.web.operation import Call

# What goes out by mail or by others' networks is written in the ticket.
_ANSWERED_HERE = frozenset({CHAT, "app"})


class ConversationElsewhere(Problem):
    status = 409
    code = "CONVERSATION_ELSEWHERE"
    title = Texts("会话在其他渠道", "Conversation elsewhere")
    detail = Texts(
        "用户最近通过 {channel} 联系，请在工单中回复。",
        "The person wrote last by {channel}. Reply in the ticket.",
    )


class Shown(NamedTuple):
    """The ticket as it is, the devices of its user, and how many of them took what was shown."""

    ticket: Ticket
    devices: list[SocketLine]
    reached: int


def say(call: Call[Say]) -> Accepted:
    """Raises NotFound, ConversationNotYours, ConversationElsewhere, OwnAccount, TicketClosed,
    IdempotencyKeyReused.
    """
    posted = _by_agent(call) if is_agent(call) else _by_user(call)
    return Accepted(ticket_id=posted.ticket_id, sequence=posted.sequence, replayed=posted.replayed)


def show(ticket_id: str, sequence: int) -> Shown:
    """Shows a message to both sides. Raises NotFound."""
    keys = ticket_key(ticket_id), message_key(ticket_id, sequence)
    found = read(keys)
    ticket, kept = found.one(Ticket, keys[0]), found.one(Kept, keys[1])
    if ticket is None or kept is None:
        raise NotFound
    frame = Said(ticket_id=ticket_id, message=view(kept))
    devices = sockets_at(ticket, "user")
    reached = send(devices, frame)
    send(sockets_at(ticket, "agent"), frame)
    return Shown(ticket, devices, reached)


def view(kept: Kept) -> Message:
    return Message(
        ticket_id=kept.ticket_id,
        sequence=kept.sequence,
        author=kept.author_kind,  # type: ignore[arg-type]  # of four
        channel=kept.channel,
        text=kept.text,
        at=kept.at,
    )


def _by_agent(call: Call[Say]) -> Posted:
    """A reply as any other; the way back to the person shows it, as does that of a request."""
    if call.body.ticket_id is None:
        raise NotFound
    by = acting(call)
    ticket = ticket_of(call.body.ticket_id)
    if ticket.assignee:
        check_theirs(ticket, by)
    if ticket.last_channel not in _ANSWERED_HERE:
        raise ConversationElsewhere(channel=ticket.last_channel)
    posted = reply(ticket.ticket_id, call.body.text, by=by, source_id=call.body.client_id)
    if ticket.last_channel != CHAT:
        show(posted.ticket_id, posted.sequence)
    return posted


def _by_user(call: Call[Say]) -> Posted:
    incoming = Incoming(
        channel=CHAT,
        author=Author("user", call.user_id),
        text=call.body.text,
        source_id=f"{call.user_id}:{call.body.client_id}",
        language="en" if call.language == "en" else "zh",
        details=None if call.body.article_id is None else {"article_id": call.body.article_id},
    )
    posted = earlier(incoming) or _posted(call, incoming)
    shown = show(posted.ticket_id, posted.sequence)
    if posted.sequence == 1 and not shown.ticket.assignee:
        _queue_up(shown)
        _suggest(shown, call.body)
    return posted


def _queue_up(shown: Shown) -> None:
    """Tells agents who waits, and who waits how many are before them."""
    ticket = shown.ticket
    send(sockets_of_agents(), Waiting(ticket_id=ticket.ticket_id, number=ticket.number))
    send(shown.devices, Queue(conversation=conversation_of(ticket), hours=hours_now()))


def _suggest(shown: Shown, said: Say) -> None:
    """Offers who waits what may help meanwhile, beside the article that they have read."""
    ticket = shown.ticket
    found = suggested("", said.text, language=ticket.language)
    articles = [one for one in found if one.article_id != said.article_id]
    if articles:
        send(shown.devices, Suggested(ticket_id=ticket.ticket_id, articles=articles))


def _posted(call: Call[Say], incoming: Incoming) -> Posted:
    if call.body.ticket_id is None:
        return post_to_current(call.user_id, incoming)
    own(ticket_of(call.body.ticket_id), call.user_id)
    return add_message(call.body.ticket_id, incoming)
