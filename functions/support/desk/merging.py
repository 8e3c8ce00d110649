"""Making one ticket of two, and two of one.

Both are single writes, and move no message: a merged ticket keeps what was said in it, and is read
as part of the other; what is split off is copied, and marked where it was. So nothing is lost on
the way, and people are never mixed: only tickets of the same person come together.
"""

from typing import Any

from functions.agents import audit
from functions.agents.actor import Actor
from functions.support import figures, queues
from functions.support.access import check_not_own
from functions.support.conversation import number_of
from functions.support.desk.models import SplitRequest
from functions.support.incoming import Author
from functions.support.masking import mask
from functions.support.notes import noted
from functions.support.records import (
    CLOSED,
    OPEN,
    Message,
    Ticket,
    message_key,
    ticket_key,
)
from functions.support.reply import TicketClosed
from functions.support.tickets import (
    altered,
    saving_writes,
    ticket_of,
    tries,
)
from functions.support.ways import copying
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.table import Cancelled, Write, put, read, update, write
from shared.web.problems import InvalidField

MERGED_LIMIT = 10


class NotTheSamePerson(Problem):
    status = 409
    code = "NOT_THE_SAME_PERSON"
    title = Texts("不是同一个人", "Not the same person")
    detail = Texts(
        "只能合并同一个人的工单。", "Only tickets of the same person can be made into one."
    )


class MergedAlready(Problem):
    status = 409
    code = "MERGED_ALREADY"
    title = Texts("已合并", "Merged already")
    detail = Texts(
        "其中一个工单已并入其他工单，或合并的工单过多。",
        "One of them belongs to another ticket already, or too many do.",
    )


def merge(ticket_id: str, into: str, *, by: Actor) -> Ticket:
    """Makes a ticket part of another; done again, it changes nothing. Gives the other.

    Raises NotFound, OwnAccount, InvalidField, NotTheSamePerson, MergedAlready, TicketClosed.
    """
    if ticket_id == into:
        raise InvalidField(field="into", reason=Texts("是同一个工单", "is the same ticket"))
    for _ in tries():
        source, target = ticket_of(ticket_id), ticket_of(into)
        if source.merged_into == into:
            check_not_own(target, by)
            return target
        _check_mergeable(source, target, by)
        source_after, source_notes = noted(
            altered(source, state=CLOSED, merged_into=into), "merged_into", by=_author(by),
            details={"ticket_id": into, "number": target.number},
        )  # fmt: skip
        merged = [*(target.merged or ()), ticket_id, *(source.merged or ())]
        target_after, target_notes = noted(
            altered(target, merged=merged, **_newest_way(source, target)), "merged", by=_author(by),
            details={"ticket_id": ticket_id, "number": source.number},
        )  # fmt: skip
        deed = audit.record(by, "ticket_merged", ticket_id, after={"into": into})
        along = [*source_notes, *target_notes, deed]
        if _is_newer(source, target):
            along += copying(source, into)
        if _both_saved((source, source_after), (target, target_after), along):
            return target_after
    raise ServiceUnavailable


def split(ticket_id: str, wish: SplitRequest, *, by: Actor) -> Ticket:
    """Begins a ticket with some messages of another; gives the new one, once per `client_id`.

    Raises NotFound, OwnAccount, InvalidField for messages that are not there or were split off.
    """
    new_id = derived_id("tk", "split", ticket_id, by.id, wish.client_id)
    for attempt, _ in enumerate(tries()):
        ticket = ticket_of(ticket_id)
        check_not_own(ticket, by)
        key = ticket_key(new_id)
        if standing := read([key]).one(Ticket, key):
            return standing
        moved = _messages(ticket, wish.sequences)
        fresh = _split_off(ticket, new_id, wish.subject, moved, attempt)
        after, notes = noted(
            ticket, "split", by=_author(by), details={"ticket_id": new_id, "number": fresh.number}
        )
        deed = audit.record(
            by, "ticket_split", ticket_id, after={"into": new_id, "sequences": wish.sequences}
        )
        saving = [*saving_writes(ticket, after), *notes, deed]
        opening = [*saving_writes(None, fresh), queues.taking_number(fresh)]
        try:
            write(*saving, *opening, *copying(ticket, new_id), *_copied(new_id, moved))
        except Cancelled:
            continue
        figures.tell(None, fresh)
        return fresh
    raise ServiceUnavailable


