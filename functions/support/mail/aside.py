"""Mails that are in no ticket, for agents: seeing them, and letting one in after all.

To let one in, it is marked; who takes mails in does the rest, as if it had just come.
"""

from functions.agents import audit
from functions.agents.actor import Actor
from functions.identity.sealed import open_sealed, place
from functions.support.access import check_not_own
from functions.support.mail.intake import known_mail, line_of
from functions.support.mail.models import MailLineView, MailsQuery, MailsView, MailView
from functions.support.mail.raw_mails import readable_of
from functions.support.mail.records import (
    HELD,
    QUARANTINED,
    RELEASED,
    MailLine,
    ReceivedMail,
    mail_line_key,
    received_mail_key,
)
from functions.support.tickets import ticket_of
from shared import clock, mail
from shared.errors import NotFound, Problem, Texts
from shared.table import Cancelled, delete, due_shard, read, update, write
from shared.web.cursor import open_cursor, seal

RELEASES = "mail_release"
SEEN, LET_IN = "mail_seen", "mail_released"
# One with a virus is never let in.
_NEVER = frozenset({"virus"})


class NotToBeReleased(Problem):
    status = 409
    code = "MAIL_NOT_TO_BE_RELEASED"
    title = Texts("邮件不可放行", "Mail can't be released")
    detail = Texts(
        "该邮件含有病毒，或已在工单中。",
        "The mail has a virus, or is in a ticket already.",
    )


def list_aside(query: MailsQuery) -> MailsView:
    """A page of the mails in one state, the newest first. Raises InvalidCursor."""
    pk = mail_line_key(query.state, "", "").pk
    after = None if query.cursor is None else open_cursor(query.cursor, of=pk)
    found = list(
        MailLine.query(
            pk,
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    shown = found[: query.limit]
    keys = [received_mail_key(line.mail_id) for line in shown]
    standing = read(keys) if keys else None
    records = [standing.one(ReceivedMail, key) for key in keys] if standing else []
    return MailsView(
        items=[_line(record) for record in records if record is not None],
        next_cursor=seal(shown[-1].sk, of=pk) if len(found) > len(shown) else None,
    )


def show(mail_id: str, *, by: Actor) -> MailView:
    """The whole of a mail, as it can be shown; that it was looked at is kept. Raises NotFound,
    OwnAccount.
    """
    record = _standing(mail_id, by)
    audit.note(by, SEEN, mail_id, after={"ticket_id": record.ticket_id})
    readable = readable_of(mail_id)
    envelope = dict(record.envelope)
    return MailView(
        mail=_line(record),
        text=readable.text,
        html=readable.html,
        unread=list(readable.unread),
        verdicts={name: str(envelope[name]) for name in ("spam", "virus", "spf", "dkim", "dmarc")},
    )


def release(mail_id: str, *, by: Actor) -> MailLineView:
    """Has a mail taken in after all, within a minute or so; once. Raises NotFound, OwnAccount,
    NotToBeReleased.
    """
    record = _standing(mail_id, by)
    if record.state == RELEASED:
        return _line(record)
    if record.state not in {QUARANTINED, HELD} or record.reason in _NEVER:
        raise NotToBeReleased
    letting_in = update(
        ReceivedMail(record.pk, record.sk),
        [
            ReceivedMail.state.set(RELEASED),
            ReceivedMail.due_shard.set(due_shard(RELEASES, mail_id)),
            ReceivedMail.due_at.set(clock.seconds()),
        ],
        ReceivedMail.state == record.state,
    )
    deed = audit.record(
        by, LET_IN, mail_id, before={"state": record.state}, after={"state": RELEASED}
    )
    try:
        write(letting_in, delete(line_of(record)), deed)
    except Cancelled as cancelled:
        if not cancelled.failed(letting_in):
            raise
    return _line(_standing(mail_id, by))


def _standing(mail_id: str, by: Actor) -> ReceivedMail:
    record = known_mail(mail_id)
    if record is None:
        raise NotFound
    if record.ticket_id:
        check_not_own(ticket_of(record.ticket_id), by)
    return record


def _line(record: ReceivedMail) -> MailLineView:
    key = received_mail_key(record.mail_id)
    sender = record.sender and mail.masked(open_sealed(record.sender, of=place(key, "sender")))
    return MailLineView(
        mail_id=record.mail_id,
        state=record.state,
        reason=record.reason,
        sender=sender or None,
        subject=record.subject,
        received_at=record.received_at,
        ticket_id=record.ticket_id,
    )
