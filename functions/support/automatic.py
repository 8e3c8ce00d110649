"""Tickets that nobody had to ask for: what the wallet itself finds wrong becomes one, once.

A withdrawal that is late, a day that the bank's file does not agree with, an owner who says "this
wasn't me": each leaves a record that waits, written with what it is about. Here it becomes a ticket
and stops waiting, in one write. What such a ticket is about may come to an end elsewhere: that
waits in the same way, and solves it.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from functions.agents.actor import Actor, system
from functions.identity.directory import user_of
from functions.identity.dispute import Report, taken_up, waiting_reports
from functions.support.cases import (
    ACCOUNT_UNLOCKED,
    RECONCILIATION_MISMATCH,
    WAITING,
    WITHDRAWAL_OVERDUE,
    ended,
)
from functions.support.conversation import Opening, earlier, open_ticket, ticket_id_of
from functions.support.incoming import About, Author, Channel, Incoming, Posted, Priority
from functions.support.records import Case
from functions.support.settled import solve
from shared import clock
from shared.errors import Texts
from shared.sweep import sweep
from shared.table import Cancelled, Write, due_shards

_RUN_LIMIT = 200
_CHANNEL: Channel = "app"
_WALLET = Author("system", "wallet")
NOT_ME = "not_me"


class _Kind(NamedTuple):
    """about: what of the user's it is about, if it is. The text is for the user, where there is
    one, and for agents elsewhere.
    """

    subject: Texts
    text: Texts
    team: str
    priority: Priority
    about: Any = None


_KINDS = {
    WITHDRAWAL_OVERDUE: _Kind(
        Texts("提现未按时到账", "A withdrawal is late"),
        Texts(
            "您的提现 {about} 没有在预计时间到账。我们正在向银行查询；在银行确认之前，这笔钱一直"
            "为您保留。有结果后会在这里告诉您。",
            "Your withdrawal {about} has not arrived when it should have. We are asking the bank; "
            "the money stays reserved for you until it answers. We write here as soon as we know.",
        ),
        "payments",
        "high",
        "withdrawal",
    ),
    NOT_ME: _Kind(
        Texts("“不是我本人操作”", '"This wasn\'t me"'),
        Texts(
            "您报告了一项不是您本人的操作（编号 {about}）。账户已冻结，所有设备均已退出登录。"
            "客服核实您的身份后会恢复账户。",
            "You told us of something that was not you (number {about}). The account is frozen and "
            "every device signed out. Once we know that it is you, we open it again.",
        ),
        "security",
        "urgent",
        "security_event",
    ),
    RECONCILIATION_MISMATCH: _Kind(
        Texts("银行对账有差异：{about}", "The bank's file differs: {about}"),
        Texts(
            "{about} 的银行对账文件与账目有 {differences} 处差异，请财务查看当日报告。",
            "The bank's file of {about} differs from the books in {differences} places. Finance "
            "finds them in the report of the day.",
        ),
        "payments",
        "high",
    ),
}


def open_waiting(request_id: str) -> int:
    """Opens the tickets of what waits, and solves those of what is over; how many cases there were.

    Raises SweepIncomplete.
    """
    by = system(request_id)
    cases = sweep("open_support_cases", _cases(), lambda case: _of_case(case, by))
    return cases + sweep("open_support_reports", waiting_reports(_RUN_LIMIT), _of_report)


def ticket_of_report(report_id: str) -> str:
    """The id of the ticket of a "this wasn't me", whether it is there yet or not."""
    return ticket_id_of(_CHANNEL, _source_id(NOT_ME, report_id))


def open_for(
    kind: str,
    about: str,
    *,
    user_id: str | None,
    about_id: str | None = None,
    facts: dict[str, Any],
    done: Sequence[Write],
) -> Posted:
    """Opens the ticket of something that the wallet has found, together with `done`, once.

    about: what names it, also to people. about_id: of what it is about, where that is another.
    """
    known = _KINDS[kind]
    user = user_of(user_id) if user_id else None
    language = "en" if user is not None and user.language == "en" else "zh"
    values = {"about": about, "differences": facts.get("differences", "")}
    incoming = Incoming(
        channel=_CHANNEL,
        author=_WALLET,
        text=known.text.in_language(language, values),
        source_id=_source_id(kind, about),
        language=language,  # type: ignore[arg-type]  # of two
        sent=user is None,
    )
    opening = Opening(
        known.subject.in_language(language, values),
        user_id=user.user_id if user else None,
        about=About(known.about, about_id or about) if known.about else None,
        priority=known.priority,
        team=known.team,
        tags=("automatic", kind),
    )
    try:
        return open_ticket(incoming, opening, together_with=done)
    except Cancelled:
        # Another run was faster, with the same ticket.
        posted = earlier(incoming)
        if posted is None:
            raise
        return posted


def _source_id(kind: str, about: str) -> str:
    return f"{kind}:{about}"


def _cases() -> Iterator[Case]:
    now = clock.seconds()
    return chain.from_iterable(
        Case.due.query(shard, Case.due_at <= now, limit=_RUN_LIMIT) for shard in due_shards(WAITING)
    )


def _of_case(case: Case, by: Actor) -> None:
    if case.kind == ACCOUNT_UNLOCKED:
        solve(case, by=by)
        return
    done = [ended(case)]
    open_for(case.kind, case.about, user_id=case.user_id, facts=case.facts, done=done)


def _of_report(report: Report) -> None:
    open_for(
        NOT_ME,
        report.report_id,
        user_id=report.user_id,
        about_id=report.event_id,
        facts=report.facts,
        done=[taken_up(report)],
    )
