"""Sending what we say on its way back: at once, and by a schedule when that failed.

A message waits from the moment it is written, so none is forgotten. Each try is counted before it
is made; it goes out at least once, or the ticket gets a note that it could not be sent.
"""

from collections.abc import Iterator
from itertools import chain

from functions.identity.sealed import SealBroken
from functions.support.channels import Outgoing, TryLater, Undeliverable, way_back
from functions.support.conversation import REPLIES
from functions.support.incoming import Author
from functions.support.notes import noted
from functions.support.records import FAILED, SENT, WAITING, Message, Ticket, message_key
from functions.support.tickets import Change, alter, ticket_of
from functions.support.ways import way_of
from shared import clock
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.settings import settings
from shared.sweep import sweep
from shared.table import Cancelled, change, due_shards, read, update

_RUN_LIMIT = 500
_LONGEST_WAIT_SECONDS = 3_600
_COURIER = Author("system", "delivery")


def send_now(ticket_id: str, sequence: int) -> None:
    """Sends a message that has just been written; what nobody takes stays for the schedule.

    It raises nothing: the message stands, and whoever wrote it must not be told otherwise.
    """
    key = message_key(ticket_id, sequence)
    try:
        message = read([key]).one(Message, key)
        if message is not None and message.delivery == WAITING and message.tries == 0:
            _try(message)
    except Exception:  # the schedule sends it, and its alarm rings when that fails too
        logger.exception("reply_not_sent_at_once", extra={"ticket_id": ticket_id})
        count("SupportRepliesDelayed", channel="any")


def send_waiting() -> int:
    """Sends what stayed behind; how many there were. Raises SweepIncomplete."""
    return sweep("send_support_replies", _due(), _try)


def _due() -> Iterator[Message]:
    now = clock.seconds()
    return chain.from_iterable(
        Message.due.query(shard, Message.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(REPLIES)
    )


def _try(message: Message) -> None:
    tries = message.tries
    if tries >= settings().reply_tries:
        _fail(message, "tries_used_up")
        return
    # Counted first: one at which the process dies must not be tried for ever.
    wait_seconds = min(settings().reply_wait_seconds << tries, _LONGEST_WAIT_SECONDS)
    trying = [Message.tries.set(tries + 1), Message.due_at.set(clock.seconds() + wait_seconds)]
    as_read = (Message.due_at == message.due_at) & (Message.delivery == WAITING)
    if change(Message(message.pk, message.sk), trying, as_read):
        _deliver(message)


def _deliver(message: Message) -> None:
    fields = {"ticket_id": message.ticket_id, "channel": message.channel}
    try:
        way_back(message.channel)(_outgoing(message))
    except Undeliverable as error:
        logger.warning("reply_undeliverable", extra=fields | {"reason": error.why})
        _fail(message, error.why)
    except (TryLater, SealBroken, ServiceUnavailable) as error:
        logger.warning("reply_not_sent", extra=fields | {"reason": type(error).__name__})
        count("SupportRepliesDelayed", channel=message.channel)
    else:
        _end(message, SENT)
        count("SupportRepliesSent", channel=message.channel)


def _end(message: Message, delivery: str) -> None:
    ending = [
        Message.delivery.set(delivery),
        Message.due_shard.remove(),
        Message.due_at.remove(),
    ]
    change(Message(message.pk, message.sk), ending, Message.delivery == WAITING)


def _fail(message: Message, why: str) -> None:
    """Ends it, with a note for the agents, in one write."""
    failing = update(
        Message(message.pk, message.sk),
        [Message.delivery.set(FAILED), Message.due_shard.remove(), Message.due_at.remove()],
        Message.delivery == WAITING,
    )
    details = {"sequence": message.sequence, "channel": message.channel, "why": why}

    def with_note(ticket: Ticket) -> Change:
        after, along = noted(ticket, "delivery_failed", by=_COURIER, details=details)
        return Change(after, [*along, failing])

    try:
        alter(message.ticket_id, with_note)
    except Cancelled as cancelled:
        if not cancelled.failed(failing):
            raise
        return  # Another run has ended it.
    count("SupportRepliesFailed", channel=message.channel)


def _outgoing(message: Message) -> Outgoing:
    ticket = ticket_of(message.ticket_id)
    way = way_of(message.ticket_id, message.channel)
    return Outgoing(
        message_id=f"{message.ticket_id}-{message.sequence}",
        ticket_id=message.ticket_id,
        number=ticket.number,
        subject=ticket.subject,
        user_id=ticket.user_id,
        language=ticket.language,
        sequence=message.sequence,
        author=Author(message.author_kind, message.author_id),  # type: ignore[arg-type]  # of four
        text=message.text,
        attachments=tuple(message.attachments or ()),
        address=way.address,
        details=way.details or {},
        tries=message.tries,
    )
