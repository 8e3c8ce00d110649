"""When a withdrawal arrives: banks work in their hours, on working days, and take their time.

The hours are data in `banks.json`, or in the file that the setting `bank_hours` names. Which days
are worked in China is set anew each autumn for the year to come; the library that knows it ends
with the year of its release. Beyond that weekdays are taken for working days, and it is counted.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from shared import clock
from shared.observability import count, logger
from shared.settings import settings

_DAYS_LIMIT = 100
_SATURDAY = 5


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a bank pays out, in hours of the local clock, and how much of that time it takes.

    always: also on days that are no working days.
    """

    opens: Annotated[int, msgspec.Meta(ge=0, le=23)]
    closes: Annotated[int, msgspec.Meta(ge=1, le=24)]
    takes_minutes: Annotated[int, msgspec.Meta(ge=1, le=10_080)]
    always: bool = False

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError("a bank closes after it opens")


class Banks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hours of banks by their names, and those of all others."""

    otherwise: Hours
    banks: dict[str, Hours]


def arrival(bank: str, start_seconds: int) -> str:
    """When a withdrawal that is handed to `bank` then is there at the latest, in RFC 3339."""
    hours = _banks().banks.get(bank, _banks().otherwise)
    moment = clock.local_moment(start_seconds)
    left = timedelta(minutes=hours.takes_minutes)
    for _ in range(_DAYS_LIMIT):
        midnight = datetime.combine(moment.date(), time(), moment.tzinfo)
        begins = max(moment, midnight + timedelta(hours=hours.opens))
        open_for = midnight + timedelta(hours=hours.closes) - begins
        if open_for > timedelta() and (hours.always or is_working_day(moment.date())):
            if left <= open_for:
                return clock.text_of(int((begins + left).timestamp()) * 1000)
            left -= open_for
        moment = midnight + timedelta(days=1)
    raise ValueError(f"{bank} takes longer than can be told")


def is_working_day(day: date) -> bool:
    """Whether banks in China work on that day, as far as it is known."""
    from chinese_calendar import is_workday  # Only what asks for an arrival pays for this import.

    try:
        return bool(is_workday(day))
    except NotImplementedError:
        logger.warning("working_days_unknown", extra={"year": day.year})
        count("WorkingDaysUnknown")
        return day.weekday() < _SATURDAY


def loaded(path: Path) -> Banks:
    """The hours in a file. Raises OSError, and msgspec.ValidationError for bad ones."""
    return msgspec.json.decode(path.read_bytes(), type=Banks)


@cache
def _banks() -> Banks:
    own = Path(__file__).with_name("banks.json")
    return loaded(Path(settings().bank_hours) if settings().bank_hours else own)
