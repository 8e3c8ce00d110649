"""Step-up: money that calls for one more step moves once it was taken, for just that, and once."""

from typing import Any

import pytest

from shared.errors import ServiceUnavailable
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import CUTS, Attempt, Fault, Swept, intercepted, sweep
from tests.functions.identity.asking import OTHER_PHONE, PHONE, stored
from tests.functions.identity.second_factor import Authenticator, recovery, totp, turn_on
from tests.people import (
    PAY_PASSWORD,
    Person,
    code_in_last_sms,
    register,
    sms_sent_to,
    transfer_body,
)

THIRD_PHONE = "+8613800000003"
LARGE = 1_000_000
FUNDS = 4 * LARGE


@pytest.fixture
def ana() -> Person:
    return register(PHONE, funds=FUNDS)


@pytest.fixture
def bo() -> Person:
    return register(OTHER_PHONE)


def send(payer: Person, payee: Person, amount: int = LARGE, **more: Any) -> Answer:
    """A transfer, with the challenge that was passed for it, if there is one."""
    step: str | None = more.pop("step", None)
    key = more.pop("key", "k")
    body = transfer_body({"user_id": payee.user_id}, amount) | more
    headers = {"Step-Up": step} if step else {}
    return payer.call("POST", "/v1/transfers", body, key=key, headers=headers)


def named(refused: Answer) -> str:
    """The challenge in a refusal."""
    assert (refused.status, refused.code) == (403, "STEP_UP_REQUIRED"), refused.text
    return str(refused.json["diagnosis"]["challenge_id"])


def take(person: Person, challenge_id: str, given: dict[str, str] | None = None) -> Answer:
    """Answers a challenge, by the code in the last message if nothing else is given."""
    given = given or {"method": "sms", "code": code_in_last_sms(person.phone)}
    return person.call("POST", f"/v1/step-ups/{challenge_id}", given)


def passed(payer: Person, payee: Person, amount: int = LARGE, *, key: str = "k") -> str:
    challenge_id = named(send(payer, payee, amount, key=key))
    assert take(payer, challenge_id).status == 204
    return challenge_id


