"""Two different people, nobody for themselves; then it happens, once."""

from typing import Any

import pytest

import app
from functions.agents.approvals import OwnAccount, action, propose
from functions.agents.events import on_approvals_schedule
from shared.errors import IdempotencyKeyReused, ServiceUnavailable, Texts
from shared.settings import settings
from shared.sweep import SweepIncomplete
from tests.agents import APPROVALS, Agent, at_work, deeds, operator
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.edge import Answer
from tests.functions.agents.deciding import (
    AMOUNT,
    SYSTEM,
    Elsewhere,
    Impossible,
    as_actor,
    listed,
    proposal,
    proposed,
    state_of,
)
from tests.functions.meanwhile import meanwhile
from tests.functions.scheduled import TICK
from tests.ledger_accounts import ANN, balances, open_users
from tests.soundness import check_sound


@pytest.fixture(autouse=True)
def _world(ground: None) -> None:
    open_users(ANN)
    Elsewhere.done.clear()
    Elsewhere.failing.clear()


@pytest.fixture
def fay() -> Agent:
    return at_work("fay@bank.example", "finance")


@pytest.fixture
def gus() -> Agent:
    return at_work("gus@bank.example", "finance")


@pytest.fixture
def boss() -> Agent:
    return at_work("boss@bank.example", "supervisor")


def credited() -> int:
    check_sound(ledger_items())
    return balances(ANN)[0]


def finish() -> dict[str, Any]:
    done: dict[str, Any] = on_approvals_schedule(TICK, None)
    return done


