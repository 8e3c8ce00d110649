"""Which ticket a user chats in: one at a time, on however many devices they write at once."""

from functions.support.chat.records import Current, current_key
from functions.support.conversation import Opening, add_message, home_of, open_ticket, ticket_id_of
from functions.support.incoming import Incoming, Posted
from functions.support.records import CLOSED, Ticket
from functions.support.tickets import tries
from shared.errors import ServiceUnavailable
from shared.settings import settings
from shared.table import Cancelled, put, read


def current_ticket(user_id: str) -> Ticket | None:
    """None when there is none yet, or it has been closed."""
    current = _current(user_id)
    ticket = None if current is None else home_of(current.ticket_id)
    return None if ticket is None or ticket.state == CLOSED else ticket


def post_to_current(user_id: str, incoming: Incoming) -> Posted:
    """Adds a message to that ticket, or opens one with it.

    Raises IdempotencyKeyReused, ServiceUnavailable.
    """
    for _ in tries():
        current = _current(user_id)
        ticket = None if current is None else home_of(current.ticket_id)
        if ticket is not None and _takes_more(ticket):
            return add_message(ticket.ticket_id, incoming)
        if posted := _opened(user_id, incoming, current):
            return posted
    raise ServiceUnavailable


def _takes_more(ticket: Ticket) -> bool:
    return ticket.state != CLOSED and ticket.messages < settings().ticket_messages_limit


def _opened(user_id: str, incoming: Incoming, before: Current | None) -> Posted | None:
    """None when another device has opened one meanwhile."""
    follows = None if before is None else before.ticket_id
    as_read = Current.ticket_id == follows if follows else Current.pk.does_not_exist()
    pointing = put(
        Current(
            *current_key(user_id)[1:], ticket_id=ticket_id_of(incoming.channel, incoming.source_id)
        ),
        as_read,
    )
    subject = incoming.text.strip().partition("\n")[0]
    try:
        opening = Opening(subject, follows=follows)
        return open_ticket(incoming, opening, together_with=[pointing])
    except Cancelled:
        return None


def _current(user_id: str) -> Current | None:
    key = current_key(user_id)
    return read([key]).one(Current, key)
