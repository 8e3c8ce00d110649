"""Withdrawals under the rules: small ones just go, others take a step, wait, or are stopped."""

import pytest

from shared.ledger.books import check_books
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.functions.bank_cards import bind
from tests.functions.meanwhile import meanwhile
from tests.functions.risk.recorded import decisions, risk_of
from tests.functions.risk.test_transfers import signed_in_in
from tests.functions.withdrawals.asking import cancel, quote, withdraw, withdrawal_body
from tests.people import PASSWORD, Person, fund
from tests.sandbox.running import RunningBank

YUAN = 100
TOLD_THREE_TIMES = "6222021234500110006"
FUNDS = 200_000 * YUAN
NEW_PAY_PASSWORD = "314159"


@pytest.fixture
def card_id(ana: Person, bank: RunningBank) -> str:
    fund(ana.user_id, FUNDS)
    return bind(ana, bank)


def with_step(person: Person, card_id: str, amount: int, refused: Answer, *, key: str) -> Answer:
    step = person.step_taken(refused)
    body, headers = withdrawal_body(card_id, amount), {"Step-Up": step}
    return person.call("POST", "/v1/withdrawals", body, key=key, headers=headers)


def change_pay_password(person: Person) -> None:
    change = {"password": PASSWORD, "pay_password": NEW_PAY_PASSWORD}
    assert person.call("PUT", "/v1/me/pay-password", change).status == 204


class TestAStep:
    def test_up_to_the_configured_amount_none_is_asked_for(self, ana: Person, card_id: str) -> None:
        answer = withdraw(ana, card_id, 9_999 * YUAN, key="k")

        assert answer.status == 202
        assert "reason" not in answer.json
        assert risk_of("WITHDRAWAL") == [{"action": "allow"}]
        assert decisions() == []

    def test_a_large_amount_takes_one_that_is_good_for_its_card_once(
        self, ana: Person, card_id: str, bank: RunningBank, test_clock: TestClock
    ) -> None:
        other_card = bind(ana, bank, TOLD_THREE_TIMES)
        refused = withdraw(ana, card_id, 10_000 * YUAN, key="k1")
        headers = {"Step-Up": ana.step_taken(refused)}
        answers = []
        for card, key in ((other_card, "k2"), (card_id, "k1"), (card_id, "k3")):
            test_clock.move(minutes=1)
            body = withdrawal_body(card, 10_000 * YUAN)
            answers.append(ana.call("POST", "/v1/withdrawals", body, key=key, headers=headers))

        assert (refused.status, refused.code) == (403, "STEP_UP_REQUIRED")
        assert [answer.status for answer in answers] == [403, 202, 403]
        assert answers[0].code == answers[2].code == "STEP_UP_REQUIRED"
        assert ana.available == FUNDS - 10_009 * YUAN

    def test_nobody_takes_one_for_what_is_refused_anyway(self, ana: Person, card_id: str) -> None:
        assert withdraw(ana, card_id, 50_001 * YUAN, key="k1").code == "LIMIT_EXCEEDED"
        assert withdraw(ana, "card_nobodys", 10_000 * YUAN, key="k2").code == "NOT_FOUND"
        assert decisions() == []


class TestACoolDown:
    """The day after a change: 1,000 yuan may leave at once, the rest waits until it is over."""

    @pytest.fixture
    def changed(self, ana: Person, card_id: str) -> Person:
        change_pay_password(ana)
        return ana

    def take(self, person: Person, card_id: str, yuan: int, *, key: str) -> Answer:
        return withdraw(person, card_id, yuan * YUAN, key=key, pay_password=NEW_PAY_PASSWORD)

    def test_small_amounts_go_at_once_and_what_is_above_waits_for_its_end(
        self, changed: Person, card_id: str
    ) -> None:
        small = self.take(changed, card_id, 600, key="k1").json
        more = self.take(changed, card_id, 401, key="k2").json

        assert "reason" not in small
        assert small["expected_by"] == "2026-03-02T03:00:00.000Z"
        assert (more["status"], more["reason"]) == ("pending", "SAFETY_DELAY")
        # Noon of the next day, and then two hours.
        assert more["expected_by"] == "2026-03-02T06:00:00.000Z"
        (decision,) = decisions()
        assert (decision["action"], decision["reasons"]) == ("delay", ["withdrawal_in_cool_down"])

    def test_the_quote_knows_of_it_and_records_nothing(self, changed: Person, card_id: str) -> None:
        told = quote(changed, card_id, 2_000 * YUAN).json

        assert told["expected_by"] == "2026-03-02T06:00:00.000Z"
        assert decisions() == []

    def test_it_can_be_cancelled_all_the_time(
        self, changed: Person, card_id: str, test_clock: TestClock
    ) -> None:
        made = self.take(changed, card_id, 2_000, key="k").json
        test_clock.move(hours=23)
        answer = cancel(changed.signed_in_again(), made["withdrawal_id"])

        assert (answer.status, answer.json["status"]) == (200, "cancelled")
        assert changed.signed_in_again().available == FUNDS
        assert check_books().sound

    def test_two_small_ones_at_once_are_not_both_small(self, changed: Person, card_id: str) -> None:
        with meanwhile(lambda: self.take(changed, card_id, 600, key="k1")):
            second = self.take(changed, card_id, 600, key="k2")
        again = self.take(changed, card_id, 600, key="k2")

        assert second.status == 503
        assert (again.status, again.json["reason"]) == (202, "SAFETY_DELAY")

    def test_one_that_begins_in_the_same_moment_counts(self, ana: Person, card_id: str) -> None:
        with meanwhile(lambda: change_pay_password(ana)):
            answer = withdraw(ana, card_id, 2_000 * YUAN, key="k")

        assert answer.status in (403, 503)
        assert ana.available == FUNDS
        assert self.take(ana, card_id, 2_000, key="k").json["reason"] == "SAFETY_DELAY"


def test_from_a_new_device_it_takes_a_step_and_waits(
    ana: Person, card_id: str, test_clock: TestClock
) -> None:
    body = {"phone": ana.phone, "password": PASSWORD, "device": {"id": "the first"}}
    assert call("POST", "/v1/sessions", body).status == 201
    thief = ana.signed_in_with_step(device={"id": "the second"})
    test_clock.move(minutes=1)
    small = withdraw(thief, card_id, 900 * YUAN, key="small")
    refused = withdraw(thief, card_id, 2_000 * YUAN, key="k")
    answer = with_step(thief, card_id, 2_000 * YUAN, refused, key="k")

    assert (small.status, small.json.get("reason")) == (202, None)
    assert refused.code == "STEP_UP_REQUIRED"
    assert (answer.status, answer.json["reason"]) == (202, "SAFETY_DELAY")


def test_from_far_away_to_a_card_that_was_just_bound_nothing_large_goes(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    fund(ana.user_id, FUNDS)
    old_card = bind(ana, bank)
    test_clock.move(hours=25)
    thief = signed_in_in(ana, "CN")
    new_card = bind(thief, bank, TOLD_THREE_TIMES)
    test_clock.move(minutes=10)
    away = {"CloudFront-Viewer-Country": "US"}
    answers = [
        thief.call(
            "POST",
            "/v1/withdrawals",
            withdrawal_body(card, yuan * YUAN),
            key=f"{card}{yuan}",
            headers=away,
        )
        for card, yuan in ((new_card, 10_000), (old_card, 10_000), (new_card, 900))
    ]

    assert [answer.code for answer in answers] == ["RISK_BLOCKED", "STEP_UP_REQUIRED", None]
    assert thief.available == FUNDS - 900 * YUAN
