"""What becomes of mails of ours: SES tells of those that bounced or that somebody called spam.

An address that takes no mail for good gets no more of any kind, and the ticket says so.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, convert

from functions.support.incoming import Author
from functions.support.mail.records import MailEvent, Thread, mail_event_key, thread_key
from functions.support.notes import noted
from functions.support.records import Ticket
from functions.support.tickets import Change, alter
from shared import clock, mail
from shared.observability import count, logger
from shared.settings import settings
from shared.table import Cancelled, put, read

_SPEAKER = Author("system", "mail")


class _Recipient(Struct, frozen=True, rename="camel"):
    email_address: str


class _Bounce(Struct, frozen=True, rename="camel"):
    feedback_id: str
    bounce_type: str
    bounce_sub_type: str = ""
    bounced_recipients: tuple[_Recipient, ...] = ()


class _Complaint(Struct, frozen=True, rename="camel"):
    feedback_id: str
    complained_recipients: tuple[_Recipient, ...] = ()


class _Head(Struct, frozen=True, rename="camel"):
    message_id: str


class Feedback(Struct, frozen=True, rename="camel"):
    """An event of a configuration set, or what SES tells of a sender, which has the same parts."""

    mail: _Head
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


def hear(event: Any) -> None:
    """event: as JSON has it; the same again changes nothing.

    Raises ValidationError (msgspec) for what is none, ServiceUnavailable.
    """
    told = convert(event, Feedback)
    if told.complaint is not None:
        _stop(told.complaint.complained_recipients, mail.COMPLAINT)
        _tell(told, told.complaint.feedback_id, "mail_complaint", "complaint")
    elif told.bounce is not None:
        lasts = told.bounce.bounce_type == "Permanent"
        if lasts:
            _stop(told.bounce.bounced_recipients, mail.BOUNCE)
        kind = "mail_bounced" if lasts else "mail_delayed"
        _tell(told, told.bounce.feedback_id, kind, told.bounce.bounce_sub_type)
    else:
        logger.info("mail_event_without_effect")


def _stop(recipients: Sequence[_Recipient], reason: str) -> None:
    for recipient in recipients:
        mail.stop(recipient.email_address, reason)
        count("MailAddressesStopped", reason=reason)


def _tell(told: Feedback, feedback_id: str, kind: str, why: str) -> None:
    """A note in the ticket, where the mail was of one."""
    key = thread_key(f"<{told.mail.message_id.partition('@')[0]}@ses>")
    thread = read([key]).one(Thread, key)
    if thread is None:
        return
    seen = put(
        MailEvent(
            *mail_event_key(feedback_id)[1:],
            ticket_id=thread.ticket_id,
            ttl=clock.seconds() + settings().mail_kept_seconds,
        )
    )

    def with_note(ticket: Ticket) -> Change:
        after, noting = noted(ticket, kind, by=_SPEAKER, details={"why": why})
        return Change(after, [*noting, seen])

    try:
        alter(thread.ticket_id, with_note)
    except Cancelled as cancelled:
        if not cancelled.failed(seen):
            raise
