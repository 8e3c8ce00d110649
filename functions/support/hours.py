"""When somebody is here: business hours, in which promises are counted."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from shared import clock
from shared.settings import settings

_LOOK_AHEAD_DAYS = 400


class _Week(NamedTuple):
    """days: ISO, 1 is Monday. opens, closes: seconds after midnight."""

    days: frozenset[int]
    holidays: frozenset[str]
    opens: int
    closes: int


def is_open(at: int) -> bool:
    """at: seconds since 1970."""
    return opens_at(at) == at


def opens_at(at: int) -> int:
    """The first second from `at` on at which somebody is here."""
    return max(at, next(_spans(at))[0])


def after(at: int, business_seconds: int) -> int:
    """When so many seconds of business hours have passed since `at`."""
    left = business_seconds
    for opens, closes in _spans(at):
        begins = max(at, opens)
        if left <= closes - begins:
            return begins + left
        left -= closes - begins
    raise ValueError("nobody is ever here")


def between(at: int, until: int) -> int:
    """How many seconds of business hours lie between two moments; none when they are reversed."""
    passed = 0
    for opens, closes in _spans(at):
        if opens >= until:
            break
        passed += max(0, min(closes, until) - max(at, opens))
    return passed


def _spans(at: int) -> Iterator[tuple[int, int]]:
    """The hours of each business day whose end is after `at`. Raises ValueError in the end."""
    week = _week(settings().support_days, settings().support_hours, settings().support_holidays)
    day = clock.local_moment(at).date()
    for _ in range(_LOOK_AHEAD_DAYS):
        if day.isoweekday() in week.days and day.isoformat() not in week.holidays:
            midnight = clock.bounds_of_day(day.isoformat())[0]
            if midnight + week.closes > at:
                yield midnight + week.opens, midnight + week.closes
        day += timedelta(days=1)
    raise ValueError("nobody is here for more than a year")


@cache
def _week(days: str, hours: str, holidays: str) -> _Week:
    """Raises ValueError for hours that are none."""
    opens, closes = (_seconds(part) for part in hours.split("-"))
    if not opens < closes <= 86_400 or not set(days) <= set("1234567"):
        raise ValueError(f"no business hours: {days} {hours}")
    named = frozenset(date.fromisoformat(one).isoformat() for one in holidays.split(",") if one)
    return _Week(frozenset(map(int, days)), named, opens, closes)


def _seconds(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 3600 + int(minute) * 60
