""" "This wasn't me": the owner of an account says that somebody else did what an event tells of.

Everything that stops a thief is one write: the account is frozen, every session ends (the caller's
too, for the thief may be on it), and a report waits for support. What was scheduled before does not
arrive. Money can come in; nothing goes out until support has made sure who the owner is.
"""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from pynamodb.expressions.condition import Condition

from functions.identity.models import Disputed
from functions.identity.notices import Notice, Telling, telling
from functions.identity.origin import Origin
from functions.identity.records import (
    Report,
    SecurityEvent,
    User,
    report_key,
    security_event_key,
    user_key,
)
from functions.identity.security_events import Happening, record
from functions.identity.sessions import all_sessions
from shared import clock
from shared.errors import NotFound, ServiceUnavailable, Texts
from shared.identifiers import new_id
from shared.ledger.accounts import status_change
from shared.ledger.errors import AccountClosed
from shared.ledger.records import FROZEN
from shared.observability import count, logger
from shared.table import Cancelled, Write, delete, due_shard, due_shards, put, read, update, write

__all__ = ["Report", "closing", "dispute", "open_reports", "taken_up", "waiting_reports"]
REPORTS = "report"
OPEN, CLOSED = "open", "closed"
_NOT_ME = "not_me"
_TRIES = 5
_REPORTS_LIMIT = 20

_NEXT_STEP = Texts(
    "账户已冻结，所有设备均已退出登录，尚未到账的转账不会到账。"
    "请凭编号 {report_id} 联系客服，核实身份后恢复账户。",
    "The account is frozen, every device is signed out, and what has not arrived yet will not "
    "arrive. Contact support with the number {report_id}: once they know that it is you, "
    "they open the account again.",
)


class _Standing(NamedTuple):
    """What a dispute is about, as it was read. `report`: an open one about the same event."""

    user: User
    event: SecurityEvent
    report: Report | None


def dispute(user_id: str, event_id: str, *, origin: Origin, language: str) -> Disputed:
    """Stops everything, once; said again, it stops what has begun since, in the same report.

    Raises NotFound, AccountClosed, ServiceUnavailable.
    """
    for _ in range(_TRIES):
        standing = _read(user_id, event_id)
        report = standing.report or _report(standing.event, user_id, origin)
        told = telling(standing.user, Notice.DISPUTED)
        if _stopped(standing, report, origin, told):
            if standing.report is None:
                _tell(standing, told)
            return _answer(report, language)
        # Somebody signed in, or disputed the same event, after this was read.
    raise ServiceUnavailable


def open_reports(user_id: str) -> list[Report]:
    """What a user has disputed and nobody has dealt with yet; a user's newest events name them."""
    _, pk, beginning = security_event_key(user_id, "ev_")
    events = SecurityEvent.query(
        pk,
        SecurityEvent.sk.startswith(beginning),
        filter_condition=SecurityEvent.report_id.exists(),
        consistent_read=True,
        scan_index_forward=False,
        limit=_REPORTS_LIMIT,
    )
    keys = list({report_key(str(event.report_id)) for event in events})
    found = read(keys) if keys else None
    reports = [found.one(Report, key) for key in keys] if found else []
    return [one for one in reports if one is not None and one.status == OPEN]


def closing(report: Report) -> Write:
    """Ends a report with what was done about it; it no longer waits for support."""
    ending = [Report.status.set(CLOSED), Report.due_shard.remove(), Report.due_at.remove()]
    return update(Report(report.pk, report.sk), ending, Report.status == OPEN)


def waiting_reports(limit: int) -> Iterator[Report]:
    """The reports that support has not taken up, up to `limit` of each shard."""
    now = clock.seconds()
    return chain.from_iterable(
        Report.due.query(shard, Report.due_at <= now, limit=limit) for shard in due_shards(REPORTS)
    )


def taken_up(report: Report) -> Write:
    """Ends its waiting; it stays open until support knows who the owner is. Fails if it ended."""
    return update(
        Report(report.pk, report.sk),
        [Report.due_shard.remove(), Report.due_at.remove()],
        Report.due_shard.exists(),
    )


def _read(user_id: str, event_id: str) -> _Standing:
    its_key, event_key = user_key(user_id), security_event_key(user_id, event_id)
    found = read([its_key, event_key])
    user, event = found.one(User, its_key), found.one(SecurityEvent, event_key)
    if user is None or event is None:
        raise NotFound
    return _Standing(user, event, _open_report(event))


def _open_report(event: SecurityEvent) -> Report | None:
    if not event.report_id:
        return None
    key = report_key(event.report_id)
    report = read([key]).one(Report, key)
    return report if report is not None and report.status == OPEN else None


def _report(event: SecurityEvent, user_id: str, origin: Origin) -> Report:
    report_id = new_id("rp")
    told = ("kind", "created_at", "device", "address", "country", "details")
    facts = {name: value for name in told if (value := getattr(event, name)) is not None}
    return Report(
        *report_key(report_id)[1:],
        report_id=report_id,
        user_id=user_id,
        kind=_NOT_ME,
        status=OPEN,
        event_id=event.event_id,
        facts={
            "event": facts,
            "asked_from": {"address": origin.address, "country": origin.country},
        },
        created_at=clock.now_text(),
        due_shard=due_shard(REPORTS, report_id),
        due_at=clock.seconds(),
    )


def _stopped(standing: _Standing, report: Report, origin: Origin, told: Telling) -> bool:
    """Writes it all at once; False when something is not any more as it was read."""
    user, event = standing.user, standing.event
    freezing = status_change(user.user_id, FROZEN)
    suspecting = update(
        User(user.pk, user.sk),
        [User.disputed_at.set(clock.seconds())],
        User.user_id.exists() & (User.sign_ins == user.sign_ins),
    )
    ending = [delete(session) for session in all_sessions(user.user_id)]
    reporting: list[Write] = []
    if standing.report is None:
        reporting = [*_reporting(event, report, user.user_id, origin), told.writing]
    try:
        write(freezing, suspecting, *ending, *reporting)
    except Cancelled as cancelled:
        if cancelled.failed(freezing):
            raise AccountClosed from cancelled
        return False
    return True


def _reporting(event: SecurityEvent, report: Report, user_id: str, origin: Origin) -> list[Write]:
    as_read: Condition = SecurityEvent.report_id.does_not_exist()
    if event.report_id:
        as_read = SecurityEvent.report_id == event.report_id
    marking = update(
        SecurityEvent(event.pk, event.sk),
        [SecurityEvent.report_id.set(report.report_id)],
        SecurityEvent.event_id.exists() & as_read,
    )
    details = {"event_id": event.event_id, "report_id": report.report_id}
    return [
        marking,
        put(report),
        record(user_id, Happening.DISPUTED, origin=origin, details=details),
    ]


def _tell(standing: _Standing, told: Telling) -> None:
    user, kind = standing.user, standing.event.kind
    logger.warning("disputed", extra={"user_id": user.user_id, "kind": kind})
    count("Disputes", kind=kind)
    told.send()


def _answer(report: Report, language: str) -> Disputed:
    return Disputed(
        report_id=report.report_id,
        report_status="open",
        account_status="frozen",
        signed_out=True,
        next_step=_NEXT_STEP.in_language(language, {"report_id": report.report_id}),
    )
