"""Taking a mail apart, however broken it is: nothing in it makes this raise.

The standard library finds the parts, in its oldest policy, which looks at each header only as far
as it is asked to. What it can't read is told in `Mail.unread`; the raw mail stays where it was.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import NamedTuple

from functions.support.mail.charsets import printable, text_of
from shared import mail as addresses
from shared.web.problems import InvalidField

_DEPTH_LIMIT = 30
_PARTS_LIMIT = 200
_SUBJECT_LENGTH_LIMIT = 200
_NAME_LENGTH_LIMIT = 100
_REFERENCES_LIMIT = 50
_HEADER_LENGTH_LIMIT = 100_000
_SNIPPET = 998  # octets in a line that RFC 5322 allows

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bqBQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,400}>")
# What the standard library is known to raise on broken mail, besides its own errors.
_BROKEN = (
    MessageError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)


class Attachment(NamedTuple):
    """name: as the sender gave it. kind: what the sender says that it is: `image/png`."""

    name: str
    kind: str
    content: bytes


class Mail(NamedTuple):
    """What a mail says.

    sender: in the form that addresses are kept in, None when it has none that could be answered.
    sole_sender: whether there is one sender and no other.
    headers: names in lower case, the first of each, decoded.
    unread: what is in the raw mail alone.
    """

    sender: str | None
    sender_name: str
    sole_sender: bool
    subject: str
    text: str
    html: str | None
    attachments: tuple[Attachment, ...]
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    headers: dict[str, str]
    unread: tuple[str, ...]


class _Body(NamedTuple):
    texts: list[str]
    htmls: list[str]
    attachments: list[Attachment]
    unread: list[str]


def read_mail(raw: bytes) -> Mail:
    """Never raises."""
    body = _Body([], [], [], [])
    try:
        message = message_from_bytes(raw)
        _take_parts(message, body)
    except _BROKEN as error:
        body.unread.append(f"body ({type(error).__name__})")
        message = BytesHeaderParser().parsebytes(raw)
    headers = _headers(message)
    senders = _addresses(message, "from")
    name, address = senders[0] if senders else ("", "")
    return Mail(
        sender=_normalised(address),
        sender_name=name,
        sole_sender=len(senders) == 1 and _count(message, "from") == 1,
        subject=headers.get("subject", "")[:_SUBJECT_LENGTH_LIMIT].strip(),
        text="\n\n".join(body.texts).strip("\n"),
        html="\n".join(body.htmls) or None,
        attachments=tuple(body.attachments),
        message_id=next(iter(_ids(headers.get("message-id"))), None),
        in_reply_to=_ids(headers.get("in-reply-to")),
        references=_ids(headers.get("references")),
        headers=headers,
        unread=tuple(body.unread),
    )


def _take_parts(message: Message, body: _Body) -> None:
    for number, part in enumerate(_parts(message, 0, body)):
        if number == _PARTS_LIMIT:
            body.unread.append("parts beyond the first ones")
            return
        try:
            _take(part, body)
        except _BROKEN as error:
            body.unread.append(f"{part.get_content_type()} ({type(error).__name__})")


def _parts(message: Message, depth: int, body: _Body) -> Iterator[Message]:
    """All parts that hold something; a mail within the mail counts as one."""
    payload = message.get_payload()
    if message.get_content_maintype() != "multipart" or not isinstance(payload, list):
        yield message
        return
    if depth >= _DEPTH_LIMIT:
        body.unread.append("parts nested too deep")
        return
    for part in payload:
        if isinstance(part, Message):
            yield from _parts(part, depth + 1, body)


def _take(part: Message, body: _Body) -> None:
    kind, name = part.get_content_type(), _file_name(part)
    attached = part.get_content_disposition() == "attachment" or bool(name)
    if kind in {"text/plain", "text/html"} and not attached:
        text = printable(text_of(_content(part), _charset(part)))
        if text.strip():
            (body.htmls if kind == "text/html" else body.texts).append(text)
        return
    content = _content(part)
    if content or name:
        body.attachments.append(Attachment(name, kind, content))


def _content(part: Message) -> bytes:
    if part.is_multipart():  # a mail within the mail, or a report on one
        inner = part.get_payload()
        return b"\n".join(one.as_bytes() for one in inner if isinstance(one, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _charset(part: Message) -> str | None:
    given = part.get_param("charset")
    if isinstance(given, tuple):
        given = given[2]
    return given if isinstance(given, str) else None


def _file_name(part: Message) -> str:
    try:
        given = part.get_filename() or ""
    except _BROKEN:
        return "unreadable-name"
    return _decoded(given)


def _headers(message: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        key = name.lower()
        if key not in found:
            found[key] = _decoded(str(value))
    return found


def _count(message: Message, header: str) -> int:
    return sum(1 for name, _ in message.raw_items() if name.lower() == header)


def _addresses(message: Message, header: str) -> list[tuple[str, str]]:
    """Name and address of each that a header names, in all its repetitions."""
    values = [
        _one_line(str(value))[:_HEADER_LENGTH_LIMIT]
        for name, value in message.raw_items()
        if name.lower() == header
    ]
    try:
        found = getaddresses(values)
    except _BROKEN:
        return []
    return [
        (_decoded(name)[:_NAME_LENGTH_LIMIT], _decoded(address))
        for name, address in found
        if "@" in address
    ]


def _normalised(address: str) -> str | None:
    try:
        return addresses.normalised(address)
    except InvalidField:
        return None


def _ids(value: str | None) -> tuple[str, ...]:
    """Of many the first and the last: those name what began, and what is answered."""
    found = _MESSAGE_ID.findall(value or "")
    if len(found) > _REFERENCES_LIMIT:
        found = [found[0], *found[1 - _REFERENCES_LIMIT :]]
    return tuple(found)


def _one_line(value: str) -> str:
    return re.sub(r"[\r\n]+[ \t]*", " ", value)


def _decoded(value: str) -> str:
    """A header as people read it: RFC 2047, and what programs send instead of it."""
    line = _one_line(value[:_HEADER_LENGTH_LIMIT])
    raw = line.encode("utf-8", "surrogateescape")
    if not raw.isascii():
        line = text_of(raw, None)
    words = _words(_BETWEEN_WORDS.sub(r"\1\2", line))
    return _one_line(printable("".join(words))).replace("\n", " ").strip()


def _words(line: str) -> Iterator[str]:
    """Encoded words of one charset that stand together are one text: letters may be split."""
    at, pending, pending_charset = 0, b"", ""
    for word in _ENCODED_WORD.finditer(line):
        charset, between = word[1].partition("*")[0], line[at : word.start()]
        if pending and (between or charset.lower() != pending_charset.lower()):
            yield text_of(pending, pending_charset)
            pending = b""
        yield between
        pending, pending_charset = pending + _bytes_of(word[2], word[3]), charset
        at = word.end()
    if pending:
        yield text_of(pending, pending_charset)
    yield line[at:]


def _bytes_of(encoding: str, word: str) -> bytes:
    if encoding in "qQ":
        return quopri.decodestring(word.replace("_", " ").encode(), header=True)
    letters = re.sub("[^A-Za-z0-9+/]", "", word)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return b""
