"""Finding the ticket that a mail goes on with.

First by the address that it was sent to, then by what it says that it answers. A ticket counts only
when the sender belongs to it; a number in a subject never does.
"""

from collections.abc import Iterator

from functions.support.mail.envelope import Envelope
from functions.support.mail.reading import Mail
from functions.support.mail.records import Thread, thread_key
from functions.support.mail.reply_address import ticket_named_by
from functions.support.mail.sender import Sender, belongs
from functions.support.tickets import ticket_of
from shared import clock
from shared.errors import NotFound
from shared.settings import settings
from shared.table import Found, read

_RECIPIENTS_LIMIT = 20
_TICKETS_LIMIT = 10
_MERGED_LIMIT = 10
# SES replaces our own message id by one that it makes at one of these.
SES_DOMAINS = ("email.amazonses.com", "amazonses.com")


def ticket_of_thread(mail: Mail, envelope: Envelope, sender: Sender) -> str | None:
    """The id of the ticket, or None where a new one is due. Raises ServiceUnavailable."""
    seen: set[str] = set()
    for ticket_id in _named(mail, envelope):
        if ticket_id in seen:
            continue
        seen.add(ticket_id)
        if _belongs(sender, ticket_id):
            return ticket_id
        if len(seen) == _TICKETS_LIMIT:
            break
    return None


def thread(message_id: str, ticket_id: str) -> Thread:
    """By which what answers a message id finds the ticket."""
    return Thread(
        *thread_key(known_as(message_id))[1:],
        ticket_id=ticket_id,
        ttl=clock.seconds() + settings().mail_kept_seconds,
    )


def _belongs(sender: Sender, ticket_id: str) -> bool:
    """Whoever belongs to a ticket that was merged into this one belongs to this one."""
    try:
        ticket = ticket_of(ticket_id)
        merged = list(ticket.merged or ())[:_MERGED_LIMIT]
        return belongs(sender, ticket) or any(belongs(sender, ticket_of(one)) for one in merged)
    except NotFound:  # it was forgotten since
        return False


def _named(mail: Mail, envelope: Envelope) -> Iterator[str]:
    """The tickets that a mail names, the surest first."""
    for recipient in envelope.recipients[:_RECIPIENTS_LIMIT]:
        if ticket_id := ticket_named_by(recipient):
            yield ticket_id
    answered = [*mail.in_reply_to, *reversed(mail.references)]
    ids = list(dict.fromkeys(known_as(one) for one in answered))
    found = read([thread_key(one) for one in ids]) if ids else Found({})
    for one in ids:
        key = thread_key(one)
        standing = found.one(Thread, key)
        if standing is not None:
            yield standing.ticket_id


def known_as(message_id: str) -> str:
    """SES tells the first half of an id that it has given; its region stands in the other."""
    local, _, domain = message_id.strip("<>").rpartition("@")
    return f"<{local}@ses>" if domain.endswith(SES_DOMAINS) else message_id
