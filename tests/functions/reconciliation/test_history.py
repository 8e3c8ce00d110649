"""What finance is shown, and nobody else."""

import pytest
import requests

from tests.agents import at_work
from tests.clock import TestClock
from tests.functions.reconciliation.moving import book_charge, compared, next_day, run, stored
from tests.people import register
from tests.sandbox.running import RunningBank

pytestmark = pytest.mark.usefixtures("ground")

PATH = "/v1/agent/reconciliations"
NOTHING = {"matched": 0, "missing": 0, "extra": 0, "changed": 0, "repeated": 0, "difference": 0}


def test_finance_lists_days_and_reads_the_sheet_of_one(
    bank: RunningBank, test_clock: TestClock
) -> None:
    book_charge("tu_never")
    first, second = compared(test_clock), compared(test_clock)
    third = next_day(test_clock)
    bank.operator("POST", "/settlement-mistakes", {"mistake": "cut", "day": third})
    run()
    fay = at_work("fay@bank.example", "finance")

    page = fay.call("GET", f"{PATH}?limit=2").json
    rest = fay.call("GET", f"{PATH}?limit=2&cursor={page['next_cursor']}").json
    assert [one["day"] for one in page["items"]] == [third, second]
    assert [one["day"] for one in rest["items"]] == [first]
    assert rest["next_cursor"] is None
    refused, missing = page["items"]
    assert (refused["status"], refused["why"], refused["counts"]) == ("refused", "NOT_WHOLE", None)
    assert missing["counts"] == NOTHING | {
        "lines": 0,
        "missing": 1,
        "difference": 1_250,
        "open": 1,
    }

    shown = fay.call("GET", f"{PATH}/{second}").json
    assert shown | {"report_url": None} == missing
    sheet = requests.get(shown["report_url"], timeout=5)
    assert sheet.content == stored(f"reports/{second}/findings.csv")


def test_day_that_was_not_compared_is_not_found() -> None:
    fay = at_work("fay@bank.example", "finance")

    for day in ("2026-01-01", "tomorrow"):
        assert fay.call("GET", f"{PATH}/{day}").status == 404


@pytest.mark.parametrize("path", [PATH, f"{PATH}/2026-03-01"])
def test_nobody_else_sees_them(path: str) -> None:
    supervisor = at_work("sue@bank.example", "supervisor", "agent")

    assert supervisor.call("GET", path).code == "ROLE_REQUIRED"
    assert register("+8613812345678").call("GET", path).status == 401
