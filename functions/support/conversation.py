"""Opening a ticket and adding to it: what every channel does with what comes in.

A message, its place in the ticket and the record that it has come in are one write. So it is there
once, in one ticket, whatever dies or comes twice, and its sequence has no gap.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from functions.support import figures, queues
from functions.support.attachments import AttachmentRefused, belonging
from functions.support.incoming import (
    SUBJECT_LIMIT,
    TEXT_LIMIT,
    About,
    Author,
    Incoming,
    Posted,
    Priority,
)
from functions.support.masking import mask
from functions.support.notes import noted
from functions.support.records import (
    CLOSED,
    OPEN,
    SENT,
    WAITING,
    Message,
    Source,
    Ticket,
    message_key,
    source_key,
    ticket_key,
)
from functions.support.states import after_a_message
from functions.support.tickets import Change, alter, altered, saving_writes, ticket_of, tries
from functions.support.ways import contact_of, remembering
from shared import clock
from shared.errors import IdempotencyKeyReused, NotFound, ServiceUnavailable
from shared.identifiers import derived_id
from shared.observability import logger
from shared.secrets import keyed_hash
from shared.settings import settings
from shared.table import Cancelled, Write, due_shard, put, read, write

REPLIES = "reply"
_HOPS_LIMIT = 50
_CORE = Author("system", "support")
_PERSONS = frozenset({"user", "visitor"})


class Opening(NamedTuple):
    """What a ticket begins with beside its first message. user_id: whose it is, None for a visitor;
    when it is the author, it need not be said.
    """

    subject: str
    user_id: str | None = None
    about: About | None = None
    priority: Priority = "normal"
    team: str = "general"
    tags: tuple[str, ...] = ()
    follows: str | None = None


def open_ticket(
    incoming: Incoming, opening: Opening, *, together_with: Sequence[Write] = ()
) -> Posted:
    """Opens a ticket with its first message, once for each message of the channel.

    Raises IdempotencyKeyReused for another text under the same source_id, ServiceUnavailable, and
    Cancelled when it is a condition of `together_with` that fails.
    """
    ticket_id = ticket_id_of(incoming.channel, incoming.source_id)
    for attempt, _ in enumerate(tries()):
        ticket = _new_ticket(ticket_id, incoming, opening, attempt)
        posting = _Posting(ticket, incoming)
        lines = [*saving_writes(None, ticket), queues.taking_number(ticket)]
        try:
            write(posting.source, *lines, *posting.writes, *together_with)
        except Cancelled as cancelled:
            if standing := posting.outcome(cancelled, together_with):
                return standing
            # The number is taken by another ticket, or somebody was in the way.
            continue
        figures.tell(None, ticket)
        logger.info("ticket_opened", extra={"ticket_id": ticket_id, "channel": incoming.channel})
        return Posted(ticket_id, 1)
    raise ServiceUnavailable


def ticket_id_of(channel: str, source_id: str) -> str:
    """The id of the ticket that a message of a channel opens, before it has."""
    return derived_id("tk", "ticket", channel, source_id)


def add_message(
    ticket_id: str, incoming: Incoming, *, together_with: Sequence[Write] = ()
) -> Posted:
    """Adds a message, once for each message of the channel.

    To a solved ticket, it opens it again. To one that was merged, it goes where that belongs; to
    one that is closed, or full, it opens a new ticket that follows it. Whether the author may write
    there is for the caller to know.
    Raises NotFound, IdempotencyKeyReused, ServiceUnavailable, and Cancelled as `open_ticket`.
    """
    for _ in tries():
        ticket = home_of(ticket_id)
        if ticket.state == CLOSED or ticket.messages >= settings().ticket_messages_limit:
            posted = _follow(ticket, incoming, together_with)
        else:
            change = Change(_with_message(ticket, incoming), together_with)
            posted = post(ticket, incoming, change)
        if posted:
            return posted
    raise ServiceUnavailable


def post(ticket: Ticket, incoming: Incoming, change: Change) -> Posted | None:
    """Writes a change of a ticket as it was read, which counts one message more, with that message;
    None when the ticket is no longer so.

    Raises IdempotencyKeyReused, ServiceUnavailable, and Cancelled as `open_ticket`.
    """
    posting = _Posting(change.after, incoming)
    saving = saving_writes(ticket, change.after)
    try:
        write(posting.source, *saving, *posting.writes, *change.along)
    except Cancelled as cancelled:
        return posting.outcome(cancelled, change.along)
    figures.tell(ticket, change.after)
    return Posted(change.after.ticket_id, change.after.messages)


def bind(ticket_id: str, user_id: str, *, proven_by: str) -> Ticket:
    """Says whose a visitor's ticket is, once they have proven it. proven_by: how, `hotline_code`.

    Done again, it changes nothing. Raises NotFound, also for a ticket of another user.
    """

    def bound(ticket: Ticket) -> Change | None:
        if ticket.user_id == user_id:
            return None
        if ticket.user_id:
            raise NotFound
        details = {"user_id": user_id, "proven_by": proven_by}
        return noted(altered(ticket, user_id=user_id), "bound", by=_CORE, details=details)

    return alter(ticket_id, bound)


def earlier(incoming: Incoming) -> Posted | None:
    """Where a message is, when it has come in before. Raises IdempotencyKeyReused."""
    key = source_key(_digest(incoming))
    source = read([key]).one(Source, key)
    if source is None:
        return None
    if source.fingerprint != _fingerprint(incoming):
        raise IdempotencyKeyReused
    return Posted(source.ticket_id, source.sequence, replayed=True)


def home_of(ticket_id: str) -> Ticket:
    """The ticket, or the one that it was merged into or is followed by."""
    ticket = ticket_of(ticket_id)
    for _ in range(_HOPS_LIMIT):
        if not (home_id := ticket.merged_into or ticket.followed_by):
            break
        ticket = ticket_of(home_id)
    return ticket


def number_of(ticket_id: str, opened_at: str, attempt: int) -> str:
    """`261129-480733`: the day in UTC, then six digits that tell nothing of how many there are."""
    chance = int.from_bytes(derived_id("", ticket_id, str(attempt)).encode()[-8:]) % 1_000_000
    return f"{opened_at[2:4]}{opened_at[5:7]}{opened_at[8:10]}-{chance:06d}"


class _Posting:
    """The writes of one message in a ticket as it shall be."""

    def __init__(self, ticket: Ticket, incoming: Incoming) -> None:
        sequence = ticket.messages
        self.source = put(
            Source(
                *source_key(_digest(incoming))[1:],
                ticket_id=ticket.ticket_id,
                sequence=sequence,
                fingerprint=_fingerprint(incoming),
            )
        )
        self.attached = belonging(incoming.attachments, incoming.author.id, ticket.ticket_id)
        self.writes = [
            put(_message(ticket.ticket_id, sequence, incoming)),
            *remembering(ticket.ticket_id, incoming),
            *self.attached,
        ]
        self._incoming = incoming

    def outcome(self, cancelled: Cancelled, along: Sequence[Write]) -> Posted | None:
        """What a cancelled write means: the message was there before, or (None) others were faster.

        Raises IdempotencyKeyReused, AttachmentRefused, or `cancelled` itself where it was for
        `along`.
        """
        if cancelled.failed(self.source):
            return _standing(self._incoming)
        for attachment_id, part in zip(self._incoming.attachments, self.attached, strict=True):
            if cancelled.failed(part):
                raise AttachmentRefused(attachment_id=attachment_id) from cancelled
        if any(cancelled.failed(part) for part in along):
            raise cancelled
        return None


def _new_ticket(ticket_id: str, incoming: Incoming, opening: Opening, attempt: int) -> Ticket:
    opened_at = clock.now_text()
    author = incoming.author
    return Ticket(
        *ticket_key(ticket_id)[1:],
        ticket_id=ticket_id,
        number=number_of(ticket_id, opened_at, attempt),
        subject=_cut(mask(" ".join(opening.subject.split())).text, SUBJECT_LIMIT),
        state=OPEN,
        priority=opening.priority,
        team=opening.team,
        tags=set(opening.tags) or None,
        user_id=opening.user_id or (author.id if author.kind == "user" else None),
        contact=contact_of(incoming),
        language=incoming.language,
        channel=incoming.channel,
        last_channel=incoming.channel,
        about=opening.about and opening.about._asdict(),
        follows=opening.follows,
        messages=1,
        opened_at=opened_at,
    )


def _with_message(ticket: Ticket, incoming: Incoming) -> Ticket:
    sequence = ticket.messages + 1
    if incoming.author.kind not in _PERSONS:
        return altered(ticket, messages=sequence)
    return altered(
        ticket,
        messages=sequence,
        state=after_a_message(ticket.state),
        last_channel=incoming.channel,
        language=incoming.language,
    )


def _message(ticket_id: str, sequence: int, incoming: Incoming) -> Message:
    masked = mask(incoming.text)
    return Message(
        *message_key(ticket_id, sequence)[1:],
        ticket_id=ticket_id,
        sequence=sequence,
        channel=incoming.channel,
        author_kind=incoming.author.kind,
        author_id=incoming.author.id,
        text=_cut(masked.text, TEXT_LIMIT),
        masked=masked.changed,
        language=incoming.language,
        at=clock.now_text(),
        attachments=list(incoming.attachments) or None,
        details=incoming.details,
        **_way(ticket_id, incoming),
    )


def _way(ticket_id: str, incoming: Incoming) -> dict[str, Any]:
    """What a person says goes nowhere; what we say waits to go out."""
    if incoming.author.kind in _PERSONS:
        return {}
    if incoming.sent:
        return {"delivery": SENT}
    return {
        "delivery": WAITING,
        "due_shard": due_shard(REPLIES, ticket_id),
        "due_at": clock.seconds() + settings().reply_wait_seconds,
    }


def _follow(ticket: Ticket, incoming: Incoming, along: Sequence[Write]) -> Posted | None:
    """Begins the one ticket that goes on with this one, which says so from then on; None when the
    ticket is no longer so.
    """
    marking = saving_writes(
        ticket, altered(ticket, followed_by=ticket_id_of(incoming.channel, incoming.source_id))
    )
    try:
        return open_ticket(incoming, _following(ticket), together_with=[*marking, *along])
    except Cancelled as cancelled:
        if any(cancelled.failed(part) for part in along):
            raise
        return None


def _following(ticket: Ticket) -> Opening:
    about = ticket.about and About(ticket.about["kind"], ticket.about["id"])
    return Opening(
        ticket.subject,
        user_id=ticket.user_id,
        about=about,
        team=ticket.team,
        follows=ticket.ticket_id,
    )


def _standing(incoming: Incoming) -> Posted:
    """What became of a message that was seen to be there. Raises IdempotencyKeyReused."""
    posted = earlier(incoming)
    if posted is None:
        raise ServiceUnavailable
    return posted


def _digest(incoming: Incoming) -> str:
    """What a message is known by. Keyed, for ids of messages can name people. Ours are known by who
    wrote them: on which channel they go may be another when they come again.
    """
    kind = incoming.author.kind
    space = incoming.channel if kind in _PERSONS else kind
    return keyed_hash("support source", f"{space}\x00{incoming.source_id}")


def _fingerprint(incoming: Incoming) -> str:
    """Keyed, for what was said before it was masked must not be found by trying."""
    said = "\x00".join((incoming.author.kind, incoming.author.id, incoming.text))
    return keyed_hash("support message", "\x00".join((said, *incoming.attachments)))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
