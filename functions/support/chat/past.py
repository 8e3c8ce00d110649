"""What was said before: what somebody has missed, or page by page what is older."""

from functions.support import timeline
from functions.support.chat.models import History, Page
from functions.support.chat.parties import ticket_for
from functions.support.chat.saying import view
from functions.support.records import Message
from shared.web.operation import Call
from shared.web.pages import PageQuery


def look_back(call: Call[History]) -> Page:
    """What comes after a message is of this ticket alone; what is older also of those that were
    merged into it, by time.

    Raises NotFound, ConversationNotYours, OwnAccount, InvalidCursor.
    """
    wish = call.body
    ticket = ticket_for(call, wish.ticket_id)
    next_cursor = None
    if wish.after is not None:
        found = timeline.after(ticket.ticket_id, wish.after, limit=wish.limit)
    else:
        query = PageQuery(limit=wish.limit, cursor=wish.cursor)
        newest, next_cursor = timeline.page(ticket, query, reader=call.user_id)
        found = [line for line in reversed(newest) if isinstance(line, Message)]
    return Page(
        ticket_id=ticket.ticket_id,
        items=[view(message) for message in found],
        sequence=ticket.messages,
        next_cursor=next_cursor,
    )
