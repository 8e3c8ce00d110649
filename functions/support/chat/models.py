"""What goes over a socket of the live chat: the frames that come in, and those that go out.

A frame is a JSON object in a text message. What comes in says what it wants in `action`, what goes
out says what it is in `type`.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from functions.support.articles.models import ArticleLine
from functions.support.incoming import TEXT_LIMIT
from shared.settings import settings
from shared.web.fields import Id

ClientId = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]{1,64}$(?!\n)",
        description="Chosen by the client. What answers this frame names it in `client_id`.",
    ),
]
Sequence = Annotated[
    int,
    Meta(ge=0, le=999_999_999, description="Messages of a conversation are 1, 2, 3 and so on"),
]
Side = Literal["user", "agent"]


class FrameIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action"):
    """What a client sends."""

    client_id: ClientId | None = None


class Authenticate(FrameIn, frozen=True, kw_only=True, tag="authenticate"):
    """The first frame, and again with a newer token before the old one ends."""

    access_token: Annotated[
        str, Meta(min_length=1, max_length=200, description="Of a user or of an agent")
    ]
    language: Annotated[
        str | None, Meta(description="As in `Accept-Language`, which counts when this is left out")
    ] = None


class Say(FrameIn, frozen=True, kw_only=True, tag="message"):
    """A message. Sent again with the same `client_id` it is accepted again and stands once.

    `ticket_id`: which conversation. A user may leave it out: then it is the one they chat in now,
    or a new one. `article_id`: the help article that a user has read before.
    """

    client_id: ClientId
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT)]
    ticket_id: Id | None = None
    article_id: Id | None = None


class Typing(FrameIn, frozen=True, kw_only=True, tag="typing"):
    """That somebody is writing, or has stopped. It is passed on and not kept."""

    ticket_id: Id
    active: bool = True


class Read(FrameIn, frozen=True, kw_only=True, tag="read"):
    """That all messages up to this one have been seen. It never goes back."""

    ticket_id: Id
    sequence: Sequence


class History(FrameIn, frozen=True, kw_only=True, tag="history"):
    """Asks for messages: those that came `after` one, the oldest first; or without it the newest,
    and page by page (`cursor`) what was before them.
    """

    ticket_id: Id
    after: Sequence | None = None
    cursor: Annotated[str, Meta(max_length=512)] | None = None
    limit: Annotated[int, Meta(ge=1, le=settings().page_size_limit)] = settings().page_size


class Ping(FrameIn, frozen=True, kw_only=True, tag="ping"):
    """Keeps the socket open, and shows what may have been missed."""


class Take(FrameIn, frozen=True, kw_only=True, tag="take"):
    """An agent takes a conversation, which is theirs from then on."""

    ticket_id: Id


class FrameOut(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What a client gets. `client_id` is of the frame that this answers, if it does."""

    client_id: str | None = None


class Hours(Struct, frozen=True, kw_only=True):
    """Whether somebody is there now, and when else."""

    open: bool
    opens_at: str | None


class Conversation(Struct, frozen=True, kw_only=True):
    """Where a conversation stands. `position`: how many wait before it, and itself; none when an
    agent has it. `seen`: up to which message each side has read.
    """

    ticket_id: str
    number: str
    state: str
    sequence: int
    seen: dict[Side, int]
    assigned: bool
    agent_online: bool
    position: int | None


class Message(Struct, frozen=True, kw_only=True):
    """What somebody has said. `channel` tells by which way it came or went.

    `ticket_id`: where it stands, with its `sequence` there. In a history it may be another than was
    asked for, one that was merged into it.
    """

    ticket_id: str
    sequence: int
    author: Literal["user", "visitor", "agent", "system"]
    channel: str
    text: str
    at: str


class Ready(FrameOut, frozen=True, kw_only=True, tag="ready"):
    """Answers `authenticate`. `rights_end_at`: before then the client authenticates anew.

    `conversation`: the one that a user chats in now. `waiting`: how many wait for an agent.
    """

    owner: Side
    owner_id: str
    rights_end_at: str
    hours: Hours
    conversation: Conversation | None = None
    waiting: int | None = None


class Accepted(FrameOut, frozen=True, kw_only=True, tag="accepted"):
    """Answers `message`: it is kept, under this sequence. `replayed`: it was before."""

    ticket_id: str
    sequence: int
    replayed: bool


class Said(FrameOut, frozen=True, kw_only=True, tag="message"):
    """A new message, to all devices of both sides. Each may come more than once and out of order:
    what counts is its sequence.
    """

    ticket_id: str
    message: Message


class IsTyping(FrameOut, frozen=True, kw_only=True, tag="typing"):
    """That the other side is writing, or has stopped."""

    ticket_id: str
    side: Side
    active: bool


class HasRead(FrameOut, frozen=True, kw_only=True, tag="read"):
    """Up to which message a side has read."""

    ticket_id: str
    side: Side
    sequence: int


class Page(FrameOut, frozen=True, kw_only=True, tag="history"):
    """Answers `history`. `sequence`: of the newest message that there is in this ticket.

    `next_cursor`: where older ones begin, when there are any; none where `after` was asked for.
    """

    ticket_id: str
    items: list[Message]
    sequence: int
    next_cursor: str | None


class Presence(FrameOut, frozen=True, kw_only=True, tag="presence"):
    """That the other side has come or gone."""

    ticket_id: str
    side: Side
    online: bool


class Queue(FrameOut, frozen=True, kw_only=True, tag="queue"):
    """To a user: where their conversation stands, as it changes."""

    conversation: Conversation
    hours: Hours


class Suggested(FrameOut, frozen=True, kw_only=True, tag="suggestions"):
    """To a user who begins to wait: help articles that may answer sooner, the best first."""

    ticket_id: str
    articles: list[ArticleLine]


class Waiting(FrameOut, frozen=True, kw_only=True, tag="waiting"):
    """To agents: a conversation that nobody has waits for one of them."""

    ticket_id: str
    number: str


class Taken(FrameOut, frozen=True, kw_only=True, tag="taken"):
    """Answers `take`."""

    conversation: Conversation


class Pong(FrameOut, frozen=True, kw_only=True, tag="pong"):
    """Answers `ping`. `conversation`: the one that a user chats in now."""

    conversation: Conversation | None = None


class Refusal(FrameOut, frozen=True, kw_only=True, tag="error"):
    """A frame that was refused. `code` is stable; `title` and `detail` are in the language of the
    socket. After a `status` of 401 the socket is closed.
    """

    status: int
    code: str
    title: str
    detail: str
    request_id: str
    field: str | None = None
    retry_after: int | None = None
    diagnosis: dict[str, Any] | None = None


FramesIn = Authenticate | Say | Typing | Read | History | Ping | Take
FramesOut = (
    Ready
    | Accepted
    | Said
    | IsTyping
    | HasRead
    | Page
    | Presence
    | Queue
    | Suggested
    | Waiting
    | Taken
    | Pong
    | Refusal
)
