"""What was refused is kept for its user and for support: once, bounded; success pays nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.diagnosis.attempts import failed_attempts
from functions.diagnosis.last_failure import last_failure
from shared.ledger.accounts import set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import Attempt, Fault, intercepted, watched
from tests.functions.bank_cards import bind, top_up
from tests.functions.payments.test_cost import units
from tests.functions.topups.test_top_up import EXPIRED
from tests.functions.withdrawals.asking import withdraw
from tests.functions.withdrawals.test_history import fail
from tests.people import Person, fund
from tests.sandbox.running import RunningBank
from tests.shops import Shop, pay

DAY_SECONDS = 86_400


def listed(person: Person, query: str = "") -> Any:
    answer = person.call("GET", f"/v1/me/failed-attempts{query}")
    assert answer.status == 200, answer.text
    return answer.json


def codes(person: Person) -> list[str]:
    return [one["diagnosis"]["code"] for one in listed(person)["items"]]


def test_one_of_each_kind_is_listed_newest_first_with_its_amount(
    shop: Shop, payer: Person, bo: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(payer, bank)
    asking: list[Callable[[], Answer]] = [
        lambda: pay(payer, shop.order(12_000), key="k"),
        lambda: payer.send(bo, 13_000, key="k"),
        lambda: withdraw(payer, card_id, 14_000, key="k"),
        lambda: top_up(payer, card_id, 10**9, key="k"),
    ]
    refused = []
    for ask in asking:
        refused.append(ask())
        test_clock.move(seconds=1)

    items = listed(payer)["items"]
    assert [(one["kind"], one["amount"]) for one in items] == [
        ("top_up", 10**9), ("withdrawal", 14_000), ("transfer", 13_000), ("payment", 12_000),
    ]  # fmt: skip
    assert [one["id"] for one in items] == [
        answer.json["diagnosis"]["about"]["id"] for answer in reversed(refused)
    ]
    first = listed(payer, "?limit=3")
    rest = listed(payer, f"?limit=3&cursor={first['next_cursor']}")
    assert [*first["items"], *rest["items"]] == items
    assert rest["next_cursor"] is None
    assert listed(bo)["items"] == []


def test_the_same_request_sent_again_is_one_attempt(shop: Shop, payer: Person) -> None:
    order_id = shop.order(12_000)
    for _ in range(3):
        pay(payer, order_id, key="k")

    assert codes(payer) == ["INSUFFICIENT_FUNDS"]


def test_each_reason_of_one_request_is_kept(
    shop: Shop, payer: Person, test_clock: TestClock
) -> None:
    order_id = shop.order(12_000)
    for pay_password in ("271828", "314159", "802517"):
        pay(payer, order_id, key="k", pay_password=pay_password)
        test_clock.move(seconds=1)

    assert codes(payer) == ["INSUFFICIENT_FUNDS", "WRONG_PAY_PASSWORD", "WRONG_PAY_PASSWORD"]


def test_what_was_not_understood_is_no_attempt(shop: Shop, payer: Person) -> None:
    pay(payer, "not an id", key="k")
    payer.call("POST", "/v1/payments", {"order_id": shop.order()})
    pay(payer, shop.order(), key="k2")
    assert pay(payer, shop.order(2_000), key="k2").code == "IDEMPOTENCY_KEY_REUSED"

    assert codes(payer) == []


def test_no_more_than_a_number_is_kept_in_a_day_and_the_refusal_is_told_all_the_same(
    shop: Shop, payer: Person, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILED_ATTEMPTS_PER_DAY", "3")
    settings.cache_clear()
    for number in range(5):
        refused = pay(payer, shop.order(12_000), key=str(number))
        assert refused.json["diagnosis"]["facts"]["missing"] == 2_000
    assert len(codes(payer)) == 3
    set_status(payer.user_id, "frozen")
    order_id = shop.order()
    with watched() as attempts:
        pay(payer, order_id, key="frozen")
    assert made_by(attempts) == ["BatchGetItem", "TransactWriteItems", "BatchGetItem"]
    set_status(payer.user_id, "active")

    test_clock.move(seconds=DAY_SECONDS)
    payer = payer.signed_in_again()
    pay(payer, shop.order(12_000), key="tomorrow")
    assert len(codes(payer)) == 4
    monkeypatch.undo()
    settings.cache_clear()


def test_what_is_older_than_ninety_days_is_not_shown(
    shop: Shop, payer: Person, test_clock: TestClock
) -> None:
    pay(payer, shop.order(12_000), key="k")
    test_clock.move(hours=24 * 90 - 1)
    payer = payer.signed_in_again()
    assert codes(payer) == ["INSUFFICIENT_FUNDS"]

    test_clock.move(hours=1)
    assert codes(payer.signed_in_again()) == []
    assert failed_attempts(payer.user_id, 10) == []


def made_by(attempts: list[Attempt]) -> list[str]:
    return [one.operation for one in attempts]


def test_a_wrong_guess_takes_no_more_time_and_success_nothing_at_all(
    shop: Shop, payer: Person
) -> None:
    pay(payer, shop.order(), key="first")
    order_id = shop.order()

    with watched() as guessed:
        pay(payer, order_id, key="k", pay_password="271828")
    with watched() as paid:
        pay(payer, order_id, key="k")

    assert made_by(guessed) == made_by(paid) == ["BatchGetItem", "TransactWriteItems"]
    assert "ATTEMPTS#" in str(guessed[-1].request)
    assert "ATTEMPTS#" not in str(paid)


def test_a_refusal_costs_one_write_of_six_units_and_sent_again_none(
    shop: Shop, payer: Person
) -> None:
    order_id = shop.order(12_000)
    with watched() as refused:
        pay(payer, order_id, key="k")
    with watched() as again:
        pay(payer, order_id, key="k")

    assert made_by(refused) == [
        "BatchGetItem", "TransactWriteItems", "PutItem", "BatchGetItem", "TransactWriteItems",
    ]  # fmt: skip
    assert sorted(units([refused[-1]]).values()) == [2, 2, 2]
    assert made_by(again) == ["BatchGetItem", "BatchGetItem"]


def is_keeping(attempt: Attempt) -> bool:
    return attempt.operation == "TransactWriteItems" and "ATTEMPTS#" in str(attempt.request)


def test_a_refusal_that_cannot_be_kept_is_given_all_the_same(shop: Shop, payer: Person) -> None:
    def throttled(attempt: Attempt) -> Any:
        fault = Fault.THROTTLED
        return fault.befall(attempt) if is_keeping(attempt) else attempt.make()

    order_id = shop.order(12_000)
    with intercepted(throttled):
        refused = pay(payer, order_id, key="k")
    assert (refused.status, refused.code) == (422, "INSUFFICIENT_FUNDS")
    assert codes(payer) == []

    assert pay(payer, order_id, key="k").code == "INSUFFICIENT_FUNDS"
    assert codes(payer) == ["INSUFFICIENT_FUNDS"]


def failure(person: Person, language: str = "en") -> Any:
    return last_failure(person.user_id, language)


def test_the_last_failure_is_the_newest_that_was_not_made_good(
    shop: Shop, payer: Person, bo: Person, test_clock: TestClock
) -> None:
    assert failure(payer) is None
    refused: Answer = payer.send(bo, 12_000, key="k")
    test_clock.move(minutes=1)
    order_id = shop.order()
    pay(payer, order_id, key="k", pay_password="271828")
    assert failure(payer).diagnosis.code == "WRONG_PAY_PASSWORD"

    pay(payer, order_id, key="k")

    told = failure(payer)
    assert (told.kind, told.id) == ("transfer", refused.json["diagnosis"]["about"]["id"])
    assert told.diagnosis.facts == {"missing": 2_000, "available": 10_000}
    assert [one.facts["missing"] for one in told.in_the_way] == [3_000]
    assert "还差 ¥20.00" in failure(payer, "zh").diagnosis.cause
    fund(payer.user_id, 3_000)
    assert failure(payer).would_pass_now is True


def test_a_card_that_the_bank_refused_stays_in_the_way_until_another_is_used(
    payer: Person, bank: RunningBank
) -> None:
    top_up(payer, bind(payer, bank, EXPIRED), 500, key="k")

    told = failure(payer)
    assert (told.would_pass_now, told.in_the_way[0].code) == (False, "CARD_EXPIRED")


def test_a_withdrawal_counts_its_fee_when_asked_whether_it_would_pass(
    payer: Person, bank: RunningBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WITHDRAWAL_FREE_PER_MONTH_MINOR", "0")
    settings.cache_clear()
    withdraw(payer, bind(payer, bank), 10_000, key="k")

    told = failure(payer)
    assert [(one.code, one.facts["missing"]) for one in told.in_the_way] == [
        ("INSUFFICIENT_FUNDS", 10)
    ]
    fund(payer.user_id, 10)
    assert failure(payer).would_pass_now is True
    monkeypatch.undo()
    settings.cache_clear()


def test_a_withdrawal_that_the_bank_refused_later_is_found_too(
    payer: Person, bo: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    payer.send(bo, 12_000, key="k")
    made = withdraw(payer, bind(payer, bank), 1_000, key="k").json["withdrawal_id"]
    test_clock.move(minutes=1)
    fail(made, "ACCOUNT_CLOSED")

    told = failure(payer)
    assert (told.kind, told.id, told.diagnosis.who_can_mend) == ("withdrawal", made, "you")
    assert told.diagnosis.cause == "The account of this card has been closed."
    assert (told.would_pass_now, told.in_the_way) == (False, [told.diagnosis])
    test_clock.move(hours=24 * 90)
    assert failure(payer) is None


def test_what_the_bank_could_not_do_for_the_moment_would_pass_now(
    payer: Person, bank: RunningBank
) -> None:
    made = withdraw(payer, bind(payer, bank), 1_000, key="k").json["withdrawal_id"]
    fail(made, "BANK_UNAVAILABLE")

    assert failure(payer).would_pass_now is True
