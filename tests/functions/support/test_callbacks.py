"""Calls that we make: asked for once, made in hours by one agent, again a few times, then over."""

from typing import Any

import pytest

from functions.support import hours
from functions.support.tickets import ticket_of
from shared import clock
from shared.settings import settings
from tests.agents import Agent, at_work, deeds
from tests.clock import TestClock
from tests.edge import Answer
from tests.functions.identity.asking import OTHER_PHONE, PHONE
from tests.functions.support.calling import step
from tests.functions.support.locked_out import amy, zoe
from tests.people import Person, register

CALLBACKS = "/v1/support/callbacks"
FOR_AGENTS = "/v1/agent/callbacks"


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    """At a time when somebody is here."""
    test_clock.seconds = float(hours.opens_at(clock.seconds()))
    return register(PHONE)


@pytest.fixture
def agent(ana: Person) -> Agent:
    return amy()


def ask(person: Person, *, key: str | None = None, **more: object) -> Answer:
    return person.call("POST", CALLBACKS, {"topic": "My top-up is missing"} | more, key=key)


def booked(person: Person, **more: Any) -> str:
    answer = ask(person, **more)
    assert answer.status == 202, answer.text
    return str(answer.json["callback_id"])


def due(agent: Agent) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = agent.call("GET", FOR_AGENTS).json["items"]
    return items


def take(agent: Agent, callback_id: str) -> Answer:
    return agent.call("POST", f"{FOR_AGENTS}/{callback_id}/take")


def end(agent: Agent, callback_id: str, outcome: str) -> Answer:
    return agent.call("POST", f"{FOR_AGENTS}/{callback_id}/outcome", {"outcome": outcome})


def test_a_user_is_called_at_the_registered_phone(ana: Person, agent: Agent) -> None:
    callback_id = booked(ana)
    (waiting,) = due(agent)
    assert (waiting["callback_id"], waiting["registered"]) == (callback_id, True)
    assert PHONE not in str(waiting)
    taken = take(agent, callback_id).json
    assert taken["phone"] == PHONE
    assert due(agent) == []
    assert end(agent, callback_id, "reached").json["state"] == "done"
    assert due(agent) == []
    assert end(agent, callback_id, "reached").code == "CALLBACK_NOT_YOURS"
    ticket = ticket_of(taken["callback"]["ticket_id"])
    assert (ticket.user_id, ticket.channel) == (ana.user_id, "hotline")
    boss = at_work("boss@bank.example", "supervisor")
    assert {one["deed"] for one in deeds(boss, about=callback_id)} == {
        "callback_taken",
        "callback_made",
    }


def test_another_number_is_marked_as_one(ana: Person, agent: Agent) -> None:
    booked(ana, phone=OTHER_PHONE)
    assert due(agent)[0]["registered"] is False


def test_two_agents_do_not_call_at_once_and_none_is_forgotten(
    ana: Person, agent: Agent, test_clock: TestClock
) -> None:
    callback_id, other = booked(ana), zoe()
    assert take(agent, callback_id).status == 200
    assert take(agent, callback_id).status == 200
    assert take(other, callback_id).code == "CALLBACK_NOT_YOURS"
    assert end(other, callback_id, "reached").code == "CALLBACK_NOT_YOURS"
    test_clock.move(seconds=settings().callback_lease_seconds)
    agent, other = agent.signed_in(), other.signed_in()
    assert [one["callback_id"] for one in due(other)] == [callback_id]
    assert take(other, callback_id).status == 200
    assert end(agent, callback_id, "reached").code == "CALLBACK_NOT_YOURS"


def test_who_does_not_answer_is_called_again_a_few_times(
    ana: Person, agent: Agent, test_clock: TestClock
) -> None:
    callback_id = booked(ana)
    for number in range(1, settings().callback_tries):
        take(agent, callback_id)
        told = end(agent, callback_id, "no_answer").json
        assert (told["state"], told["tries"]) == ("waiting", number)
        assert due(agent) == []
        test_clock.move(seconds=settings().callback_pause_seconds)
        agent = agent.signed_in()
    take(agent, callback_id)
    assert end(agent, callback_id, "no_answer").json["state"] == "given_up"
    assert due(agent) == []


def test_nobody_is_called_before_the_time_they_named_or_out_of_hours(
    ana: Person, agent: Agent, test_clock: TestClock
) -> None:
    later = clock.seconds() + 3_600
    answer = ask(ana, not_before=clock.text_of(later * 1000))
    assert answer.json["not_before"] == clock.text_of(later * 1000)
    assert take(agent, answer.json["callback_id"]).code == "CALLBACK_NOT_YOURS"
    night = clock.seconds() + 14 * 3_600
    assert not hours.is_open(night)
    answer = ask(ana, not_before=clock.text_of(night * 1000))
    assert answer.json["not_before"] == clock.text_of(hours.opens_at(night) * 1000)
    assert due(agent) == []


def test_the_same_wish_again_is_the_same_call(ana: Person, agent: Agent) -> None:
    first, again = ask(ana, key="k"), ask(ana, key="k")
    assert first.json == again.json
    assert len(due(agent)) == 1


def test_nobody_has_us_call_all_day(ana: Person) -> None:
    for _ in range(settings().callbacks_per_day):
        booked(ana)
    assert ask(ana).code == "TOO_MANY_REQUESTS"
    assert step("call_back", PHONE)["outcome"] == "too_many"


def test_a_number_of_many_users_is_not_called_all_day(ana: Person) -> None:
    """Somebody with several accounts has us call a stranger."""
    for _ in range(settings().callbacks_per_day):
        booked(ana, phone="+8613800000009")
    bo = register(OTHER_PHONE)
    assert ask(bo, phone="+8613800000009").code == "TOO_MANY_REQUESTS"


def test_what_is_not_a_number_or_a_time_is_refused(ana: Person) -> None:
    assert ask(ana, phone="12").code == "INVALID_FIELD"
    assert ask(ana, not_before="tomorrow").code == "INVALID_FIELD"
    assert ask(ana, topic="").code == "INVALID_FIELD"


def test_no_agent_calls_about_an_account_of_their_own(ana: Person) -> None:
    callback_id = booked(ana)
    own = at_work("own@bank.example", "agent", user_id=ana.user_id)
    assert due(own) == []
    assert take(own, callback_id).code == "OWN_ACCOUNT"
    assert end(own, callback_id, "reached").code == "OWN_ACCOUNT"


def test_a_caller_books_a_call_and_is_nobody_yet(ana: Person, agent: Agent) -> None:
    assert step("call_back", PHONE, topic="2")["outcome"] == "booked"
    assert step("call_back", PHONE, topic="2")["outcome"] == "booked"
    (waiting,) = due(agent)
    assert (waiting["user_id"], waiting["registered"]) == (None, False)
    assert waiting["topic"] == "a top-up or a withdrawal"
