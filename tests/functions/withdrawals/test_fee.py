"""What a withdrawal costs: told before it is confirmed, held with it, given back with it."""

import pytest

from tests.clock import TestClock
from tests.functions.meanwhile import meanwhile
from tests.functions.withdrawals.asking import cancel, quote, withdraw
from tests.people import Person

YUAN = 100
FREE = 1_000 * YUAN


def free_left(person: Person, card_id: str) -> int:
    return int(quote(person, card_id, 1).json["free_left"])


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (1, 0),
        (FREE, 0),
        (FREE + 1, 10),
        (FREE + 10_499, 10),
        (FREE + 10_500, 11),
        (50_000 * YUAN, 49 * YUAN),
    ],
)
def test_what_is_above_the_free_allowance_costs_a_share_and_no_less_than_the_least(
    ana: Person, card_id: str, amount: int, fee: int
) -> None:
    answer = quote(ana, card_id, amount)

    assert (answer.status, answer.json) == (
        200,
        {
            "amount": amount,
            "fee": fee,
            "total": amount + fee,
            "arrives": amount,
            "free_left": FREE,
            "currency": "CNY",
            "expected_by": "2026-03-02T03:00:00.000Z",
        },
    )


def test_a_quote_is_what_the_withdrawal_then_says(ana: Person, card_id: str) -> None:
    shown = []
    for key in ("k1", "k2"):
        told = quote(ana, card_id, 700 * YUAN).json
        made = withdraw(ana, card_id, 700 * YUAN, key=key).json
        shown.append((told["free_left"], told["fee"]))
        for name in ("amount", "fee", "total", "expected_by"):
            assert made[name] == told[name]

    assert shown == [(FREE, 0), (300 * YUAN, 40)]


def test_the_free_allowance_is_of_a_local_month(
    ana: Person, card_id: str, test_clock: TestClock
) -> None:
    withdraw(ana, card_id, 600 * YUAN, key="k1")
    assert free_left(ana, card_id) == 400 * YUAN

    test_clock.move(hours=24 * 30 + 12)  # the 1st of April in Shanghai, 0 o'clock
    assert free_left(ana.signed_in_again(), card_id) == FREE


def test_cancelling_gives_the_free_allowance_back_to_the_month_that_it_is_of(
    ana: Person, card_id: str, test_clock: TestClock
) -> None:
    test_clock.move(hours=24 * 30 + 11)  # the last hour of March in Shanghai
    ana = ana.signed_in_again()
    in_march = withdraw(ana, card_id, 600 * YUAN, key="k1").json["withdrawal_id"]
    test_clock.move(hours=2)
    ana = ana.signed_in_again()
    in_april = withdraw(ana, card_id, 500 * YUAN, key="k2").json["withdrawal_id"]

    assert cancel(ana, in_march).status == 200
    assert free_left(ana, card_id) == 500 * YUAN
    assert cancel(ana, in_april).status == 200
    assert free_left(ana, card_id) == FREE


def test_two_at_once_do_not_take_the_same_free_allowance(ana: Person, card_id: str) -> None:
    with meanwhile(lambda: withdraw(ana, card_id, 700 * YUAN, key="k1")) as other:
        second = withdraw(ana, card_id, 250 * YUAN, key="k2")
    third = withdraw(ana, card_id, 100 * YUAN, key="k3")

    assert [answer.json["fee"] for answer in (other[0], second, third)] == [0, 0, 10]
    assert free_left(ana, card_id) == 0


def test_who_was_shown_another_fee_is_asked_again(ana: Person, card_id: str) -> None:
    shown = quote(ana, card_id, 1_000 * YUAN).json["fee"]
    with meanwhile(lambda: withdraw(ana, card_id, 700 * YUAN, key="k1")):
        refused = withdraw(ana, card_id, 1_000 * YUAN, key="k2", fee=shown)
    fee = refused.json["diagnosis"]["fee"]

    assert (refused.status, refused.code, fee) == (409, "FEE_CHANGED", 70)
    assert free_left(ana, card_id) == 300 * YUAN
    confirmed = withdraw(ana, card_id, 1_000 * YUAN, key="k3", fee=fee)
    assert (confirmed.status, confirmed.json["fee"]) == (202, 70)
