"""The audit trail: complete, only ever added to, and for supervisors."""

import re
from pathlib import Path

import pytest

from functions.agents import audit
from functions.agents.actor import system
from functions.agents.records import AuditRecord, audit_month
from shared.table import Cancelled, write
from tests.agents import Agent, at_work, deeds
from tests.clock import TestClock

FUNCTIONS = Path(audit.__file__).parent.parent
SYSTEM = system("sys-1")


@pytest.fixture
def boss() -> Agent:
    return at_work("boss@bank.example", "supervisor")


def test_a_record_says_who_what_when_to_what_before_and_after(
    boss: Agent, test_clock: TestClock
) -> None:
    write(audit.record(SYSTEM, "limit_changed", "u_1", before={"day": 1}, after={"day": 2}))

    (told,) = deeds(boss, about="u_1")
    assert told.pop("audit_id")
    assert told == {
        "who": "system",
        "deed": "limit_changed",
        "about": "u_1",
        "at": "2026-03-01T04:00:00.000Z",
        "request_id": "sys-1",
        "address": None,
        "before": {"day": 1},
        "after": {"day": 2},
    }


def test_a_record_is_never_written_over() -> None:
    twice = audit.record(SYSTEM, "limit_changed", "u_1")
    write(twice)
    with pytest.raises(Cancelled):
        write(twice)


def test_no_code_changes_or_deletes_one() -> None:
    """`put` has the condition that there is none; nothing else is done with the model."""
    for source in FUNCTIONS.rglob("*.py"):
        uses = re.findall(r"\w+\(AuditRecord|AuditRecord\.\w+", source.read_text())
        assert set(uses) <= {
            "AuditRecord.query",
            "AuditRecord.who",
            "AuditRecord.deed",
            "AuditRecord.about",
        }, source


class TestList:
    def test_the_newest_comes_first_in_pages(self, boss: Agent, test_clock: TestClock) -> None:
        for number in range(5):
            test_clock.move(seconds=1)
            audit.note(SYSTEM, "looked", f"u_{number}")

        seen: list[str] = []
        more = ""
        for _ in range(3):
            page = boss.call("GET", f"/v1/agent/audit?limit=2&deed=looked{more}").json
            seen += [one["about"] for one in page["items"]]
            more = f"&cursor={page['next_cursor']}"
        assert seen == ["u_4", "u_3", "u_2", "u_1", "u_0"]
        assert page["next_cursor"] is None

    def test_it_can_be_narrowed_down(self, boss: Agent) -> None:
        audit.note(SYSTEM, "looked", "u_1")
        audit.note(SYSTEM, "looked", "u_2")
        audit.note(SYSTEM, "changed", "u_1")

        assert len(deeds(boss, about="u_1")) == 2
        assert [one["deed"] for one in deeds(boss, about="u_1", deed="changed")] == ["changed"]
        assert deeds(boss, who="nobody") == []

    def test_a_month_is_a_list_of_its_own(self, boss: Agent, test_clock: TestClock) -> None:
        audit.note(SYSTEM, "looked", "u_1")
        test_clock.move(hours=31 * 24)
        boss = boss.signed_in()
        audit.note(SYSTEM, "looked", "u_2")

        assert [one["about"] for one in deeds(boss, deed="looked")] == ["u_2"]
        before = deeds(boss, deed="looked", month="2026-03")
        assert [one["about"] for one in before] == ["u_1"]

    @pytest.mark.parametrize("wrong", ["month=2026-13", "month=march", "whom=x", "about=a b"])
    def test_a_misspelt_wish_is_refused(self, boss: Agent, wrong: str) -> None:
        assert boss.call("GET", f"/v1/agent/audit?{wrong}").status == 400

    def test_a_cursor_of_another_list_is_refused(self, boss: Agent, test_clock: TestClock) -> None:
        for _ in range(2):
            test_clock.move(seconds=1)
            audit.note(SYSTEM, "looked", "u_1")
        cursor = boss.call("GET", "/v1/agent/audit?limit=1").json["next_cursor"]

        answer = boss.call("GET", f"/v1/agent/audit?limit=1&deed=looked&cursor={cursor}")
        assert (answer.status, answer.code) == (400, "INVALID_CURSOR")


def test_records_are_kept_as_long_as_the_law_wants(test_clock: TestClock) -> None:
    audit.note(SYSTEM, "looked", "u_1")
    (kept,) = AuditRecord.query(audit_month("2026-03"))
    assert kept.ttl is not None
    assert kept.ttl - test_clock.seconds >= 5 * 365 * 86_400
