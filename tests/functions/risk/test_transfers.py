"""Transfers under the rules: small ones just go, others take a step, wait, or are stopped."""

from typing import Any

import pytest

from functions.transfers.arrival import settle_due
from shared.errors import ServiceUnavailable
from shared.ledger.accounts import find_account, set_status
from shared.ledger.books import check_books
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Fault, Swept, sweep, watched
from tests.functions.meanwhile import meanwhile
from tests.functions.risk.recorded import decisions, risk_of
from tests.people import PASSWORD, Person, register, transfer_body

pytestmark = pytest.mark.usefixtures("cloud", "test_clock")

YUAN = 100
DAY_SECONDS = 86_400


@pytest.fixture
def ana() -> Person:
    return register("+8613800000001", funds=200_000 * YUAN)


@pytest.fixture
def bo() -> Person:
    return register("+8613800000002")


def known(payer: Person, payee: Person, clock: TestClock) -> None:
    """Makes a payee known, by a guarded amount of the day before."""
    assert payer.send_with_step(payee, 2_000 * YUAN, key="known").status == 201
    clock.move(seconds=DAY_SECONDS)


def signed_in_in(person: Person, country: str) -> Person:
    body = {"phone": person.phone, "password": PASSWORD}
    headers = {"CloudFront-Viewer-Country": country}
    made = call("POST", "/v1/sessions", body, headers=headers)
    assert made.status == 201, made.text
    tokens = made.json["tokens"]
    return Person(person.phone, person.user_id, tokens["access_token"], tokens["refresh_token"])


def send_from(country: str, payer: Person, payee: Person, amount: int) -> Answer:
    headers = {"CloudFront-Viewer-Country": country}
    body = transfer_body({"phone": payee.phone}, amount)
    return payer.call("POST", "/v1/transfers", body, key=f"from-{country}", headers=headers)


class TestSmallAmounts:
    def test_up_to_the_limit_of_a_day_they_just_go(self, ana: Person, bo: Person) -> None:
        for number in range(10):
            answer = ana.send(bo, 100 * YUAN, key=f"k{number}")
            assert (answer.status, answer.json["status"]) == (201, "succeeded")

        assert decisions() == []
        assert risk_of("TRANSFER") == [{"action": "allow"}] * 10

    def test_they_cost_two_round_trips_and_five_items(self, ana: Person, bo: Person) -> None:
        with watched() as attempts:
            assert ana.send(bo, 1_000 * YUAN, key="k").status == 201

        assert [one.operation for one in attempts] == ["BatchGetItem", "TransactWriteItems"]
        assert len(attempts[1].request["TransactItems"]) == 5

    def test_what_takes_the_day_above_the_limit_takes_a_step(self, ana: Person, bo: Person) -> None:
        assert ana.send(bo, 1_000 * YUAN, key="k1").status == 201
        answer = ana.send(bo, 1, key="k2")

        assert (answer.status, answer.code) == (403, "STEP_UP_REQUIRED")
        assert bo.available == 1_000 * YUAN

    def test_the_next_day_begins_anew(self, ana: Person, bo: Person, test_clock: TestClock) -> None:
        ana.send(bo, 1_000 * YUAN, key="k1")
        test_clock.move(seconds=DAY_SECONDS)

        assert ana.signed_in_again().send(bo, 1_000 * YUAN, key="k2").status == 201

    def test_they_make_nobody_a_known_payee(self, ana: Person, bo: Person) -> None:
        ana.send(bo, 1, key="k1")

        assert ana.send(bo, 1_001 * YUAN, key="k2").code == "STEP_UP_REQUIRED"

    def test_of_two_at_once_the_second_does_not_slip_through(self, ana: Person, bo: Person) -> None:
        """Each alone is small; a hold does not take part in the chain of entries."""
        with meanwhile(lambda: ana.send(bo, 600 * YUAN, key="k1", arrive="next_day")) as first:
            second = ana.send(bo, 600 * YUAN, key="k2", arrive="next_day")
        again = ana.send(bo, 600 * YUAN, key="k2", arrive="next_day")

        assert first[0].status == 201
        assert second.status == 503
        assert again.code == "STEP_UP_REQUIRED"


