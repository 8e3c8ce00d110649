"""What the app and agents send and get in support."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from functions.support.incoming import (
    ATTACHMENTS_LIMIT,
    SUBJECT_LIMIT,
    TEXT_LIMIT,
    AboutKind,
    Channel,
)
from shared.settings import settings
from shared.web.fields import Id

State = Literal["open", "pending", "solved", "closed", "reopened"]
Subject = Annotated[str, Meta(min_length=1, max_length=SUBJECT_LIMIT)]
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT)]
AttachmentIds = Annotated[list[Id], Meta(max_length=ATTACHMENTS_LIMIT)]
AttachmentKind = Literal[
    "image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf", "text/plain"
]


class AttachmentRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that is to be uploaded. `size` in bytes, exactly."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    content_type: AttachmentKind
    size: Annotated[int, Meta(ge=1, le=settings().attachment_bytes_limit)]


class UploadView(Struct, frozen=True, kw_only=True):
    """PUT the file to `url` with these headers, within `expires_in` seconds; then name it in a
    message.
    """

    attachment_id: str
    url: str
    headers: dict[str, str]
    expires_in: int


class AttachmentView(Struct, frozen=True, kw_only=True):
    attachment_id: str
    name: str
    content_type: str
    size: int
    can_be_opened: bool


class LinkView(Struct, frozen=True, kw_only=True):
    url: str
    expires_in: int


class AboutView(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ticket is about, by the id that the app shows for it."""

    kind: AboutKind
    id: Id


class TicketRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`client_id`: chosen by the app, so that the same request again is the same ticket; the header
    `Idempotency-Key` does as well.
    """

    subject: Subject
    message: Text
    about: AboutView | None = None
    attachments: AttachmentIds = []
    client_id: Id | None = None


class MessageRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`client_id` as in a new ticket."""

    message: Text
    attachments: AttachmentIds = []
    client_id: Id | None = None


class MessageView(Struct, frozen=True, kw_only=True):
    """`author`: `you`, or `support`. `ticket_id`: where it stands, with its `sequence` there; one
    that was merged keeps its own.
    """

    ticket_id: str
    sequence: int
    author: Literal["you", "support"]
    channel: Channel
    text: str
    masked: bool
    at: str
    attachments: list[AttachmentView]


class TicketView(Struct, frozen=True, kw_only=True):
    """A ticket as its owner sees it."""

    ticket_id: str
    number: str
    subject: str
    state: State
    channel: Channel
    about: AboutView | None
    follows: str | None
    rating: int | None
    opened_at: str
    updated_at: str


class TicketsView(Struct, frozen=True, kw_only=True):
    items: list[TicketView]
    next_cursor: str | None


class ConversationView(Struct, frozen=True, kw_only=True):
    """A ticket with a page of its messages, the newest first."""

    ticket: TicketView
    messages: list[MessageView]
    next_cursor: str | None


class PostedView(Struct, frozen=True, kw_only=True):
    """Where the message is. `ticket_id` is another than was asked for where that was closed."""

    ticket_id: str
    number: str
    sequence: int
    state: State


class RatingRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    score: Annotated[int, Meta(ge=1, le=5)]
    comment: Annotated[str, Meta(max_length=1_000)] | None = None


Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)")]


class FiguresQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Local days, both included; by default the last seven."""

    from_: Day | None = field(default=None, name="from")
    to: Day | None = None


class DayFigures(Struct, frozen=True, kw_only=True):
    """Times are means in seconds; `rating_hundredths` 450 is 4.5 of 5. None: there were none."""

    day: str
    channel: Channel
    opened: int
    answered: int
    first_answer_seconds: int | None
    solved: int
    solving_seconds: int | None
    reopened: int
    rated: int
    rating_hundredths: int | None
    promises_broken: int


class BacklogView(Struct, frozen=True, kw_only=True):
    channel: str
    states: dict[str, int]


class FiguresView(Struct, frozen=True, kw_only=True):
    items: list[DayFigures]
    backlog: list[BacklogView]
