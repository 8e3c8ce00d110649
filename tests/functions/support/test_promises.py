"""What was promised: counted in business hours, escalated once, stopped while we wait."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from functions.support import hours
from functions.support.desk.handling import change
from functions.support.desk.models import ChangeRequest
from functions.support.events import on_tickets_schedule
from functions.support.promises import watch
from functions.support.records import Ticket
from functions.support.reply import reply
from functions.support.tickets import ticket_of
from shared import clock
from shared.settings import settings
from tests.agents import at_work, deeds
from tests.clock import TestClock
from tests.functions.scheduled import TICK
from tests.functions.support.saying import AMY, come_to, notes, opened, way_of_tests

HOUR = 3_600


def at(text: str) -> int:
    """A moment in Shanghai, in seconds: `2026-11-27 20:30`."""
    return int(datetime.fromisoformat(f"{text}+08:00").timestamp())


@pytest.fixture
def weekdays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Monday to Friday, nine to six, and one holiday."""
    monkeypatch.setenv("SUPPORT_DAYS", "12345")
    monkeypatch.setenv("SUPPORT_HOURS", "09:00-18:00")
    monkeypatch.setenv("SUPPORT_HOLIDAYS", "2026-11-30")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.usefixtures("weekdays")
@pytest.mark.parametrize(
    ("begins", "seconds", "ends"),
    [
        ("2026-11-24 10:00", HOUR, "2026-11-24 11:00"),
        ("2026-11-24 17:30", HOUR, "2026-11-25 09:30"),
        ("2026-11-24 03:00", HOUR, "2026-11-24 10:00"),
        ("2026-11-24 18:00", 0, "2026-11-25 09:00"),
        ("2026-11-27 17:00", 2 * HOUR, "2026-12-01 10:00"),
        ("2026-11-28 12:00", 9 * HOUR, "2026-12-01 18:00"),
    ],
)
def test_promises_end_in_business_hours(begins: str, seconds: int, ends: str) -> None:
    assert hours.after(at(begins), seconds) == at(ends)
    assert hours.between(at(begins), at(ends)) == seconds


@pytest.mark.usefixtures("weekdays")
def test_somebody_is_here_in_business_hours_alone() -> None:
    assert hours.is_open(at("2026-11-24 09:00"))
    for closed in ("2026-11-24 08:59", "2026-11-24 18:00", "2026-11-29 12:00", "2026-11-30 12:00"):
        assert not hours.is_open(at(closed))
    assert hours.opens_at(at("2026-11-28 12:00")) == at("2026-12-01 09:00")


def look(clock_of_tests: TestClock, **passed: int) -> None:
    clock_of_tests.move(**passed)
    on_tickets_schedule(TICK, None)


def left(ticket: Ticket) -> int:
    return hours.between(clock.seconds(), int(ticket.solve_due_at))


def test_what_nobody_answers_is_escalated_once(
    test_clock: TestClock, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket_id = opened().ticket_id
    look(test_clock, hours=3)
    assert ticket_of(ticket_id).priority == "normal"
    for _ in range(3):
        look(test_clock, minutes=61)

    ticket = ticket_of(ticket_id)
    assert (ticket.priority, ticket.tags, ticket.broken) == ("high", {"escalated"}, {"answer"})
    assert [(one.kind, one.details["broken"]) for one in notes(ticket_id)] == [
        ("escalated", ["answer"])
    ]
    (deed,) = deeds(at_work("sue@bank.example", "supervisor"), deed="ticket_escalated")
    assert (deed["who"], deed["about"]) == ("system", ticket_id)
    assert capsys.readouterr().out.count('"PromisesBroken":[1.0]') == 1


def test_an_answer_keeps_the_first_promise(test_clock: TestClock) -> None:
    ticket_id = opened().ticket_id
    test_clock.move(hours=1)
    with way_of_tests("app"):
        reply(ticket_id, "We look into it.", by=AMY, source_id="1", state="open")
    look(test_clock, hours=5)

    ticket = ticket_of(ticket_id)
    assert ticket.answered_at is not None
    assert not ticket.answer_due_at
    assert not ticket.broken


def test_the_clock_stands_still_while_we_wait_for_them(test_clock: TestClock) -> None:
    ticket_id = opened().ticket_id
    test_clock.move(hours=2)
    before = left(ticket_of(ticket_id))
    come_to(ticket_id, "pending")
    look(test_clock, hours=24 * 9)
    assert "solve" not in (ticket_of(ticket_id).broken or ())
    come_to(ticket_id, "open")

    assert left(ticket_of(ticket_id)) == before


def test_what_is_more_urgent_is_promised_sooner(test_clock: TestClock) -> None:
    ticket_id = opened().ticket_id
    calm = ticket_of(ticket_id)
    urgent = change(ticket_id, ChangeRequest(priority="urgent"), by=AMY)

    assert urgent.answer_due_at - clock.seconds_of(urgent.opened_at) == 900
    assert urgent.solve_due_at < calm.solve_due_at
    assert left(urgent) == 14_400


def test_what_was_solved_closes_by_itself_unless_they_write(test_clock: TestClock) -> None:
    quiet, loud = opened(source_id="1").ticket_id, opened(source_id="2").ticket_id
    for ticket_id in (quiet, loud):
        come_to(ticket_id, "solved")
    test_clock.move(hours=24 * 6)
    come_to(loud, "reopened")
    look(test_clock, hours=24)

    assert ticket_of(quiet).state == "closed"
    assert ticket_of(loud).state == "reopened"
    assert watch("r") == 0
