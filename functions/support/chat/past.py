"""What was said before: what somebody has missed, or page by page what is older."""

from functions.support import timeline
from functions.support.chat.models import History, Page
from functions.support.chat.parties import ticket_for
from functions.support.chat.saying import view
from functions.support.records import MESSAGE_PREFIX, Message, message_key
from shared.web.listing import newest_first
from shared.web.operation import Call
from shared.web.pages import PageQuery


def look_back(call: Call[History]) -> Page:
    """Raises NotFound, ConversationNotYours, OwnAccount, InvalidCursor."""
    wish = call.body
    ticket = ticket_for(call, wish.ticket_id)
    next_cursor = None
    if wish.after is not None:
        found = timeline.after(ticket.ticket_id, wish.after, limit=wish.limit)
    else:
        newest, next_cursor = newest_first(
            Message,
            message_key(ticket.ticket_id, 0).pk,
            prefix=MESSAGE_PREFIX,
            query=PageQuery(limit=wish.limit, cursor=wish.cursor),
            of=f"chat {ticket.ticket_id} {call.user_id}",
        )
        found = newest[::-1]
    return Page(
        ticket_id=ticket.ticket_id,
        items=[view(message) for message in found],
        sequence=int(ticket.messages),
        next_cursor=next_cursor,
    )