class TestWhenItIsAskedFor:
    def test_small_amounts_never_are(self, ana: Person, bo: Person) -> None:
        assert send(ana, bo, settings().unguarded_day_limit_minor).status == 201

    def test_a_new_payee_above_them_is(self, ana: Person, bo: Person) -> None:
        amount = settings().unguarded_day_limit_minor + 1
        step = passed(ana, bo, amount)
        assert send(ana, bo, amount, step=step).status == 201
        assert send(ana, bo, amount, key="known").status == 201

    def test_a_large_amount_is_also_to_known_payees(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        assert send(ana, bo, step=passed(ana, bo)).status == 201
        test_clock.move(seconds=settings().code_resend_seconds)
        named(send(ana, bo, key="another"))

    def test_what_would_be_refused_anyway_is_not(self, ana: Person, bo: Person) -> None:
        assert send(ana, bo, FUNDS + 1).code == "INSUFFICIENT_FUNDS"
        wrong = send(ana, bo, key="2", pay_password="000001")
        assert wrong.code == "WRONG_PAY_PASSWORD"
        assert not stored("CHALLENGE")

    def test_who_has_two_factor_is_sent_nothing(self, ana: Person, bo: Person) -> None:
        made = turn_on(ana)
        before = len(sms_sent_to(PHONE))
        refused = send(ana, bo)
        assert refused.json["diagnosis"]["methods"] == ["totp", "recovery", "sms"]
        assert len(sms_sent_to(PHONE)) == before
        step = named(refused)
        assert take(ana, step, totp(made.code())).status == 204
        assert send(ana, bo, step=step).status == 201

    def test_the_same_request_is_named_the_same_challenge(self, ana: Person, bo: Person) -> None:
        first = named(send(ana, bo))
        before = len(sms_sent_to(PHONE))
        assert named(send(ana, bo)) == first
        assert len(sms_sent_to(PHONE)) == before


class TestWhatItAllows:
    def test_the_money_moves_once(self, ana: Person, bo: Person) -> None:
        step = passed(ana, bo)
        assert send(ana, bo, step=step).status == 201
        assert (ana.available, bo.available) == (FUNDS - LARGE, LARGE)

    def test_another_payee_amount_or_user_is_asked_again(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        cy = register(THIRD_PHONE, funds=FUNDS)
        step = passed(ana, bo)
        test_clock.move(seconds=60)
        assert named(send(ana, cy, key="payee", step=step)) != step
        test_clock.move(seconds=60)
        assert named(send(ana, bo, LARGE + 1, key="amount", step=step)) != step
        assert named(send(cy, bo, key="user", step=step)) != step
        assert (ana.available, cy.available) == (FUNDS, FUNDS)
        assert send(ana, bo, step=step).status == 201

    @pytest.mark.parametrize("step", ["ch_nothing", "x", "é" * 40, "a|b"])
    def test_a_challenge_that_is_none_is_asked_again(
        self, ana: Person, bo: Person, step: str
    ) -> None:
        named(send(ana, bo, step=step))

    def test_one_that_is_not_passed_allows_nothing(self, ana: Person, bo: Person) -> None:
        step = named(send(ana, bo))
        assert named(send(ana, bo, step=step)) == step
        assert ana.available == FUNDS

    def test_it_expires_passed_or_not(self, ana: Person, bo: Person, test_clock: TestClock) -> None:
        step = passed(ana, bo)
        test_clock.move(seconds=settings().challenge_seconds)
        named(send(ana, bo, step=step))
        assert take(ana, step).status == 204  # the new one in its place
        test_clock.move(seconds=settings().challenge_seconds)
        assert take(ana, step).code == "CHALLENGE_ENDED"
        assert ana.available == FUNDS

    def test_it_is_used_once(self, ana: Person, bo: Person, test_clock: TestClock) -> None:
        step = passed(ana, bo)
        assert send(ana, bo, step=step).status == 201
        test_clock.move(seconds=60)
        assert named(send(ana, bo, key="again", step=step)) != step
        assert ana.available == FUNDS - LARGE

    def test_of_two_transfers_at_once_one_uses_it(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        step = passed(ana, bo)
        test_clock.move(seconds=60)
        inner: list[Answer] = []

        def let_another_in_first(attempt: Attempt) -> object:
            if attempt.operation == "TransactWriteItems" and not inner:
                inner.append(Answer(0, {}, ""))
                inner[0] = send(ana, bo, key="other", step=step)
            return attempt.make()

        with intercepted(let_another_in_first):
            outer = send(ana, bo, step=step)

        assert inner[0].status == 201
        assert outer.status in (403, 503)  # 503: the account has changed, and it is asked again
        assert (ana.available, bo.available) == (FUNDS - LARGE, LARGE)

    def test_a_refusal_for_another_reason_does_not_use_it_up(self, ana: Person, bo: Person) -> None:
        step = passed(ana, bo)
        refused = send(ana, bo, step=step, pay_password="000001")
        assert refused.code == "WRONG_PAY_PASSWORD"
        assert send(ana, bo, step=step, pay_password=PAY_PASSWORD).status == 201

    def test_a_replay_gives_the_first_answer_and_asks_nothing(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        step = passed(ana, bo)
        first = send(ana, bo, step=step)
        test_clock.move(minutes=11)
        for again in (send(ana, bo), send(ana, bo, step=step), send(ana, bo, step="ch_nothing")):
            assert (again.status, again.json) == (201, first.json)
            assert again.headers["Idempotency-Replayed"] == "true"
        assert ana.available == FUNDS - LARGE

    @pytest.mark.parametrize("arrive", ["in_2_hours", "next_day"])
    def test_what_arrives_later_takes_it_too(
        self, ana: Person, bo: Person, arrive: str, test_clock: TestClock
    ) -> None:
        step = named(send(ana, bo, arrive=arrive))
        assert take(ana, step).status == 204
        assert send(ana, bo, arrive=arrive, step=step).status == 201
        test_clock.move(seconds=60)
        named(send(ana, bo, arrive=arrive, key="again", step=step))


class TestTaking:
    def test_nobody_takes_the_step_of_another(self, ana: Person, bo: Person) -> None:
        step = named(send(ana, bo))
        given = {"method": "sms", "code": code_in_last_sms(PHONE)}
        of_another = take(bo, step, given)
        of_nobody = take(bo, "ch_nothing", given)
        assert of_another.code == "CHALLENGE_ENDED"
        assert of_another.json == of_nobody.json
        assert bo.call("POST", f"/v1/step-ups/{step}/sms").code == "CHALLENGE_ENDED"
        (challenge,) = stored("CHALLENGE")
        assert challenge["tries"] == {"N": "0"}
        assert take(ana, step, given).status == 204

    def test_taken_again_it_is_still_taken(self, ana: Person, bo: Person) -> None:
        step = passed(ana, bo)
        assert take(ana, step).status == 204
        assert send(ana, bo, step=step).status == 201
        assert take(ana, step).code == "CHALLENGE_ENDED"

    def test_tries_are_bounded(self, ana: Person, bo: Person) -> None:
        step = named(send(ana, bo))
        right = code_in_last_sms(PHONE)
        wrong = {"method": "sms", "code": f"{(int(right) + 1) % 1_000_000:06d}"}
        for _ in range(settings().code_tries):
            assert take(ana, step, wrong).code == "WRONG_CODE"
        assert take(ana, step).code == "CHALLENGE_ENDED"
        assert ana.available == FUNDS

    def test_a_sign_in_is_not_begun_by_it(self, ana: Person, bo: Person) -> None:
        step = named(send(ana, bo))
        given = {"method": "sms", "code": code_in_last_sms(PHONE)}
        answered = ana.call("POST", f"/v1/sessions/challenges/{step}", given)
        assert answered.code == "CHALLENGE_ENDED"

    def test_a_code_of_one_step_does_not_take_another(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        first = named(send(ana, bo))
        given = {"method": "sms", "code": code_in_last_sms(PHONE)}
        test_clock.move(seconds=60)
        second = named(send(ana, bo, LARGE + 1, key="second"))
        other = code_in_last_sms(PHONE)
        if given["code"] != other:
            assert take(ana, second, given).code == "WRONG_CODE"
        assert take(ana, first, given).status == 204

    def test_recovery_and_sms_are_ways_too(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        made = turn_on(ana)
        step = named(send(ana, bo))
        assert take(ana, step, recovery(made.recovery_codes[0])).status == 204
        other = named(send(ana, bo, LARGE + 1, key="other"))
        assert ana.call("POST", f"/v1/step-ups/{other}/sms").status == 202
        assert take(ana, other).status == 204

    def test_it_is_among_the_security_events(self, ana: Person, bo: Person) -> None:
        passed(ana, bo)
        items = ana.call("GET", "/v1/me/security-events").json["items"]
        assert "step_up_passed" in [item["kind"] for item in items]


class Stepping(Swept):
    """A large transfer: asked for a step, which is taken, and sent again."""

    authenticator: Authenticator

    def prepare(self) -> None:
        self.ana = register(PHONE, funds=FUNDS)
        self.bo = register(OTHER_PHONE)
        self.authenticator = turn_on(self.ana)

    def act(self) -> Any:
        told = self._told(send(self.ana, self.bo))
        if told.status == 403:
            step = named(told)
            self._told(take(self.ana, step, totp(self.authenticator.code())))
            told = self._told(send(self.ana, self.bo, step=step))
        assert told.status == 201, told.text
        return told.json

    def check_done(self) -> None:
        assert (self.ana.available, self.bo.available) == (FUNDS - LARGE, LARGE)
        assert len([one for one in stored("CHALLENGE") if "used" in one]) == 1

    def run_sweepers(self) -> None:
        """Nothing is left to do."""

    def check_finally(self) -> None:
        """What moved was seen before; their sessions are over by now."""

    def _told(self, answered: Answer) -> Answer:
        if answered.status == 503:
            raise ServiceUnavailable
        return answered


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
def test_it_moves_once(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(Stepping, fault, test_clock)
