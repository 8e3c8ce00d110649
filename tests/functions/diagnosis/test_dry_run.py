"""GET .../diagnosis: what became of a request, and whether it would pass now."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.ledger.accounts import set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import watched
from tests.functions.bank_cards import unused_phone
from tests.people import Person, fund, register, transfer_body
from tests.shops import Shop, operator, pay


def explained(person: Person, refused: Answer, *, language: str = "en") -> Any:
    """What a person is told of a request that was refused."""
    about = refused.json["diagnosis"]["about"]
    path = f"/v1/{about['kind']}s/{about['id']}/diagnosis"
    answer = person.call("GET", path, headers={"Accept-Language": language})
    assert answer.status == 200, answer.text
    return answer.json


def in_the_way(told: Any) -> list[str]:
    return [one["code"] for one in told["in_the_way"]]


def test_it_turns_true_once_the_money_is_there(shop: Shop, payer: Person) -> None:
    order_id = shop.order(12_550)
    refused = pay(payer, order_id, key="k")

    before = explained(payer, refused)
    assert (before["kind"], before["amount"]) == ("payment", 12_550)
    assert before["diagnosis"]["code"] == "INSUFFICIENT_FUNDS"
    assert (before["would_pass_now"], in_the_way(before)) == (False, ["INSUFFICIENT_FUNDS"])
    fund(payer.user_id, 2_000)
    nearly = explained(payer, refused)
    assert nearly["in_the_way"][0]["facts"] == {"missing": 550, "available": 12_000}
    assert nearly["diagnosis"]["facts"] == {"missing": 2_550, "available": 10_000}
    fund(payer.user_id, 550)

    after = explained(payer, refused)
    assert (after["would_pass_now"], after["in_the_way"]) == (True, [])
    assert payer.available == 12_550
    assert pay(payer, order_id, key="k2").status == 201
    assert in_the_way(explained(payer, refused)) == ["ORDER_PAID", "INSUFFICIENT_FUNDS"]


def test_all_that_stands_in_the_way_is_told_at_once(
    shop: Shop, payer: Person, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYMENT_DAY_LIMIT_MINOR", "10000")
    settings.cache_clear()
    order_id = shop.order(12_000, expires_in=604_800)
    refused = pay(payer, order_id, key="k")
    monkeypatch.setenv("PAYMENT_DAY_LIMIT_MINOR", "12000")
    settings.cache_clear()
    fund(payer.user_id, 5_000)
    assert pay(payer, shop.order(6_000), key="k2").status == 201

    assert in_the_way(explained(payer, refused)) == ["LIMIT_EXCEEDED", "INSUFFICIENT_FUNDS"]
    fund(payer.user_id, 5_000)
    assert in_the_way(explained(payer, refused)) == ["LIMIT_EXCEEDED"]
    test_clock.move(hours=12)
    assert explained(payer.signed_in_again(), refused)["would_pass_now"] is True
    monkeypatch.undo()
    settings.cache_clear()


def locked(shop: Shop, payer: Person) -> Answer:
    for number in range(settings().pay_password_tries):
        pay(payer, shop.order(expires_in=604_800), key=str(number), pay_password="271828")
    return pay(payer, shop.order(expires_in=604_800), key="k")


def frozen(shop: Shop, payer: Person) -> Answer:
    set_status(payer.user_id, "frozen")
    return pay(payer, shop.order(expires_in=604_800), key="k")


def disabled(shop: Shop, payer: Person) -> Answer:
    order_id = shop.order(expires_in=604_800)
    operator("disable", merchant_id=shop.merchant_id)
    return pay(payer, order_id, key="k")


def unlock(shop: Shop, payer: Person, clock: TestClock) -> None:
    clock.move(seconds=settings().pay_password_lock_seconds)


def release(shop: Shop, payer: Person, clock: TestClock) -> None:
    set_status(payer.user_id, "active")


def enable(shop: Shop, payer: Person, clock: TestClock) -> None:
    operator("enable", merchant_id=shop.merchant_id)


@pytest.mark.parametrize(
    ("bring_about", "mend", "code"),
    [
        (locked, unlock, "PAY_PASSWORD_LOCKED"),
        (frozen, release, "ACCOUNT_FROZEN"),
        (disabled, enable, "MERCHANT_NOT_ACTIVE"),
    ],
)
def test_it_turns_true_once_the_cause_is_gone(
    shop: Shop,
    payer: Person,
    test_clock: TestClock,
    bring_about: Callable[[Shop, Person], Answer],
    mend: Callable[[Shop, Person, TestClock], None],
    code: str,
) -> None:
    refused = bring_about(shop, payer)
    told = explained(payer, refused)
    assert (told["diagnosis"]["code"], told["would_pass_now"]) == (code, False)
    assert in_the_way(told) == [code]

    mend(shop, payer, test_clock)

    assert explained(payer.signed_in_again(), refused)["would_pass_now"] is True


def test_an_order_that_was_closed_meanwhile_stays_in_the_way(shop: Shop, payer: Person) -> None:
    order_id = shop.order(12_000)
    refused = pay(payer, order_id, key="k")
    shop.call("POST", f"/v1/merchant/orders/{order_id}/close")
    fund(payer.user_id, 5_000)

    told = explained(payer, refused, language="zh-CN")
    assert in_the_way(told) == ["ORDER_CLOSED"]
    assert "关闭这个订单" in told["in_the_way"][0]["cause"]


def test_a_transfer_passes_once_its_payee_has_registered(payer: Person) -> None:
    phone = unused_phone()
    body = transfer_body({"phone": phone}, 100)
    refused = payer.call("POST", "/v1/transfers", body, key="k")

    assert in_the_way(explained(payer, refused)) == ["PAYEE_NOT_FOUND"]
    register(phone)
    assert explained(payer, refused)["would_pass_now"] is True


def test_who_did_not_know_the_pay_password_learns_nothing_of_a_payee(
    payer: Person, bo: Person
) -> None:
    told = []
    for key, phone in (("1", bo.phone), ("2", unused_phone())):
        body = transfer_body({"phone": phone}, 100) | {"pay_password": "271828"}
        told.append(explained(payer, payer.call("POST", "/v1/transfers", body, key=key)))

    of_somebody, of_nobody = ({**one, "id": "", "diagnosis": ""} for one in told)
    assert of_somebody == of_nobody
    assert of_somebody["would_pass_now"] is True


def test_a_large_one_says_that_it_asks_for_one_more_step(payer: Person, bo: Person) -> None:
    refused = payer.send(bo, 1_000_000, key="k")
    assert refused.code == "INSUFFICIENT_FUNDS"
    fund(payer.user_id, 1_000_000)

    told = explained(payer, refused)
    assert (told["would_pass_now"], told["step_up"]) == (True, True)


def test_asking_writes_nothing_and_asks_for_no_pay_password(shop: Shop, payer: Person) -> None:
    refused = pay(payer, shop.order(12_000), key="k")

    with watched() as attempts:
        explained(payer, refused)

    assert {one.operation for one in attempts} <= {"BatchGetItem", "Query"}
    assert len(attempts) == 3


def test_what_was_done_is_said_to_be_done(shop: Shop, payer: Person, bo: Person) -> None:
    order_id = shop.order(1_000)
    paid = pay(payer, order_id, key="k").json["payment_id"]
    path = f"/v1/payments/{paid}/diagnosis"

    told = payer.call("GET", path).json
    assert (told["diagnosis"]["code"], told["diagnosis"]["cause"]) == ("DONE", "这笔交易已经成功。")
    assert told["would_pass_now"] is False
    shop.refund(order_id, 400, number="r")
    assert "¥4.00" in payer.call("GET", path).json["diagnosis"]["cause"]
    sent = payer.send(bo, 100, key="k", arrive="next_day").json["transfer_id"]
    path = f"/v1/transfers/{sent}/diagnosis"
    assert "3月2日 12:00" in payer.call("GET", path).json["diagnosis"]["cause"]
    payer.call("POST", f"/v1/transfers/{sent}/cancel")
    assert payer.call("GET", path).json["diagnosis"]["code"] == "CANCELLED"


@pytest.mark.parametrize("kind", ["payments", "transfers"])
def test_what_never_arrived_and_what_is_of_others_is_told_in_the_same_words(
    shop: Shop, payer: Person, bo: Person, kind: str
) -> None:
    if kind == "payments":
        refused = pay(payer, shop.order(12_000), key="k")
        done = pay(payer, shop.order(), key="k2").json["payment_id"]
    else:
        refused = payer.send(bo, 12_000, key="k")
        done = payer.send(register(unused_phone()), 100, key="k2").json["transfer_id"]
    frozen_one = refused.json["diagnosis"]["about"]["id"]

    told = {
        one: bo.call("GET", f"/v1/{kind}/{one}/diagnosis", headers={"Accept-Language": "en"})
        for one in ("t_aaaaaaaaaaaaaaaaaaaaaaaaaa", frozen_one, done)
    }

    assert {answer.status for answer in told.values()} == {404}
    assert len({answer.text for answer in told.values()}) == 1
    diagnosis = next(iter(told.values())).json["diagnosis"]
    assert (diagnosis["code"], diagnosis["safe_to_retry"]) == ("NEVER_ARRIVED", True)
    assert "may never have arrived" in diagnosis["cause"]
