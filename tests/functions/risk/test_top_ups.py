"""Top-ups under the rules: few take a step, for the money comes in, and from one's own card."""

from typing import Any

import pytest

from tests.clock import TestClock
from tests.edge import Answer
from tests.functions.bank_cards import bind, top_up, top_up_body
from tests.functions.risk.recorded import decisions, risk_of
from tests.people import PAY_PASSWORD, Person
from tests.sandbox.running import RunningBank

YUAN = 100


@pytest.fixture
def card_id(ana: Person, bank: RunningBank) -> str:
    return bind(ana, bank)


def many(ana: Person, card_id: str, amount: int) -> list[Answer]:
    return [top_up(ana, card_id, amount, key=f"k{number}") for number in range(10)]


def test_large_ones_from_the_first_device_just_go(ana: Person, card_id: str) -> None:
    assert top_up(ana, card_id, 50_000 * YUAN, key="k").status == 201

    assert risk_of("TOP_UP") == [{"action": "allow"}]
    assert decisions() == []


def test_many_small_ones_just_go(ana: Person, card_id: str) -> None:
    assert [answer.status for answer in many(ana, card_id, 100 * YUAN)] == [201] * 10


def test_many_large_ones_take_a_step_that_is_good_once(
    ana: Person, card_id: str, bank: RunningBank, test_clock: TestClock
) -> None:
    *_, last = many(ana, card_id, 200 * YUAN)
    assert (last.status, last.code) == (403, "STEP_UP_REQUIRED")
    assert ana.available == 1_800 * YUAN
    step = ana.step_taken(last)
    body, headers = top_up_body(card_id, 200 * YUAN), {"Step-Up": step}
    made = ana.call("POST", "/v1/top-ups", body, key="k9", headers=headers)
    test_clock.move(minutes=1)
    again = ana.call("POST", "/v1/top-ups", body, key="k10", headers=headers)

    assert made.status == 201, made.text
    assert again.code == "STEP_UP_REQUIRED"
    assert ana.available == 2_000 * YUAN
    assert {tuple(one["reasons"]) for one in decisions()} == {("many_top_ups",)}


def test_in_the_cool_down_after_a_change_a_large_one_takes_a_step(
    ana: Person, card_id: str
) -> None:
    change: dict[str, Any] = {"password": "correct horse battery 42", "pay_password": "314159"}
    assert ana.call("PUT", "/v1/me/pay-password", change).status == 204
    large = top_up(ana, card_id, 2_000 * YUAN, key="k1", pay_password="314159")
    small = top_up(ana, card_id, 1_000 * YUAN, key="k2", pay_password="314159")

    assert large.code == "STEP_UP_REQUIRED"
    assert small.status == 201
    assert PAY_PASSWORD not in large.text
