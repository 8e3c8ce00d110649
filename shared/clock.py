"""The one source of time. Tests move it with `clock.set_source`."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import cache
from zoneinfo import ZoneInfo

from shared.settings import settings

_source: Callable[[], float] = time.time


def set_source(source: Callable[[], float] | None) -> None:
    """Takes the time from `source` (seconds since 1970, UTC); None goes back to the machine's."""
    global _source
    _source = source or time.time


def seconds() -> int:
    """Seconds since 1970, UTC."""
    return int(_source())


def milliseconds() -> int:
    return int(_source() * 1000)


def text_of(milliseconds_since_1970: int) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`."""
    moment = datetime.fromtimestamp(milliseconds_since_1970 / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds_since_1970 % 1000:03d}Z"


def seconds_of(text: str) -> int:
    """What `text_of` has written, in seconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp())


def milliseconds_of(text: str) -> int:
    """What `text_of` has written, in milliseconds since 1970."""
    return seconds_of(text) * 1000 + int(text[-4:-1])


def now_text() -> str:
    return text_of(milliseconds())


def local_day() -> str:
    """The day that daily limits count in, by the configured time zone: `2026-11-22`."""
    return _local_now().date().isoformat()


def local_hour() -> str:
    """The hour that paces count in, by the configured time zone: `2026-11-22T14`."""
    return _local_now().isoformat()[:13]


def local_moment(at_seconds: int) -> datetime:
    """A moment on the clock of the configured time zone. at_seconds: since 1970."""
    return datetime.fromtimestamp(at_seconds, _zone())


def local_month_ms(month: str) -> tuple[int, int]:
    """When a local month (`2026-11`) begins and when the next one does, milliseconds since 1970."""
    year, number = (int(part) for part in month.split("-"))
    first = datetime(year, number, 1, tzinfo=_zone())
    next_first = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=_zone())
    return int(first.timestamp() * 1000), int(next_first.timestamp() * 1000)


def next_local_time_seconds(text: str) -> int:
    """When the local clock shows a time (`03:30`) next, in seconds since 1970; not now.

    Raises ValueError for what is no time.
    """
    now, wanted = _local_now(), time_of_day.fromisoformat(text)
    day = now.date() if now.timetz().replace(tzinfo=None) < wanted else now.date() + timedelta(1)
    return int(datetime.combine(day, wanted, _zone()).timestamp())


def next_local_midnight_seconds() -> int:
    """When the present local day ends, in seconds since 1970."""
    return bounds_of_day(local_day())[1]


def bounds_of_day(day: str) -> tuple[int, int]:
    """When a local day (`2026-11-22`) begins and when it has ended, in seconds since 1970."""
    midnight = datetime.combine(date.fromisoformat(day), time_of_day(), _zone())
    return int(midnight.timestamp()), int((midnight + timedelta(days=1)).timestamp())


def _local_now() -> datetime:
    return datetime.fromtimestamp(_source(), _zone())


@cache
def _zone() -> ZoneInfo:
    return ZoneInfo(settings().time_zone)
