"""Tickets as their owners see them."""

from functions.support import attachments, timeline
from functions.support.incoming import Posted
from functions.support.models import (
    AboutView,
    ConversationView,
    MessageView,
    PostedView,
    TicketsView,
    TicketView,
)
from functions.support.records import (
    MADE_PREFIX,
    Message,
    Note,
    Ticket,
    TicketLine,
    ticket_key,
    tickets_of,
)
from functions.support.tickets import ticket_of
from shared.table import read
from shared.web.listing import newest_first
from shared.web.pages import PageQuery

_OURS = frozenset({"agent", "system"})


def view(ticket: Ticket) -> TicketView:
    return TicketView(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        subject=ticket.subject,
        state=ticket.state,  # type: ignore[arg-type]  # of the five
        channel=ticket.channel,  # type: ignore[arg-type]  # of the seven
        about=about_view(ticket),
        follows=ticket.follows,
        rating=ticket.rating or None,
        opened_at=ticket.opened_at,
        updated_at=ticket.updated_at,
    )


def about_view(ticket: Ticket) -> AboutView | None:
    return AboutView(**ticket.about) if ticket.about else None


def posted_view(posted: Posted) -> PostedView:
    ticket = ticket_of(posted.ticket_id)
    return PostedView(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        sequence=posted.sequence,
        state=ticket.state,  # type: ignore[arg-type]  # of the five
    )


def list_own(user_id: str, query: PageQuery) -> TicketsView:
    """A page of a user's tickets, the newest first. Raises InvalidCursor."""
    lines, next_cursor = newest_first(
        TicketLine, tickets_of(user_id), prefix=MADE_PREFIX, query=query, of=f"tickets {user_id}"
    )
    return TicketsView(items=[view(one) for one in tickets_in(lines)], next_cursor=next_cursor)


def tickets_in(lines: list[TicketLine]) -> list[Ticket]:
    """The tickets of some lines, in their order."""
    keys = [ticket_key(line.ticket_id) for line in lines]
    found = read(keys) if keys else None
    tickets = [found.one(Ticket, key) for key in keys] if found else []
    return [one for one in tickets if one is not None]


def conversation(ticket: Ticket, query: PageQuery) -> ConversationView:
    """A ticket with a page of its messages. Raises InvalidCursor."""
    lines, next_cursor = timeline.page(ticket, query, reader=str(ticket.user_id))
    return ConversationView(
        ticket=view(ticket), messages=message_views(lines), next_cursor=next_cursor
    )


def message_views(lines: list[Message | Note]) -> list[MessageView]:
    said = [line for line in lines if isinstance(line, Message)]
    files = attachments.views(sorted({one for line in said for one in line.attachments or ()}))
    return [
        MessageView(
            ticket_id=line.ticket_id,
            sequence=line.sequence,
            author="support" if line.author_kind in _OURS else "you",
            channel=line.channel,  # type: ignore[arg-type]  # of the seven
            text=line.text,
            masked=line.masked,
            at=line.at,
            attachments=[files[one] for one in line.attachments or () if one in files],
        )
        for line in said
    ]
