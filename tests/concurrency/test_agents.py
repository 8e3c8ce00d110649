"""Agents at the same moment, where writes are isolated: guesses, one code, many who decide."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.agents.accounts import disable
from functions.agents.actor import Actor
from functions.agents.approvals.decision import approve, reject
from functions.agents.approvals.execution import finish_approvals
from functions.agents.approvals.states import current
from functions.agents.models import AgentSignIn
from functions.agents.sign_in import sign_in
from functions.identity.origin import Origin
from functions.identity.sessions import all_sessions
from shared.errors import Problem, ServiceUnavailable
from shared.settings import settings
from tests.agents import PASSWORD, Agent, at_work
from tests.clock import TestClock
from tests.faults import ProcessDied, intercepted
from tests.functions.agents.deciding import AMOUNT, SYSTEM, dies_before_money, proposed
from tests.ledger_accounts import ANN, balances, open_users
from tests.soundness import check_sound

TIMES = 20
GUESSES = 50
_PATIENCE = 10


@pytest.fixture(autouse=True)
def world(keys: None, isolated: None) -> Iterator[None]:
    open_users(ANN)
    yield
    check_sound()


def at_once(acts: list[Callable[[], object]]) -> Counter[str]:
    """What each was told, by its name; who is told to come again does."""

    def told(act: Callable[[], object]) -> str:
        for _ in range(_PATIENCE):
            try:
                return str(act())
            except ServiceUnavailable:
                continue
            except Problem as problem:
                return problem.code
        return "SERVICE_UNAVAILABLE"

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(told, acts))


def actor(agent: Agent) -> Actor:
    return Actor(agent.agent_id, "req-1", roles=frozenset({"finance"}))


def finance(number: int) -> list[Agent]:
    return [at_work(f"finance-{one}@bank.example", "finance") for one in range(number)]


def signs_in(agent: Agent, *, password: str = PASSWORD) -> str:
    given = AgentSignIn(email=agent.email, password=password, totp=agent.code())
    sign_in(given, origin=Origin(None, "", ""), request_id="req-1")
    return "in"


def approves(agent: Agent, approval_id: str) -> str:
    return str(approve(approval_id, by=actor(agent)).state)


def test_of_fifty_wrong_guesses_no_more_than_allowed_are_compared() -> None:
    (fay,) = finance(1)

    told = at_once([lambda: signs_in(fay, password="not the password")] * GUESSES)

    assert 0 < told["WRONG_CREDENTIALS"] <= settings().sign_in_tries
    assert told["ACCOUNT_LOCKED"] + told["SERVICE_UNAVAILABLE"] == (
        GUESSES - told["WRONG_CREDENTIALS"]
    )


def test_one_code_opens_one_session() -> None:
    (fay,) = finance(1)
    before = len(all_sessions(fay.agent_id))

    told = at_once([lambda: signs_in(fay)] * settings().sign_in_tries)

    assert told["in"] == 1
    assert len(all_sessions(fay.agent_id)) == before + 1


def test_many_who_approve_at_once_move_the_money_once() -> None:
    people = finance(8)
    approval_id = proposed()

    told = at_once([lambda one=one: approves(one, approval_id) for one in people * 3])  # type: ignore[misc]

    assert told.keys() <= {"proposed", "executed", "APPROVAL_ENDED"}
    approval = current(approval_id)
    assert (approval.state, approval.votes) == ("executed", 2)
    assert balances(ANN)[0] == AMOUNT


def test_one_person_many_times_at_once_is_one_person() -> None:
    (fay,) = finance(1)
    approval_id = proposed()

    told = at_once([lambda: approves(fay, approval_id)] * TIMES)

    assert told.keys() == {"proposed"}
    assert current(approval_id).votes == 1
    assert balances(ANN)[0] == 0


def test_yes_and_no_at_once_have_one_end() -> None:
    fay, gus, hal = finance(3)
    for number in range(5):
        before = balances(ANN)[0]
        approval_id = proposed(key=f"line-{number}")
        approves(fay, approval_id)

        at_once(
            [
                lambda: approves(gus, approval_id),  # noqa: B023  # called before it changes
                lambda: reject(approval_id, "no", by=actor(hal)).state,  # noqa: B023
            ]
        )

        state = current(approval_id).state
        assert state in ("executed", "rejected")
        assert balances(ANN)[0] - before == (AMOUNT if state == "executed" else 0)


def test_schedules_and_people_at_once_finish_what_was_approved_once(test_clock: TestClock) -> None:
    fay, gus = finance(2)
    approval_id = proposed()
    approves(fay, approval_id)
    with intercepted(dies_before_money), pytest.raises(ProcessDied):
        approves(gus, approval_id)
    assert current(approval_id).state == "approved"
    test_clock.move(minutes=2)

    at_once([lambda: approves(gus, approval_id), lambda: finish_approvals("run")] * 5)

    assert current(approval_id).state == "executed"
    assert balances(ANN)[0] == AMOUNT


def test_the_same_proposed_many_times_at_once_is_there_once() -> None:
    told = at_once([lambda: proposed()] * TIMES)

    assert len(told) == 1
    assert "SERVICE_UNAVAILABLE" not in told


def test_who_signs_in_while_being_disabled_is_out_in_the_end() -> None:
    (fay,) = finance(1)

    at_once([lambda: signs_in(fay), lambda: disable(fay.email, by=SYSTEM)])

    assert all_sessions(fay.agent_id) == []
