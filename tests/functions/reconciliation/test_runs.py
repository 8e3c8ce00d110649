"""Which day a run is at, and what it does when the file is not what it must be."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from functions.reconciliation.settlement_file import fetch, lines_of
from functions.support.events import on_cases_schedule
from functions.support.records import TicketLine, queue_of
from functions.support.views import tickets_in
from shared import clock
from shared.settings import settings
from tests.clock import TestClock
from tests.faults import watched
from tests.functions.reconciliation.moving import (
    AMOUNT,
    book_charge,
    charge_at_bank,
    compared,
    found,
    misprint,
    next_day,
    run,
    stored,
)
from tests.functions.scheduled import TICK
from tests.sandbox.running import RunningBank

pytestmark = pytest.mark.usefixtures("ground")


def metric(written: str, name: str) -> float:
    """The sum of what was recorded of a metric."""
    lines = (json.loads(line) for line in written.splitlines() if f'"{name}":[' in line)
    return sum(sum(line[name]) for line in lines)


def test_no_day_is_due_before_it_has_been_over_for_some_time(test_clock: TestClock) -> None:
    day = compared(test_clock)
    assert run() == (None, None)

    tomorrow = next_day(test_clock)
    test_clock.move(seconds=-1)
    assert run() == (None, None)
    test_clock.move(seconds=1)
    assert run() == (tomorrow, "done")
    assert day < tomorrow


def test_days_that_were_left_out_are_made_up_for_in_their_order(test_clock: TestClock) -> None:
    compared(test_clock)
    days = [next_day(test_clock), next_day(test_clock)]

    assert [run() for _ in range(3)] == [(days[0], "done"), (days[1], "done"), (None, None)]


def test_file_that_is_cut_is_refused_as_a_whole(
    bank: RunningBank, test_clock: TestClock, capsys: pytest.CaptureFixture[str]
) -> None:
    charged = charge_at_bank(bank)
    misprint(bank, "cut", day=clock.local_day())
    day = next_day(test_clock)

    assert run() == (day, "refused")
    assert metric(capsys.readouterr().out, "SettlementFilesRefused") == 1
    assert run() == (day, "refused")
    bank.operator("DELETE", "/settlement-mistakes")
    assert run() == (day, "done")
    assert found(day) == [("extra", charged, None, AMOUNT, "open")]
    # What was refused stays for whoever has to talk to the bank.
    assert stored(f"files/{day}/1.csv") + f"total,{day},1,{AMOUNT}\n".encode() == stored(
        f"files/{day}/3.csv"
    )


def test_file_that_is_late_is_waited_for_and_then_told_of(
    bank: RunningBank, test_clock: TestClock, capsys: pytest.CaptureFixture[str]
) -> None:
    misprint(bank, "absent", day=clock.local_day())
    day = next_day(test_clock)
    assert run() == (day, "waiting")
    assert metric(capsys.readouterr().out, "SettlementFilesLate") == 0

    test_clock.move(seconds=settings().settlement_file_late_seconds)
    assert run() == (day, "waiting")
    assert metric(capsys.readouterr().out, "SettlementFilesLate") == 1
    bank.operator("DELETE", "/settlement-mistakes")
    assert run() == (day, "done")


@pytest.mark.parametrize("fault", ["unavailable", "lost", "dropped", "forged"])
def test_file_that_does_not_come_whole_is_fetched_again(
    bank: RunningBank, test_clock: TestClock, fault: str
) -> None:
    book_charge(charge_at_bank(bank))
    day = next_day(test_clock)
    bank.plan_fault(fault)

    assert [run(), run()] == [(day, "waiting"), (day, "done")]
    assert found(day) == []


def test_sides_that_differ_too_much_are_not_of_the_same_day(
    test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILIATION_DIFFERENCES_LIMIT", "1")
    settings.cache_clear()
    for reference in ("tu_1", "tu_2"):
        book_charge(reference)

    assert (next_day(test_clock), "refused") == run()


def test_long_file_goes_up_in_parts_and_comes_back_whole(
    bank: RunningBank, tmp_path: Path, test_clock: TestClock
) -> None:
    lines, day = 200_000, clock.local_day()
    write_into_books(tmp_path / "bank", lines, at_seconds=clock.seconds())

    with watched() as calls:
        key = fetch(day, number=1)

    assert [call.operation for call in calls].count("UploadPart") == 2
    assert sum(1 for _ in lines_of(key, day)) == lines


def write_into_books(directory: Path, charges: int, *, at_seconds: int) -> None:
    """Behind the back of the bank, for which so many calls would take minutes."""
    with closing(sqlite3.connect(directory / "bank.sqlite3")) as database, database:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) "
        database.execute(
            f"{numbers} INSERT INTO orders SELECT 'bk_' || i, 'charge', 'tu_many_' || i, 'token', "
            "NULL, 5, 'CNY', 'succeeded', NULL, ? FROM n",
            (charges, at_seconds),
        )
        database.execute("INSERT INTO movements SELECT 'charge', order_id, booked_at FROM orders")


def test_a_day_that_differs_brings_one_ticket_before_support(test_clock: TestClock) -> None:
    book_charge("tu_never")
    compared(test_clock)
    day = compared(test_clock)
    run()
    for opened in (1, 0):
        assert on_cases_schedule(TICK, None) == {"opened": opened}

    (ticket,) = tickets_in(list(TicketLine.query(queue_of("all", "", "open"))))
    assert not ticket.user_id
    assert (ticket.team, ticket.priority) == ("payments", "high")
    assert day in ticket.subject
