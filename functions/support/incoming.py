"""What a channel hands to a conversation, whatever channel it is."""

from typing import Literal, NamedTuple

from msgspec import Struct

Channel = Literal["app", "chat", "mail", "hotline", "wechat", "messenger", "whatsapp"]
Priority = Literal["low", "normal", "high", "urgent"]
AboutKind = Literal["payment", "transfer", "top_up", "withdrawal", "security_event"]
Language = Literal["zh", "en"]
TEXT_LIMIT = 4_000
SUBJECT_LIMIT = 120
ATTACHMENTS_LIMIT = 10


class Author(NamedTuple):
    """Who wrote it. id: of the user or agent; of a visitor what the channel knows them by, which
    is not an address in clear; of the system the name of the part that speaks.
    """

    kind: Literal["user", "visitor", "agent", "system"]
    id: str


class WayBack(NamedTuple):
    """How to answer on the channel. address: mail address, phone or the like; it is kept sealed.
    details: what else the channel needs to answer (`{"in_reply_to": ...}`), never personal.
    """

    address: str | None = None
    details: dict[str, str] | None = None


class About(NamedTuple):
    """What a ticket is about. Whether it is the user's own is for whoever opens it to check."""

    kind: str
    id: str


class Incoming(Struct, frozen=True, kw_only=True):
    """A message as it comes in. It is masked before it is stored; what is too long is cut.

    source_id: the id of the message at its channel. However often it comes, it has one effect.
    attachments: ids that `attachments` gave. details: what the channel keeps with the message.
    sent: of a message of ours, that it needs no sending, for its channel has shown it already or
    nobody is there to get it.
    """

    channel: Channel
    author: Author
    text: str
    source_id: str
    language: Language = "zh"
    attachments: tuple[str, ...] = ()
    way_back: WayBack | None = None
    details: dict[str, str] | None = None
    sent: bool = False


class Posted(NamedTuple):
    """Where a message is now: maybe in another ticket than was named, which had been closed or
    merged. replayed: it was there before.
    """

    ticket_id: str
    sequence: int
    replayed: bool = False
