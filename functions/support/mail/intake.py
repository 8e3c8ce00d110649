"""Taking in a mail that SES has received: into a ticket, or aside where it can be looked at.

SES and the queue deliver at least once. What became of a mail is written with its effect, and is
looked at first: so it has one effect, and whatever dies on the way is done again from the raw mail,
which stays where SES has put it.
"""

from typing import Any

from msgspec import to_builtins

from functions.identity.sealed import place, seal
from functions.support.incoming import Author
from functions.support.mail.acknowledgement import acknowledge
from functions.support.mail.envelope import Envelope, envelope_of, received
from functions.support.mail.filing import Letter, file, place_for, readable, said_in
from functions.support.mail.raw_mails import keep_readable, raw_mail
from functions.support.mail.reading import read_mail
from functions.support.mail.records import (
    FILED,
    HELD,
    QUARANTINED,
    MailLine,
    ReceivedMail,
    mail_line_key,
    received_mail_key,
)
from functions.support.mail.robots import may_be_answered, written_by_robot
from functions.support.mail.sender import sender_of
from functions.support.mail.threads import ticket_of_thread
from functions.support.masking import mask
from functions.support.notes import noted
from functions.support.tickets import Change, alter
from functions.support.ways import contact_digest
from shared import clock
from shared.identifiers import derived_id
from shared.observability import count, logger
from shared.rate_limit import Window
from shared.settings import settings
from shared.table import Cancelled, Write, change, put, put_new, read, write

_POSTMAN = Author("system", "mail")
_NOTE_TEXT_LIMIT = 1_000
_HOUR_SECONDS = 3_600


def take_in(notification: Any) -> None:
    """notification: what a receipt rule tells, as JSON has it.

    Raises ValidationError (msgspec) for anything else, NotFound where no raw mail lies,
    ServiceUnavailable.
    """
    told = received(notification)
    mail_id = derived_id("ml", told.mail.message_id)
    record = known_mail(mail_id)
    if record is None:
        letter = letter_of(mail_id, told.receipt.action.object_key, envelope_of(told))
        record = _take_in(letter, told.receipt.action.object_key)
    if record.acknowledge:
        acknowledge(record)


def known_mail(mail_id: str) -> ReceivedMail | None:
    key = received_mail_key(mail_id)
    return read([key]).one(ReceivedMail, key)


def letter_of(mail_id: str, object_key: str, envelope: Envelope) -> Letter:
    """Raises NotFound, ServiceUnavailable."""
    mail = read_mail(raw_mail(object_key))
    return Letter(mail_id, mail, envelope, sender_of(mail, envelope))


def line_of(record: ReceivedMail) -> MailLine:
    """Where a mail that was set aside stands in the list of those."""
    key = mail_line_key(record.state, record.received_at, record.mail_id)
    return MailLine(*key[1:], mail_id=record.mail_id, ttl=record.ttl)


def _take_in(letter: Letter, object_key: str) -> ReceivedMail:
    record = _record(letter, object_key)
    if reason := letter.envelope.refusal:
        keep_readable(letter.mail_id, readable(letter))
        return _set_aside(record, QUARANTINED, reason)
    if robot := written_by_robot(letter.mail, letter.envelope):
        return _note(letter, record, robot)
    return _file(letter, record)


def _record(letter: Letter, object_key: str) -> ReceivedMail:
    key = received_mail_key(letter.mail_id)
    sender = letter.sender.address
    return ReceivedMail(
        *key[1:],
        mail_id=letter.mail_id,
        state=FILED,
        object_key=object_key,
        envelope=to_builtins(letter.envelope),
        sender=seal(sender, of=place(key, "sender")) if sender else None,
        subject=mask(letter.mail.subject).text,
        received_at=clock.now_text(),
        language=letter.language,
        ttl=clock.seconds() + settings().mail_kept_seconds,
    )


def _file(letter: Letter, record: ReceivedMail) -> ReceivedMail:
    placed = place_for(letter)
    record.ticket_id = placed.ticket_id
    if placed.is_new and may_be_answered(letter.mail, letter.envelope):
        record.acknowledge = True
    recording = put(record)
    try:
        posted = file(letter, placed, [recording, _counting(letter)])
    except Cancelled as cancelled:
        return _instead(record, cancelled, recording)
    if posted is None or posted.replayed:  # delivered twice, under two ids of SES
        record.acknowledge = None
        put_new(record)
    elif posted.ticket_id != placed.ticket_id:  # that one was closed
        change(
            _at(record), [ReceivedMail.ticket_id.set(posted.ticket_id)], ReceivedMail.pk.exists()
        )
    logger.info("mail_filed", extra={"mail_id": record.mail_id, "ticket_id": record.ticket_id})
    count("MailsFiled")
    return record


def _note(letter: Letter, record: ReceivedMail, robot: str) -> ReceivedMail:
    """What a machine has answered is a note for the agents: it opens nothing, and nothing again."""
    keep_readable(letter.mail_id, readable(letter))
    ticket_id = ticket_of_thread(letter.mail, letter.envelope, letter.sender)
    if ticket_id is None:
        return _set_aside(record, QUARANTINED, robot)
    record.ticket_id, record.reason = ticket_id, robot
    recording = put(record)
    along = [recording, _counting(letter)]
    details = {"mail_id": letter.mail_id, "why": robot}
    text = said_in(letter)[:_NOTE_TEXT_LIMIT]

    def with_note(ticket: Any) -> Change:
        after, noting = noted(ticket, "automatic_mail", by=_POSTMAN, text=text, details=details)
        return Change(after, [*noting, *along])

    try:
        alter(ticket_id, with_note)
    except Cancelled as cancelled:
        return _instead(record, cancelled, recording)
    return record


def _instead(record: ReceivedMail, cancelled: Cancelled, recording: Write) -> ReceivedMail:
    """After a write that was not done: somebody else has done it, or its sender writes too much."""
    if cancelled.failed(recording):
        return known_mail(record.mail_id) or record
    return _set_aside(record, HELD, "too_many")


def _set_aside(record: ReceivedMail, state: str, reason: str) -> ReceivedMail:
    record.state, record.reason = state, reason
    record.ticket_id = record.acknowledge = None
    try:
        write(put(record), put(line_of(record)))
    except Cancelled:
        return known_mail(record.mail_id) or record
    logger.warning("mail_set_aside", extra={"mail_id": record.mail_id, "reason": reason})
    count("MailsSetAside", reason=reason)
    return record


def _counting(letter: Letter) -> Write:
    """Counts what a sender writes. Who forges an address uses up nothing of its owner's."""
    proven = letter.mail.sole_sender and letter.envelope.proves_sender
    whose = contact_digest(letter.sender.address or "")
    return Window(
        name="mails_of_sender",
        subject=f"{whose}#{'proven' if proven else 'claimed'}",
        maximum=settings().mails_per_sender_per_hour,
        seconds=_HOUR_SECONDS,
    ).taking()


def _at(record: ReceivedMail) -> ReceivedMail:
    return ReceivedMail(record.pk, record.sk)