class TestAStep:
    def test_a_new_payee_takes_one_and_is_known_from_then_on(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        answer = ana.send_with_step(bo, 2_000 * YUAN, key="k1")
        test_clock.move(minutes=2)

        assert (answer.status, answer.json["status"]) == (201, "succeeded")
        assert ana.send(bo, 2_000 * YUAN, key="k2").status == 201
        assert bo.available == 4_000 * YUAN
        assert check_books().sound

    def test_it_is_recorded_with_reasons_and_facts(self, ana: Person, bo: Person) -> None:
        refused = ana.send(bo, 10_000 * YUAN, key="k")
        (decision,) = decisions()

        assert refused.code == "STEP_UP_REQUIRED"
        assert decision["user_id"] == ana.user_id
        assert decision["subject"].startswith("t_")
        assert decision["action"] == "step_up"
        assert decision["reasons"] == ["new_payee", "large_amount"]
        assert decision["facts"]["amount"] == 10_000 * YUAN
        assert decision["facts"]["new_payee"] is True

    def test_the_transfer_keeps_what_was_decided(self, ana: Person, bo: Person) -> None:
        ana.send_with_step(bo, 2_000 * YUAN, key="k")

        (kept,) = risk_of("TRANSFER")
        assert (kept["action"], kept["reasons"]) == ("step_up", ["new_payee"])

    def test_a_refused_step_moves_nothing_and_leaves_the_key_free(
        self, ana: Person, bo: Person
    ) -> None:
        ana.send(bo, 2_000 * YUAN, key="k")

        assert ana.available == 200_000 * YUAN
        assert ana.send(bo, 2_000 * YUAN, key="k").code == "STEP_UP_REQUIRED"
        assert ana.send(bo, 1, key="k").status == 201

    @pytest.mark.parametrize(
        "other", [{"amount": 2_001 * YUAN}, {"payee": {"phone": "+8613800000003"}}]
    )
    def test_it_is_good_for_that_payee_and_amount_alone(
        self, ana: Person, bo: Person, test_clock: TestClock, other: dict[str, Any]
    ) -> None:
        register("+8613800000003")
        step = ana.step_taken(ana.send(bo, 2_000 * YUAN, key="k1"))
        test_clock.move(minutes=1)
        body = transfer_body({"phone": bo.phone}, 2_000 * YUAN) | other
        answer = ana.call("POST", "/v1/transfers", body, key="k2", headers={"Step-Up": step})

        assert answer.code == "STEP_UP_REQUIRED"
        assert answer.json["diagnosis"]["challenge_id"] != step
        assert ana.available == 200_000 * YUAN

    def test_it_is_good_once(self, ana: Person, bo: Person, test_clock: TestClock) -> None:
        known(ana, bo, test_clock)
        ana = ana.signed_in_again()
        step = ana.step_taken(ana.send(bo, 10_000 * YUAN, key="k1"))
        body = transfer_body({"phone": bo.phone}, 10_000 * YUAN)
        headers = {"Step-Up": step}
        first = ana.call("POST", "/v1/transfers", body, key="k1", headers=headers)
        replay = ana.call("POST", "/v1/transfers", body, key="k1", headers=headers)
        test_clock.move(minutes=1)
        second = ana.call("POST", "/v1/transfers", body, key="k2", headers=headers)

        assert (replay.status, replay.json) == (first.status, first.json) == (201, first.json)
        assert second.code == "STEP_UP_REQUIRED"
        assert bo.signed_in_again().available == 12_000 * YUAN

    def test_nobody_takes_one_for_what_is_refused_anyway(self, bo: Person) -> None:
        poor = register("+8613800000004", funds=5_000 * YUAN)

        assert poor.send(bo, 5_001 * YUAN, key="k1").code == "INSUFFICIENT_FUNDS"
        assert poor.send(poor, 2_000 * YUAN, key="k2").code == "SELF_TRANSFER"
        limit = settings().transfer_limit_minor
        assert poor.send(bo, limit + 1, key="k3").code == "LIMIT_EXCEEDED"
        set_status(poor.user_id, "frozen")
        assert poor.send(bo, 2_000 * YUAN, key="k4").code == "ACCOUNT_FROZEN"
        assert decisions() == []

    def test_a_known_payee_takes_none(self, ana: Person, bo: Person, test_clock: TestClock) -> None:
        known(ana, bo, test_clock)
        ana = ana.signed_in_again()
        with watched() as attempts:
            assert ana.send(bo, 9_000 * YUAN, key="k").status == 201

        assert [one.operation for one in attempts] == ["BatchGetItem", "TransactWriteItems"]

    def test_who_is_known_to_one_is_not_known_to_another(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        known(ana, bo, test_clock)
        other = register("+8613800000004", funds=5_000 * YUAN)

        assert other.send(bo, 2_000 * YUAN, key="k").code == "STEP_UP_REQUIRED"


class TestADelay:
    @pytest.fixture
    def night(self, ana: Person, bo: Person, test_clock: TestClock) -> Person:
        """Ana at two in the morning in Shanghai, with a payee whom she knows."""
        known(ana, bo, test_clock)
        test_clock.move(hours=14)
        return ana.signed_in_again()

    def test_much_money_at_night_waits_and_says_why(
        self, night: Person, bo: Person, test_clock: TestClock
    ) -> None:
        answer = night.send_with_step(bo, 20_000 * YUAN, key="k")
        path = f"/v1/transfers/{answer.json['transfer_id']}"

        assert (answer.json["status"], answer.json["reason"]) == ("scheduled", "SAFETY_DELAY")
        assert night.call("GET", path).json["reason"] == "SAFETY_DELAY"
        test_clock.move(hours=2)
        assert settle_due() == 1
        ended = night.signed_in_again().call("GET", path).json
        assert (ended["status"], ended["reason"]) == ("succeeded", None)

    def test_the_replay_says_the_same(self, night: Person, bo: Person) -> None:
        first = night.send_with_step(bo, 20_000 * YUAN, key="k")
        again = night.send(bo, 20_000 * YUAN, key="k")

        assert (again.status, again.json) == (first.status, first.json)

    def test_it_can_be_cancelled_meanwhile(self, night: Person, bo: Person) -> None:
        answer = night.send_with_step(bo, 20_000 * YUAN, key="k")
        path = f"/v1/transfers/{answer.json['transfer_id']}"

        assert night.call("POST", f"{path}/cancel").json["status"] == "cancelled"
        assert night.available == 198_000 * YUAN

    def test_who_wants_it_later_anyway_is_told_of_no_delay(self, night: Person, bo: Person) -> None:
        answer = night.send_with_step(bo, 20_000 * YUAN, key="k", arrive="next_day")

        assert (answer.json["status"], answer.json["reason"]) == ("scheduled", None)


class TestABlock:
    @pytest.fixture
    def stolen(self, ana: Person, test_clock: TestClock) -> Person:
        """Ana's session, which began in China ten minutes ago."""
        session = signed_in_in(ana, "CN")
        test_clock.move(minutes=10)
        return session

    def test_it_names_support_and_no_rule(self, stolen: Person, bo: Person) -> None:
        answer = send_from("US", stolen, bo, 10_000 * YUAN)
        (decision,) = decisions()

        assert (answer.status, answer.code) == (403, "RISK_BLOCKED")
        assert decision["action"] == "block"
        assert decision["reasons"][-1] == "emptied_from_abroad"
        assert not any(reason in answer.text for reason in decision["reasons"])
        assert "客服" in answer.json["detail"]
        assert list(answer.json["diagnosis"]["facts"]) == ["decision_id"]
        assert stolen.available == 200_000 * YUAN

    def test_the_owner_finds_it_among_the_events(self, stolen: Person, bo: Person) -> None:
        send_from("US", stolen, bo, 10_000 * YUAN)
        events = stolen.call("GET", "/v1/me/security-events").json["items"]

        (told,) = (event for event in events if event["kind"] == "risk_blocked")
        assert (told["country"], told["details"]) == ("US", {"of": "transfer"})

    def test_from_where_the_session_is_it_is_a_step(self, stolen: Person, bo: Person) -> None:
        assert send_from("CN", stolen, bo, 10_000 * YUAN).code == "STEP_UP_REQUIRED"

    def test_a_small_amount_just_goes(self, stolen: Person, bo: Person) -> None:
        assert send_from("US", stolen, bo, 1_000 * YUAN).status == 201


def test_every_decision_is_counted(
    ana: Person, bo: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    ana.send(bo, 1, key="k1")
    ana.send(bo, 2_000 * YUAN, key="k2")
    lines = [line for line in capsys.readouterr().out.splitlines() if "RiskDecisions" in line]

    assert sum('"action":"allow"' in line for line in lines) == 1
    assert sum('"action":"step_up"' in line for line in lines) == 1


class Guarded(Swept):
    """A transfer to a new payee, after the step was taken."""

    def prepare(self) -> None:
        self.ana = register("+8613800000001", funds=5_000 * YUAN)
        self.bo = register("+8613800000002")
        self.step = self.ana.step_taken(self.ana.send(self.bo, 2_000 * YUAN, key="k"))

    def act(self) -> Any:
        body = transfer_body({"phone": self.bo.phone}, 2_000 * YUAN)
        headers = {"Step-Up": self.step}
        answer = self.ana.call("POST", "/v1/transfers", body, key="k", headers=headers)
        if answer.status == 503:
            raise ServiceUnavailable
        return answer.status, answer.json

    def check_done(self) -> None:
        account = find_account(self.bo.user_id)
        assert account is not None
        assert account.available == 2_000 * YUAN

    def run_sweepers(self) -> None:
        settle_due()


@pytest.mark.parametrize("fault", Fault)
def test_a_guarded_transfer_has_its_effect_once_under_a_fault_at_any_call(
    fault: Fault, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sweep lets ten minutes pass, in which the step would be over.
    monkeypatch.setenv("CHALLENGE_SECONDS", "3600")
    settings.cache_clear()
    try:
        assert sweep(Guarded, fault, test_clock) >= 1
    finally:
        monkeypatch.undo()
        settings.cache_clear()
