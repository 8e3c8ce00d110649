"""Agents under every fault at every call: what they do happens once."""

from contextlib import suppress
from typing import Any

import pytest

from functions.agents.approvals.states import current
from functions.agents.events import on_approvals_schedule
from functions.agents.records import AuditRecord, audit_month
from shared.errors import ServiceUnavailable
from shared.sweep import SweepIncomplete
from tests.agents import Agent, at_work, confirmed, invited, opened, operator
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import CUTS, Fault, ProcessDied, Swept, intercepted, sweep
from tests.functions.agents.deciding import AMOUNT, dies_before_money, proposed
from tests.functions.scheduled import TICK
from tests.ledger_accounts import ANN, balances, open_users

FAY = "fay@bank.example"


def told(answer: Answer) -> Any:
    if answer.status == 503:
        raise ServiceUnavailable
    return answer.status, answer.json["state"]


def how_often(deed: str) -> int:
    return sum(one.deed == deed for one in AuditRecord.query(audit_month("2026-03")))


class SigningIn(Swept):
    """With a new code each time, for each is good once."""

    def prepare(self) -> None:
        self.fay = at_work(FAY, "finance")

    def act(self) -> Any:
        answer = self.fay.asks_in()
        if answer.status == 503:
            raise ServiceUnavailable
        assert answer.status == 201, answer.text
        self.token = answer.json["tokens"]["access_token"]
        return "in"

    def check_done(self) -> None:
        assert call("GET", "/v1/agent/me", token=self.token).status == 200

    def run_sweepers(self) -> None:
        """Nothing is left behind."""

    def check_finally(self) -> None:
        assert self.act() == "in"


class Accepting(Swept):
    """An invitation; with another code, it says that it was accepted."""

    def prepare(self) -> None:
        self.invitation = invited(FAY, "finance")
        secret = opened(self.invitation).json["secret"]
        self.fay = Agent(FAY, self.invitation["agent_id"], secret)

    def act(self) -> Any:
        answer = confirmed(self.invitation, self.fay.code(steps=-1))
        if answer.status == 503:
            raise ServiceUnavailable
        assert answer.status == 204 or answer.code == "INVITATION_ENDED", answer.text
        return "accepted"

    def check_done(self) -> None:
        assert self.fay.asks_in().status == 201
        assert how_often("invitation_accepted") == 1

    def run_sweepers(self) -> None:
        """Nothing is left behind."""


class Disabling(Swept):
    """Of somebody who is signed in."""

    def prepare(self) -> None:
        self.fay = at_work(FAY, "finance")

    def act(self) -> Any:
        answer = operator("disable", email=FAY)
        if "refused" in answer:
            assert answer["refused"]["code"] == "SERVICE_UNAVAILABLE"
            raise ServiceUnavailable
        return answer

    def check_done(self) -> None:
        assert self.fay.call("GET", "/v1/agent/me").status == 401
        assert self.fay.asks_in().status == 401

    def run_sweepers(self) -> None:
        """Nothing is left behind."""


class FirstYes(Swept):
    """Of two, which changes no money."""

    votes, credited, state = 1, 0, "proposed"

    def prepare(self) -> None:
        open_users(ANN)
        self.fay, self.gus = at_work(FAY, "finance"), at_work("gus@bank.example", "finance")
        self.approval_id = proposed()

    def act(self) -> Any:
        return told(self.fay.approve(self.approval_id))

    def check_done(self) -> None:
        approval = current(self.approval_id)
        assert (approval.state, approval.votes) == (self.state, self.votes)
        assert balances(ANN)[0] == self.credited
        assert how_often("approved") == self.votes
        assert how_often("executed") == int(self.state == "executed")

    def run_sweepers(self) -> None:
        on_approvals_schedule(TICK, None)


class LastYes(FirstYes):
    """Which moves the money, once."""

    votes, credited, state = 2, AMOUNT, "executed"

    def prepare(self) -> None:
        super().prepare()
        assert self.gus.approve(self.approval_id).status == 200


class Rejecting(FirstYes):
    """After a yes, which then counts no more."""

    def prepare(self) -> None:
        super().prepare()
        assert self.gus.approve(self.approval_id).status == 200

    def act(self) -> Any:
        return told(self.fay.reject(self.approval_id))

    def check_done(self) -> None:
        assert current(self.approval_id).state == "rejected"
        assert balances(ANN)[0] == 0
        assert how_often("rejected") == 1


class Proposing(Swept):
    """By the system, with the same key."""

    def prepare(self) -> None:
        """There is nothing to prepare."""

    def act(self) -> Any:
        self.approval_id = proposed()
        return self.approval_id

    def check_done(self) -> None:
        assert current(self.approval_id).state == "proposed"
        assert how_often("proposed") == 1

    def run_sweepers(self) -> None:
        on_approvals_schedule(TICK, None)


class Finishing(LastYes):
    """By the schedule: whoever said the last yes died before the money moved."""

    def prepare(self) -> None:
        super().prepare()
        with intercepted(dies_before_money), suppress(ProcessDied):
            self.fay.approve(self.approval_id)
        assert current(self.approval_id).state == "approved"

    def act(self) -> Any:
        try:
            on_approvals_schedule(TICK, None)
        except SweepIncomplete as error:
            raise ServiceUnavailable from error


# Money moves in these two, so every cut is tried. The others are few writes, of which the two
# faults that have an effect tell everything.
@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("operation", [LastYes, Finishing])
def test_money_moves_once(operation: type[Swept], fault: Fault, test_clock: TestClock) -> None:
    assert sweep(operation, fault, test_clock)


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda one: one.name)
@pytest.mark.parametrize(
    "operation", [SigningIn, Accepting, Disabling, FirstYes, Rejecting, Proposing]
)
def test_it_happens_once(operation: type[Swept], fault: Fault, test_clock: TestClock) -> None:
    assert sweep(operation, fault, test_clock)
