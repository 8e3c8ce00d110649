"""Putting a mail where it belongs: a message of a ticket, with its files, once.

The message and the record of what became of the mail are one write.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from functions.support.attachments import KINDS, store
from functions.support.conversation import Opening, add_message, open_ticket, ticket_id_of
from functions.support.incoming import ATTACHMENTS_LIMIT, Incoming, Language, Posted, WayBack
from functions.support.mail.envelope import PASS, Envelope
from functions.support.mail.markup import as_text, harmless
from functions.support.mail.quoting import without_quotes
from functions.support.mail.raw_mails import Readable, keep_readable
from functions.support.mail.reading import Attachment, Mail
from functions.support.mail.sender import Sender
from functions.support.mail.threads import thread, ticket_of_thread
from functions.support.masking import mask
from shared.errors import IdempotencyKeyReused, Texts
from shared.settings import settings
from shared.table import Write, put_new

_TEXT_LIMIT = 100_000
_REFERENCES_KEPT = 10
_HAN = re.compile(r"[\u3400-\u9fff]")
NO_SUBJECT = Texts("（无主题）", "(no subject)")
NO_TEXT = Texts("（邮件没有正文）", "(The mail has no text.)")


class Letter(NamedTuple):
    """A mail with all that is known of it."""

    mail_id: str
    mail: Mail
    envelope: Envelope
    sender: Sender

    @property
    def language(self) -> Language:
        """Of its user; of a stranger what they write in."""
        if self.sender.language is not None:
            return "en" if self.sender.language == "en" else "zh"
        mail = self.mail
        said = mail.subject + mail.text[:_TEXT_LIMIT] + (mail.html or "")[:_TEXT_LIMIT]
        return "zh" if _HAN.search(said) or not said.strip() else "en"


class Placed(NamedTuple):
    """Where a letter shall go. ticket_id: of the ticket that it goes on with, or of the new one."""

    ticket_id: str
    is_new: bool
    incoming: Incoming


def place_for(letter: Letter) -> Placed:
    """Decides, and stores what lies beside the message. Raises ServiceUnavailable."""
    incoming = _incoming(letter)
    continued = ticket_of_thread(letter.mail, letter.envelope, letter.sender)
    return Placed(
        continued or ticket_id_of(incoming.channel, incoming.source_id), continued is None, incoming
    )


def file(letter: Letter, placed: Placed, along: list[Write]) -> Posted | None:
    """Writes the message with `along`; None when the same mail was filed for another.

    Raises ServiceUnavailable, and Cancelled when it is a condition of `along` that fails.
    """
    if letter.mail.message_id is not None:
        # What answers this mail finds the ticket too. Whoever borrows an id does not take it over.
        put_new(thread(letter.mail.message_id, placed.ticket_id))
    try:
        if not placed.is_new:
            return add_message(placed.ticket_id, placed.incoming, together_with=along)
        opening = Opening(letter.mail.subject or NO_SUBJECT.in_language(letter.language, {}))
        return open_ticket(placed.incoming, opening, together_with=along)
    except IdempotencyKeyReused:
        return None


def said_in(letter: Letter) -> str:
    """What the mail says itself, as text."""
    mail = letter.mail
    text = mail.text[:_TEXT_LIMIT] if mail.text.strip() else as_text(mail.html or "")
    return without_quotes(text) or NO_TEXT.in_language(letter.language, {})


def _incoming(letter: Letter) -> Incoming:
    mail, author = letter.mail, letter.sender.author
    source_id = _source_id(letter)
    attachments, unread = _stored(letter, author.id, source_id)
    keep_readable(letter.mail_id, readable(letter, unread))
    return Incoming(
        channel="mail",
        author=author,
        text=said_in(letter),
        source_id=source_id,
        language=letter.language,
        attachments=attachments,
        way_back=WayBack(letter.sender.address, _way(mail)),
        details={"mail_id": letter.mail_id},
    )


def _source_id(letter: Letter) -> str:
    """What the mail is known by. One that was delivered twice is the same, though SES has given it
    two ids; one that only borrows the message id of another is not.
    """
    mail = letter.mail
    if mail.message_id is None:
        return letter.mail_id
    digest = hashlib.sha256()
    for part in (mail.message_id, mail.sender or "", mail.subject, mail.text, mail.html or ""):
        digest.update(part.encode() + b"\x00")
    for attachment in mail.attachments:
        digest.update(hashlib.sha256(attachment.content).digest())
    return digest.hexdigest()


def _stored(letter: Letter, owner: str, source_id: str) -> tuple[tuple[str, ...], list[str]]:
    """The ids of the files, and what of them is left in the raw mail alone."""
    ids: list[str] = []
    left: list[str] = []
    for number, attachment in enumerate(letter.mail.attachments):
        if len(ids) == ATTACHMENTS_LIMIT:
            left.append("attachments beyond the first ones")
            break
        if len(attachment.content) > settings().attachment_bytes_limit:
            left.append("an attachment that is too large")
            continue
        kind = _kind(attachment)
        clean = letter.envelope.virus == PASS and kind is not None
        name, source = attachment.name or "attachment", f"{source_id}:{number}"
        ids.append(store(owner, name, kind or "", attachment.content, source=source, clean=clean))
    return tuple(ids), left


def _kind(attachment: Attachment) -> str | None:
    """What a file is, if that may be opened: by what it begins with, as it says or not."""
    said = attachment.kind
    if said in KINDS and attachment.content.startswith(KINDS[said]):
        return said
    for kind, beginnings in KINDS.items():
        if any(len(one) > 3 and attachment.content.startswith(one) for one in beginnings):
            return kind
    return None


def readable(letter: Letter, left: Sequence[str] = ()) -> Readable:
    """What agents see of the whole mail. left: what of it was left out since it was read."""
    mail = letter.mail
    text = mail.text if mail.text.strip() else as_text(mail.html or "")
    return Readable(
        text=mask(text[:_TEXT_LIMIT]).text,
        html=mask(harmless(mail.html)).text if mail.html else None,
        unread=(*mail.unread, *left),
    )


def _way(mail: Mail) -> dict[str, str]:
    """What an answer must name so that mail programs put it below what it answers."""
    if mail.message_id is None:
        return {}
    before = [one for one in (mail.references or mail.in_reply_to) if one != mail.message_id]
    if len(before) > _REFERENCES_KEPT:
        before = [before[0], *before[1 - _REFERENCES_KEPT :]]
    return {"message_id": mail.message_id, "references": " ".join(before)}
