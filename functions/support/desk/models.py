"""What agents send and get about tickets."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from functions.diagnosis.models import Explained, FailedAttemptView
from functions.identity.models import KnownDeviceView, SecurityEventView
from functions.support.incoming import TEXT_LIMIT, Channel, Priority
from functions.support.models import (
    AboutView,
    AttachmentIds,
    AttachmentView,
    State,
    Subject,
    Text,
)
from functions.withdrawals.models import WithdrawalView
from shared.settings import settings
from shared.web.fields import Id
from shared.web.pages import PageQuery

TAGS_LIMIT = 8
Tag = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,32}$(?!\n)")]
Team = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,32}$(?!\n)")]
Field = Literal["phone", "email", "balance"]
Reason = Annotated[str, Meta(min_length=5, max_length=500)]


class QueueQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One state, and at most one of the others. `assignee`: an id, `me` or `nobody`."""

    state: State = "open"
    team: Team | None = None
    assignee: Id | None = None
    tag: Tag | None = None


class SearchQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By exactly one of these. `words`: of the subject; all of them must be there."""

    number: Annotated[str, Meta(pattern=r"^[0-9]{6}-[0-9]{6}$(?!\n)")] | None = None
    user_id: Id | None = None
    phone: Annotated[str, Meta(min_length=3, max_length=40)] | None = None
    email: Annotated[str, Meta(min_length=3, max_length=254)] | None = None
    words: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class DeskTicket(Struct, frozen=True, kw_only=True):
    """A ticket as agents see it. `answer_due_at` and `solve_due_at`: when what was promised is
    broken, None while no clock runs; `broken`: which promises were.
    """

    ticket_id: str
    number: str
    subject: str
    state: State
    priority: Priority
    team: str
    assignee: str | None
    tags: list[str]
    user_id: str | None
    language: str
    channel: Channel
    last_channel: Channel
    about: AboutView | None
    merged: list[str]
    merged_into: str | None
    follows: str | None
    rating: int | None
    rating_comment: str | None
    messages: int
    opened_at: str
    updated_at: str
    answered_at: str | None
    answer_due_at: str | None
    solve_due_at: str | None
    broken: list[str]


class DeskTickets(Struct, frozen=True, kw_only=True):
    items: list[DeskTicket]
    next_cursor: str | None


class DeskLine(Struct, frozen=True, kw_only=True):
    """A message, or (`internal`) a note that its person never sees. `kind`: `message`, `note`, or
    what happened. `delivery`: how an answer went on its way back.
    """

    internal: bool
    kind: str
    ticket_id: str
    sequence: int
    author_kind: str
    author_id: str
    channel: Channel | None
    text: str | None
    masked: bool
    at: str
    attachments: list[AttachmentView]
    delivery: Literal["waiting", "sent", "failed"] | None
    details: dict[str, Any]


class DeskConversation(Struct, frozen=True, kw_only=True):
    """A ticket with a page of its messages and notes, the newest first."""

    ticket: DeskTicket
    lines: list[DeskLine]
    next_cursor: str | None


class QueueCount(Struct, frozen=True, kw_only=True):
    """How many tickets there are by state, counted up to 100 in each."""

    queue: str
    states: dict[str, int]


class CountsView(Struct, frozen=True, kw_only=True):
    items: list[QueueCount]


class AssignRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`assignee`: an agent, or `nobody`."""

    assignee: Id | None = None
    team: Team | None = None


class ReplyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`text`, or the text of a `macro`, or a text of one's own with what the macro does besides.
    `state`: in which it is left; by default that of the macro, or `pending`.
    """

    text: Text | None = None
    macro: Id | None = None
    state: State | None = None
    attachments: AttachmentIds = []
    client_id: Id | None = None


class RepliedView(Struct, frozen=True, kw_only=True):
    ticket: DeskTicket
    sequence: int


class NoteRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT)]
    client_id: Id | None = None


class ChangeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    state: State | None = None
    priority: Priority | None = None
    tags: Annotated[list[Tag], Meta(max_length=TAGS_LIMIT)] | None = None
    subject: Subject | None = None


class MergeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    into: Id


class SplitRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sequences`: of the messages that belong to another matter."""

    subject: Subject
    sequences: Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=20)]
    client_id: Id


class MacroView(Struct, frozen=True, kw_only=True):
    """`title` in the language of who asks, `text` in that of the ticket, filled."""

    macro_id: str
    title: str
    text: str
    state: str | None
    priority: str | None
    tags: list[str]
    team: str | None


class MacrosView(Struct, frozen=True, kw_only=True):
    items: list[MacroView]


class MovementSeen(Struct, frozen=True, kw_only=True):
    """A line of the statement without the balance after it."""

    kind: str
    direction: Literal["in", "out"]
    amount: int
    currency: str
    counterparty: str | None
    note: str | None
    created_at: str
    reference: str


class FactsView(Struct, frozen=True, kw_only=True):
    """What an agent may know of a user, masked. `hidden`: what can be shown for a reason.

    `last_failure`: what failed last and was not made good since, and whether it would pass now.
    """

    user_id: str
    phone: str
    email: str | None
    language: str
    registered_at: str
    account_status: str
    disputed: bool
    two_factor: bool
    hidden: list[str]
    devices: list[KnownDeviceView]
    security_events: list[SecurityEventView]
    last_failure: Explained | None
    failed_attempts: list[FailedAttemptView]
    movements: list[MovementSeen]
    withdrawals: list[WithdrawalView]


class UnmaskRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason is kept in the audit trail."""

    field: Field
    reason: Reason


class UnmaskedView(Struct, frozen=True, kw_only=True):
    field: Field
    value: str


def teams() -> list[str]:
    return settings().support_teams.split(",")