def refusal(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.code


class TestProposedByTheSystem:
    def test_it_takes_two_and_then_happens(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()

        first = fay.approve(approval_id)
        assert (first.json["state"], credited()) == ("proposed", 0)
        last = gus.approve(approval_id)
        assert (last.json["state"], credited()) == ("executed", AMOUNT)
        assert last.json["ended_at"]
        assert [one["agent_id"] for one in last.json["decisions"]] == [fay.agent_id, gus.agent_id]

    def test_one_person_is_not_two(self, fay: Agent) -> None:
        approval_id = proposed()
        for _ in range(3):
            assert fay.approve(approval_id).json["state"] == "proposed"

        assert credited() == 0
        assert len(fay.call("GET", f"{APPROVALS}/{approval_id}").json["decisions"]) == 1

    def test_two_agents_who_are_one_user_are_one_person(self) -> None:
        one = at_work("one@bank.example", "finance", user_id="u_same")
        two = at_work("two@bank.example", "finance", user_id="u_same")
        approval_id = proposed()

        assert one.approve(approval_id).status == 200
        assert refusal(two.approve(approval_id)) == (403, "SAME_PERSON")
        assert credited() == 0

    def test_a_yes_said_again_after_the_end_is_told_how_it_ended(
        self, fay: Agent, gus: Agent
    ) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        gus.approve(approval_id)

        assert fay.approve(approval_id).json["state"] == "executed"
        assert credited() == AMOUNT

    def test_a_third_person_comes_too_late(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        gus.approve(approval_id)
        hal = at_work("hal@bank.example", "finance")

        assert refusal(hal.approve(approval_id)) == (409, "APPROVAL_ENDED")
        assert credited() == AMOUNT


class TestProposedByAPerson:
    def test_one_other_is_enough_when_the_first_has_the_role(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed(by=as_actor(fay, "finance"))

        assert gus.approve(approval_id).json["state"] == "executed"
        assert credited() == AMOUNT

    def test_the_first_is_not_the_other(self, fay: Agent) -> None:
        approval_id = proposed(by=as_actor(fay, "finance"))

        assert refusal(fay.approve(approval_id)) == (403, "SAME_PERSON")
        assert credited() == 0

    def test_nor_is_another_agent_of_the_same_person(self) -> None:
        one = at_work("one@bank.example", "finance", user_id="u_same")
        two = at_work("two@bank.example", "finance", user_id="u_same")
        approval_id = proposed(by=as_actor(one, "finance", user_id="u_same"))

        assert refusal(two.approve(approval_id)) == (403, "SAME_PERSON")

    def test_whoever_has_not_the_role_does_not_count(self, fay: Agent, gus: Agent) -> None:
        clerk = at_work("clerk@bank.example", "agent")
        approval_id = proposed(by=as_actor(clerk, "agent"))

        assert fay.approve(approval_id).json["state"] == "proposed"
        assert gus.approve(approval_id).json["state"] == "executed"


class TestOwnAccount:
    def test_nobody_decides_on_it(self, gus: Agent) -> None:
        ann = at_work("ann@bank.example", "finance", user_id=ANN)
        approval_id = proposed()

        assert refusal(ann.approve(approval_id)) == (403, "OWN_ACCOUNT")
        assert refusal(ann.reject(approval_id)) == (403, "OWN_ACCOUNT")
        assert gus.approve(approval_id).json["state"] == "proposed"

    def test_nobody_proposes_on_it(self) -> None:
        ann = at_work("ann@bank.example", "finance", user_id=ANN)
        with pytest.raises(OwnAccount):
            proposed(by=as_actor(ann, "finance", user_id=ANN))

    def test_a_link_made_in_between_counts(self, fay: Agent) -> None:
        approval_id = proposed()
        with meanwhile(lambda: operator("link_user", email=fay.email, user_id=ANN)) as came:
            answer = fay.approve(approval_id)

        assert "done" in came[0]
        assert answer.status == 403
        assert state_of(fay, approval_id) == "proposed"
        assert refusal(fay.approve(approval_id)) == (403, "OWN_ACCOUNT")


class TestRole:
    def test_another_role_does_not_decide(self, boss: Agent) -> None:
        approval_id = proposed()
        for answer in (boss.approve(approval_id), boss.reject(approval_id)):
            assert refusal(answer) == (403, "ROLE_REQUIRED")

    def test_another_role_does_not_even_see_it(self, boss: Agent, fay: Agent) -> None:
        clerk = at_work("clerk@bank.example", "agent")
        approval_id = proposed()
        assert listed(clerk) == []
        for answer in (
            clerk.call("GET", f"{APPROVALS}/{approval_id}"),
            clerk.approve(approval_id),
            clerk.reject(approval_id),
        ):
            assert refusal(answer) == (404, "NOT_FOUND")
        assert listed(fay) == listed(boss) == [approval_id]

    def test_whoever_proposed_it_sees_it(self) -> None:
        clerk = at_work("clerk@bank.example", "agent")
        approval_id = proposed(by=as_actor(clerk, "agent"))
        assert listed(clerk) == [approval_id]
        assert refusal(clerk.approve(approval_id)) == (403, "ROLE_REQUIRED")

    def test_a_role_lost_in_between_decides_nothing(self, fay: Agent) -> None:
        approval_id = proposed()
        losing = lambda: operator("change_roles", email=fay.email, roles=["agent"])  # noqa: E731
        with meanwhile(losing):
            assert refusal(fay.approve(approval_id)) == (403, "ROLE_REQUIRED")
        assert credited() == 0

    def test_a_yes_of_somebody_who_was_disabled_since_does_not_count(
        self, fay: Agent, gus: Agent
    ) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        operator("disable", email=fay.email)

        assert gus.approve(approval_id).json["state"] == "proposed"
        hal = at_work("hal@bank.example", "finance")
        assert hal.approve(approval_id).json["state"] == "executed"

    def test_nor_of_somebody_who_is_disabled_at_this_moment(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        with meanwhile(lambda: operator("disable", email=fay.email)):
            assert gus.approve(approval_id).json["state"] == "proposed"
        assert credited() == 0


class TestRejecting:
    def test_one_no_ends_it(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)

        answer = gus.reject(approval_id, "the line is a duplicate")
        assert answer.json["state"] == "rejected"
        assert answer.json["decisions"][-1]["reason"] == "the line is a duplicate"
        assert refusal(fay.reject(approval_id)) == (409, "APPROVAL_ENDED")
        assert gus.reject(approval_id).json["state"] == "rejected"
        assert credited() == 0

    def test_whoever_proposed_it_withdraws_it(self) -> None:
        clerk = at_work("clerk@bank.example", "agent")
        approval_id = proposed(by=as_actor(clerk, "agent"))
        assert clerk.reject(approval_id, "my mistake").json["state"] == "rejected"

    def test_it_takes_a_reason(self, fay: Agent) -> None:
        approval_id = proposed()
        assert refusal(fay.reject(approval_id, "")) == (400, "INVALID_FIELD")

    def test_what_was_executed_is_not_undone(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        gus.approve(approval_id)
        assert refusal(fay.reject(approval_id)) == (409, "APPROVAL_ENDED")


class TestAtTheSameMoment:
    def test_a_yes_that_comes_while_another_is_written_is_the_second(
        self, fay: Agent, gus: Agent
    ) -> None:
        approval_id = proposed()
        with meanwhile(lambda: gus.approve(approval_id)) as came:
            answer = fay.approve(approval_id)

        assert (came[0].json["state"], answer.json["state"]) == ("proposed", "executed")
        assert len(answer.json["decisions"]) == 2
        assert credited() == AMOUNT

    def test_a_no_that_is_faster_than_the_last_yes_is_the_end(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        hal = at_work("hal@bank.example", "finance")
        with meanwhile(lambda: hal.reject(approval_id)) as came:
            answer = gus.approve(approval_id)

        assert came[0].json["state"] == "rejected"
        assert refusal(answer) == (409, "APPROVAL_ENDED")
        assert (state_of(fay, approval_id), credited()) == ("rejected", 0)

    def test_and_the_other_way_round(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        hal = at_work("hal@bank.example", "finance")
        with meanwhile(lambda: gus.approve(approval_id)):
            assert refusal(hal.reject(approval_id)) == (409, "APPROVAL_ENDED")
        assert (state_of(fay, approval_id), credited()) == ("executed", AMOUNT)


class TestTime:
    def test_what_nobody_decides_expires(
        self, fay: Agent, gus: Agent, boss: Agent, test_clock: TestClock
    ) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        test_clock.move(seconds=settings().approval_seconds)
        late = gus.signed_in()

        assert state_of(late, approval_id) == "expired"
        assert refusal(late.approve(approval_id)) == (409, "APPROVAL_ENDED")
        assert refusal(late.reject(approval_id)) == (409, "APPROVAL_ENDED")
        assert finish() == {"finished": 1}
        assert finish() == {"finished": 0}
        assert listed(late, "expired") == [approval_id]
        assert listed(late) == []
        (told,) = deeds(boss.signed_in(), deed="expired")
        assert (told["who"], told["about"]) == ("system", approval_id)

    def test_a_kind_may_last_shorter(self, test_clock: TestClock) -> None:
        clerk = at_work("clerk@bank.example", "agent")
        approval_id = proposed("test_elsewhere")
        test_clock.move(seconds=3_599)
        clerk = clerk.signed_in()
        assert state_of(clerk, approval_id) == "proposed"
        test_clock.move(seconds=1)
        assert state_of(clerk, approval_id) == "expired"


class TestProposing:
    def test_the_same_is_proposed_once(self, fay: Agent) -> None:
        assert proposed() == proposed()
        assert listed(fay) == [proposed()]

    def test_also_after_it_has_ended(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        gus.approve(approval_id)
        assert proposed() == approval_id
        assert (listed(fay), credited()) == ([], AMOUNT)

    @pytest.mark.parametrize("changed", [{"what": {"amount": 9_999}}, {"owners": ()}])
    def test_something_else_under_the_same_key_is_refused(self, changed: dict[str, Any]) -> None:
        proposed()
        with pytest.raises(IdempotencyKeyReused):
            proposed(**changed)

    def test_a_kind_that_nobody_knows_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            propose(proposal("test_unknown"), by=SYSTEM)

    @pytest.mark.parametrize(
        ("name", "role", "people"),
        [("test_credit", "finance", 2), ("test_new", "owner", 2), ("test_new", "finance", 1)],
    )
    def test_a_kind_is_for_two_people_of_a_role(self, name: str, role: str, people: int) -> None:
        with pytest.raises(ValueError, match=name):
            action(name, title=Texts("x", "x"), role=role, people=people)(lambda *_: None)


class TestActions:
    """What has its effect elsewhere, or can't have it."""

    @pytest.fixture
    def clerks(self) -> list[Agent]:
        return [at_work(f"clerk-{number}@bank.example", "agent") for number in (1, 2)]

    def test_an_effect_elsewhere_is_done(self, clerks: list[Agent]) -> None:
        approval_id = proposed("test_elsewhere")
        clerks[0].approve(approval_id)
        assert clerks[1].approve(approval_id).json["state"] == "executed"
        assert Elsewhere.done == [approval_id]

    def test_a_refusal_for_good_is_remembered(
        self, clerks: list[Agent], test_clock: TestClock
    ) -> None:
        Elsewhere.failing.append(Impossible())
        approval_id = proposed("test_elsewhere")
        clerks[0].approve(approval_id)
        answer = clerks[1].approve(approval_id)

        assert (answer.json["state"], answer.json["failure"]) == ("failed", "IMPOSSIBLE")
        assert clerks[0].approve(approval_id).json["state"] == "failed"
        test_clock.move(seconds=3_600)
        assert finish() == {"finished": 0}
        assert Elsewhere.done == []

    def test_what_fails_for_now_is_done_when_it_is_said_again(self, clerks: list[Agent]) -> None:
        Elsewhere.failing.append(ServiceUnavailable())
        approval_id = proposed("test_elsewhere")
        clerks[0].approve(approval_id)
        assert clerks[1].approve(approval_id).status == 503

        assert state_of(clerks[0], approval_id) == "approved"
        assert clerks[1].approve(approval_id).json["state"] == "executed"
        assert Elsewhere.done == [approval_id]

    def test_or_by_the_schedule_which_does_not_give_up(
        self, clerks: list[Agent], test_clock: TestClock
    ) -> None:
        Elsewhere.failing += [RuntimeError("?"), RuntimeError("?")]
        approval_id = proposed("test_elsewhere")
        clerks[0].approve(approval_id)
        assert clerks[1].approve(approval_id).status == 500
        assert finish() == {"finished": 0}
        test_clock.move(seconds=60)
        with pytest.raises(SweepIncomplete):
            finish()
        test_clock.move(minutes=5)
        assert finish() == {"finished": 1}

        assert state_of(clerks[0], approval_id) == "executed"
        assert Elsewhere.done == [approval_id]


class TestShown:
    def test_people_see_what_would_happen_in_their_language(self, fay: Agent) -> None:
        path = f"{APPROVALS}/{proposed()}"
        english = fay.call("GET", path, headers={"Accept-Language": "en"}).json
        assert english["title"] == "Credit"
        assert fay.call("GET", path).json["title"] == "入账"
        assert english["what"] == proposal().what
        assert english["subject"] == {"kind": "account", "id": ANN}
        assert (english["proposed_by"], english["approvals_needed"]) == ("system", 2)

    def test_a_list_comes_in_pages(self, fay: Agent, gus: Agent) -> None:
        made = {proposed(key=f"line-{number}") for number in range(3)}
        page = fay.call("GET", f"{APPROVALS}?limit=2").json
        rest = fay.call("GET", f"{APPROVALS}?limit=2&cursor={page['next_cursor']}").json

        assert {one["approval_id"] for one in page["items"] + rest["items"]} == made
        assert (len(page["items"]), rest["next_cursor"]) == (2, None)
        foreign = gus.call("GET", f"{APPROVALS}?limit=2&cursor={page['next_cursor']}")
        assert refusal(foreign) == (400, "INVALID_CURSOR")

    def test_it_stands_in_the_list_of_its_state_alone(self, fay: Agent, gus: Agent) -> None:
        approval_id = proposed()
        fay.approve(approval_id)
        gus.approve(approval_id)
        states = ("proposed", "approved", "rejected", "executed", "failed", "expired")
        assert {state: listed(fay, state) for state in states if listed(fay, state)} == {
            "executed": [approval_id]
        }

    def test_an_unknown_state_is_refused(self, fay: Agent) -> None:
        assert refusal(fay.call("GET", f"{APPROVALS}?state=lost")) == (400, "INVALID_FIELD")


def test_every_decision_is_in_the_audit_trail(
    fay: Agent, gus: Agent, boss: Agent, test_clock: TestClock
) -> None:
    approval_id = proposed()
    for agent in (fay, gus):
        test_clock.move(seconds=1)
        agent.approve(approval_id)

    told = [(one["who"], one["deed"]) for one in deeds(boss, about=approval_id)]
    assert told[:2] == [("system", "proposed"), (fay.agent_id, "approved")]
    assert sorted(told[2:]) == [(gus.agent_id, "approved"), (gus.agent_id, "executed")]


def test_the_functions_are_known_to_the_app_by_the_names_of_the_template() -> None:
    assert {"finish_approvals", "administer_agents"} <= app.app.handler_map.keys()
