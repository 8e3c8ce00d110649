"""When a withdrawal arrives: by the hours of its bank and the working days of China."""

import io
import json
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest

from functions.withdrawals.arrival import arrival, is_working_day, loaded

SANDBOX, ANY = "沙盒银行 Sandbox Bank", "Some Bank"


def shanghai(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}:00+08:00").timestamp())


def local(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(
        datetime.fromisoformat("2026-01-01T00+08:00").tzinfo
    )
    return moment.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("bank", "asked", "there"),
    [
        (SANDBOX, "2026-03-02T10:00", "2026-03-02 12:00"),  # within its hours
        (SANDBOX, "2026-03-02T07:00", "2026-03-02 11:00"),  # before it opens
        (SANDBOX, "2026-03-02T15:00", "2026-03-02 17:00"),  # just in time
        (SANDBOX, "2026-03-02T16:00", "2026-03-03 10:00"),  # what is left is done the next day
        (SANDBOX, "2026-03-02T17:00", "2026-03-03 11:00"),  # it has closed
        (SANDBOX, "2026-03-06T18:00", "2026-03-09 11:00"),  # over a weekend
        (SANDBOX, "2026-09-30T18:00", "2026-10-08 11:00"),  # over the National Day holidays
        (SANDBOX, "2026-10-10T10:00", "2026-10-10 12:00"),  # a Saturday that is worked
        (SANDBOX, "2026-02-16T10:00", "2026-02-24 11:00"),  # Chinese New Year
        (ANY, "2026-03-02T10:00", "2026-03-03 10:00"),  # a whole day of its hours
        (SANDBOX, "2027-02-06T10:00", "2027-02-08 11:00"),  # beyond what is known: weekdays
    ],
)
def test_it_arrives_when_the_bank_has_worked_long_enough(bank: str, asked: str, there: str) -> None:
    assert local(arrival(bank, shanghai(asked))) == there


def test_a_year_that_nobody_has_told_yet_is_guessed_and_the_log_says_so(
    log_text: io.StringIO,
) -> None:
    assert is_working_day(date(2031, 1, 1)), "New Year, but a Wednesday"
    assert not is_working_day(date(2031, 1, 4))

    assert "working_days_unknown" in log_text.getvalue()


def hours(**change: object) -> dict[str, object]:
    return {"opens": 9, "closes": 17, "takes_minutes": 60} | change


def test_a_bank_may_work_always(tmp_path: Path) -> None:
    file = tmp_path / "banks.json"
    always = hours(opens=0, closes=24, always=True)
    file.write_text(json.dumps({"otherwise": hours(), "banks": {ANY: always}}))

    assert loaded(file).banks[ANY].always
    assert not loaded(file).otherwise.always


@pytest.mark.parametrize(
    "change",
    [
        {"opens": 17},
        {"closes": 9},
        {"closes": 25},
        {"takes_minutes": 0},
        {"takes_minutes": 20_000},
        {"opens": "9"},
        {"open": 9},
    ],
)
def test_hours_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    file = tmp_path / "banks.json"
    file.write_text(json.dumps({"otherwise": hours(**change), "banks": {}}))

    with pytest.raises(msgspec.ValidationError):
        loaded(file)