def _check_mergeable(source: Ticket, target: Ticket, by: Actor) -> None:
    check_not_own(source, by)
    check_not_own(target, by)
    if source.merged_into or target.merged_into:
        raise MergedAlready
    if len(target.merged or ()) + len(source.merged or ()) >= MERGED_LIMIT:
        raise MergedAlready
    if target.state == CLOSED:
        raise TicketClosed
    same_user = bool(source.user_id) and source.user_id == target.user_id
    both_unknown = not source.user_id and not target.user_id
    same_contact = bool(source.contact) and source.contact == target.contact
    if not (same_user or (both_unknown and same_contact)):
        raise NotTheSamePerson


def _is_newer(source: Ticket, target: Ticket) -> bool:
    return bool(source.opened_at > target.opened_at)


def _newest_way(source: Ticket, target: Ticket) -> dict[str, str]:
    """Answers go where the newer of the two came from."""
    return {"last_channel": source.last_channel} if _is_newer(source, target) else {}


def _both_saved(
    source: tuple[Ticket, Ticket], target: tuple[Ticket, Ticket], along: list[Write]
) -> bool:
    """False when one of them is no longer as it was read."""
    try:
        write(*saving_writes(*source), *saving_writes(*target), *along)
    except Cancelled:
        return False
    figures.tell(*source)
    figures.tell(*target)
    return True


def _messages(ticket: Ticket, sequences: list[int]) -> list[Message]:
    """Raises InvalidField."""
    keys = [message_key(ticket.ticket_id, sequence) for sequence in sorted(set(sequences))]
    found = read(keys)
    messages = [found.one(Message, key) for key in keys]
    fit = [one for one in messages if one is not None and not one.moved_to]
    if len(fit) < len(keys):
        reason = Texts("没有这些消息，或已拆分", "names messages that are not there, or were split")
        raise InvalidField(field="sequences", reason=reason)
    return fit


def _split_off(
    ticket: Ticket, new_id: str, subject: str, moved: list[Message], attempt: int
) -> Ticket:
    opened_at = clock.now_text()
    return Ticket(
        *ticket_key(new_id)[1:],
        ticket_id=new_id,
        number=number_of(new_id, opened_at, attempt),
        subject=mask(" ".join(subject.split())).text,
        state=OPEN,
        priority=ticket.priority,
        team=ticket.team,
        user_id=ticket.user_id,
        contact=ticket.contact,
        language=ticket.language,
        channel=ticket.channel,
        last_channel=ticket.last_channel,
        split_from=ticket.ticket_id,
        messages=len(moved),
        opened_at=opened_at,
    )


def _copied(new_id: str, moved: list[Message]) -> list[Write]:
    writes: list[Write] = []
    for sequence, message in enumerate(moved, start=1):
        kept: dict[str, Any] = {
            name: value
            for name, value in message.attribute_values.items()
            if name not in ("pk", "sk", "due_shard", "due_at", "ticket_id", "sequence")
        }
        copy = Message(
            *message_key(new_id, sequence)[1:], **kept | {"ticket_id": new_id, "sequence": sequence}
        )
        if copy.delivery is not None:
            # It goes out once, from where it was said.
            copy.delivery = "sent"
        marking = [Message.moved_to.set(new_id)]
        unmoved = Message.pk.exists() & Message.moved_to.does_not_exist()
        writes += [put(copy), update(Message(message.pk, message.sk), marking, unmoved)]
    return writes


def _author(by: Actor) -> Author:
    return Author("agent", by.id)
