"""How support is doing, counted as it happens: by day and channel, and what lies before us now.

A count is written with what it counts, so figures need no scan and can't drift. Counters that all
write to are split into shards by the ticket.
"""

import zlib
from collections import Counter, defaultdict
from datetime import date, timedelta

from pynamodb.expressions.condition import Condition

from functions.support.models import BacklogView, DayFigures, FiguresQuery, FiguresView
from functions.support.records import (
    REOPENED,
    SOLVED,
    Backlog,
    Figures,
    Ticket,
    backlog_key,
    figures_key,
)
from functions.support.states import STATES
from shared import clock
from shared.errors import Texts
from shared.observability import count, measure_seconds
from shared.table import Write, update
from shared.web.problems import InvalidField

_SHARDS = 4
_DAYS_LIMIT = 31
_COUNTED = (
    "opened", "answered", "answer_seconds", "solved", "solve_seconds", "reopened", "rated",
    "rating_sum", "broken",
)  # fmt: skip

_METRICS = {
    "opened": "TicketsOpened",
    "solved": "TicketsSolved",
    "reopened": "TicketsReopened",
    "broken": "PromisesBroken",
    "rating_sum": "TicketRating",
}
_TIMES = {"answer_seconds": "FirstAnswerTime", "solve_seconds": "SolvingTime"}


def counting(before: Ticket | None, after: Ticket) -> list[Write]:
    """The writes that count a change of a ticket."""
    writes = []
    if happened := _happened(before, after):
        day = clock.local_day()
        figures = Figures(*figures_key(day, _place(after))[1:], day=day, channel=after.channel)
        adding = [getattr(Figures, name).add(value) for name, value in happened.items()]
        adding += [Figures.day.set(day), Figures.channel.set(after.channel)]
        writes.append(update(figures, adding, _anyhow(Figures)))
    if before is None or before.state != after.state:
        backlog = Backlog(*backlog_key(_place(after))[1:])
        moved = [getattr(Backlog, after.state).add(1), Backlog.channel.set(after.channel)]
        if before is not None:
            moved.append(getattr(Backlog, before.state).add(-1))
        writes.append(update(backlog, moved, _anyhow(Backlog)))
    return writes


def tell(before: Ticket | None, after: Ticket) -> None:
    """The same as metrics, once it has happened."""
    happened, channel = _happened(before, after), after.channel
    for name, metric in _METRICS.items():
        if name in happened:
            count(metric, happened[name], channel=channel)
    for name, metric in _TIMES.items():
        if name in happened:
            measure_seconds(metric, happened[name], channel=channel)


def figures(query: FiguresQuery) -> FiguresView:
    """Each day and channel on which something happened, and what lies before us now.

    Raises InvalidField for more than 31 days.
    """
    last = _date("to", query.to or clock.local_day())
    first = _date("from", query.from_) if query.from_ else last - timedelta(days=6)
    if not timedelta(0) <= last - first < timedelta(days=_DAYS_LIMIT):
        reason = Texts("最多 31 天", "takes at most 31 days, and ends no earlier than it begins")
        raise InvalidField(field="from", reason=reason)
    sums: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for month in sorted({first.isoformat()[:7], last.isoformat()[:7]}):
        pk = figures_key(f"{month}-01", "").pk
        days = Figures.sk.between(f"{first}#", f"{last}#~")
        for one in Figures.query(pk, days, consistent_read=True):
            sums[one.day, one.channel].update(
                {name: int(getattr(one, name) or 0) for name in _COUNTED}
            )
    items = [_day(day, channel, counted) for (day, channel), counted in sorted(sums.items())]
    return FiguresView(items=items, backlog=backlog())


def backlog() -> list[BacklogView]:
    """How many tickets are in each state, by channel."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in Backlog.query(backlog_key("").pk, consistent_read=True):
        sums[one.channel].update({state: int(getattr(one, state) or 0) for state in STATES})
    return [
        BacklogView(channel=channel, states={state: counted[state] for state in STATES})
        for channel, counted in sorted(sums.items())
    ]


def tell_backlog() -> int:
    """The backlog as metrics; how many tickets wait for us."""
    waiting = 0
    for one in backlog():
        here = one.states["open"] + one.states["reopened"]
        count("TicketsWaiting", here, channel=one.channel)
        waiting += here
    return waiting


def _date(name: str, text: str) -> date:
    """Raises InvalidField for a day that there is none of, `2026-02-30`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidField(field=name, reason=Texts("没有这一天", "is no day")) from error


def _happened(before: Ticket | None, after: Ticket) -> dict[str, int]:
    """What a change of a ticket adds to which counter."""
    if before is None:
        return {"opened": 1}
    happened: dict[str, int] = {}
    if after.answered_at and not before.answered_at:
        happened |= {"answered": 1, "answer_seconds": _since_opened(after)}
    if after.state != before.state and after.state == SOLVED:
        happened |= {"solved": 1, "solve_seconds": _since_opened(after)}
    if after.state != before.state and after.state == REOPENED:
        happened["reopened"] = 1
    if after.rating and not before.rating:
        happened |= {"rated": 1, "rating_sum": after.rating}
    if broken := len(set(after.broken or ()) - set(before.broken or ())):
        happened["broken"] = broken
    return happened


def _since_opened(ticket: Ticket) -> int:
    return clock.seconds() - clock.seconds_of(ticket.opened_at)


def _day(day: str, channel: str, counted: Counter[str]) -> DayFigures:
    return DayFigures(
        day=day,
        channel=channel,  # type: ignore[arg-type]  # of the seven
        opened=counted["opened"],
        answered=counted["answered"],
        first_answer_seconds=_mean(counted["answer_seconds"], counted["answered"]),
        solved=counted["solved"],
        solving_seconds=_mean(counted["solve_seconds"], counted["solved"]),
        reopened=counted["reopened"],
        rated=counted["rated"],
        rating_hundredths=_mean(counted["rating_sum"] * 100, counted["rated"]),
        promises_broken=counted["broken"],
    )


def _mean(total: int, number: int) -> int | None:
    return round(total / number) if number else None


def _place(ticket: Ticket) -> str:
    return f"{ticket.channel}#{zlib.crc32(ticket.ticket_id.encode()) % _SHARDS}"


def _anyhow(model: type[Figures] | type[Backlog]) -> Condition:
    always: Condition = model.pk.exists() | model.pk.does_not_exist()
    return always
