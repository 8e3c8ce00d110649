"""How support is doing: counted as it happens, by day and channel."""

from typing import Any

import pytest

from functions.support.models import RatingRequest
from functions.support.reply import reply
from functions.support.requests import rate
from tests.agents import Agent, at_work
from tests.clock import TestClock
from tests.functions.support.saying import AMY, USER, come_to, opened, way_of_tests


def sue() -> Agent:
    return at_work("sue@bank.example", "supervisor")


def figures(agent: Agent, query: str = "") -> Any:
    answer = agent.call("GET", f"/v1/agent/ticket-figures?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def test_what_happens_is_counted_once(
    test_clock: TestClock, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = opened(source_id="1").ticket_id, opened(source_id="2").ticket_id
    opened(source_id="2")
    opened(source_id="3", channel="mail")
    with way_of_tests("app"):
        for ticket_id, minutes in ((first, 10), (second, 20)):
            test_clock.move(minutes=minutes)
            for source_id in ("a", "b"):
                reply(ticket_id, "Hello", by=AMY, source_id=f"{ticket_id}{source_id}")
    test_clock.move(minutes=10)
    for _ in range(2):
        come_to(first, "solved")
        rate(USER, first, RatingRequest(score=4))

    shown = figures(sue())
    app, mail = shown["items"]
    assert (app["channel"], app["opened"], app["answered"], app["solved"]) == ("app", 2, 2, 1)
    assert (app["first_answer_seconds"], app["solving_seconds"]) == (1_200, 2_400)
    assert (app["rated"], app["rating_hundredths"]) == (1, 400)
    assert (mail["opened"], mail["first_answer_seconds"]) == (1, None)
    backlog = {one["channel"]: one["states"] for one in shown["backlog"]}
    assert backlog["app"] == {"open": 0, "pending": 1, "solved": 1, "reopened": 0, "closed": 0}
    assert backlog["mail"]["open"] == 1
    written = capsys.readouterr().out
    assert written.count('"TicketsOpened":[1.0]') == 3
    assert written.count('"FirstAnswerTime":[') == 2
    assert written.count('"SolvingTime":[2400.0]') == 1


def test_days_are_asked_for_in_bounds() -> None:
    opened()
    agent = sue()
    assert len(figures(agent, "from=2026-02-20&to=2026-03-10")["items"]) == 1
    assert figures(agent, "from=2026-01-20&to=2026-01-25")["items"] == []
    for query in (
        "from=2026-01-01&to=2026-03-01",
        "from=2026-03-02&to=2026-03-01",
        "from=x",
        "from=2026-02-30",
    ):
        assert agent.call("GET", f"/v1/agent/ticket-figures?{query}").code == "INVALID_FIELD"
