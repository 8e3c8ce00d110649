"""POST /v1/payments: an order is paid once, by whoever is first, and the merchant has the money."""

import pytest

from shared.ledger.accounts import FEES, set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.edge import call
from tests.faults import Attempt
from tests.functions.meanwhile import meanwhile
from tests.ledger_accounts import shards
from tests.people import Person, fund
from tests.shops import Shop, open_shop, operator, pay
from tests.soundness import check_sound


def test_payer_sees_the_order_pays_it_and_the_merchant_has_the_money_less_the_fee(
    shop: Shop, ana: Person
) -> None:
    order_id = shop.order(5_000)
    seen = ana.call("GET", f"/v1/orders/{order_id}").json
    assert (seen["amount"], seen["subject"], seen["status"]) == (5_000, "两杯咖啡", "open")
    assert seen["merchant"] == {"merchant_id": shop.merchant_id, "name": "Kafei"}

    answer = pay(ana, order_id, key="k")

    assert answer.status == 201, answer.text
    assert answer.json["status"] == "succeeded"
    assert (ana.available, shop.balance, sum(shards(FEES))) == (5_000, 4_970, 30)
    assert ana.call("GET", f"/v1/orders/{order_id}").json["status"] == "paid"
    told = shop.shown(order_id)
    assert (told["status"], told["fee"], told["payment_id"]) == (
        "paid", 30, answer.json["payment_id"],
    )  # fmt: skip
    check_sound(ledger_items())


def test_statement_shows_the_payment_with_the_shop_as_counterparty(shop: Shop, ana: Person) -> None:
    order_id = shop.order(5_000)
    pay(ana, order_id, key="k")

    entry = ana.call("GET", "/v1/wallet/entries?kind=payment").json["items"][0]
    assert (entry["direction"], entry["amount"], entry["balance_after"]) == ("out", 5_000, 5_000)
    assert (entry["reference"], entry["note"]) == (order_id, "两杯咖啡")
    assert entry["counterparty"] == {"user_id": None, "name": "Kafei"}


def test_replay_gives_the_first_answer_and_pays_nothing(shop: Shop, ana: Person) -> None:
    order_id = shop.order(5_000)
    first = pay(ana, order_id, key="k")

    again = pay(ana, order_id, key="k")

    assert (again.status, again.json) == (first.status, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ana.available == 5_000


def test_same_key_for_another_order_is_refused(shop: Shop, ana: Person) -> None:
    pay(ana, shop.order(1_000), key="k")

    assert pay(ana, shop.order(2_000), key="k").code == "IDEMPOTENCY_KEY_REUSED"
    assert ana.available == 9_000


def test_second_payer_is_told_and_keeps_the_money(shop: Shop, ana: Person, bo: Person) -> None:
    order_id = shop.order(5_000)
    paid = pay(ana, order_id, key="k").json

    refused = pay(bo, order_id, key="k")

    assert (refused.status, refused.code) == (409, "ORDER_PAID")
    assert (bo.available, shop.balance) == (10_000, 4_970)
    assert bo.call("GET", f"/v1/orders/{order_id}").json["payment_id"] is None
    assert bo.call("GET", f"/v1/payments/{paid['payment_id']}").status == 404


def test_nobody_pays_the_same_order_twice_under_two_keys(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    pay(ana, order_id, key="k1")

    assert pay(ana, order_id, key="k2").code == "ORDER_PAID"
    assert ana.available == 9_000


def test_expired_order_cannot_be_paid(shop: Shop, ana: Person, test_clock: TestClock) -> None:
    order_id = shop.order(1_000, expires_in=60)
    test_clock.move(seconds=60)

    assert pay(ana, order_id, key="k").code == "ORDER_EXPIRED"
    assert ana.call("GET", f"/v1/orders/{order_id}").json["status"] == "expired"
    assert ana.available == 10_000


def test_closed_order_cannot_be_paid(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    assert shop.call("POST", f"/v1/merchant/orders/{order_id}/close").json["status"] == "closed"

    assert pay(ana, order_id, key="k").code == "ORDER_CLOSED"
    assert ana.available == 10_000


def test_refusal_for_funds_is_remembered_and_shown_as_failed(shop: Shop, ana: Person) -> None:
    order_id = shop.order(10_001)
    refused = pay(ana, order_id, key="k")
    assert (refused.status, refused.code) == (422, "INSUFFICIENT_FUNDS")

    again = pay(ana, order_id, key="k")

    assert (again.code, again.headers["Idempotency-Replayed"]) == ("INSUFFICIENT_FUNDS", "true")
    assert shop.shown(order_id)["status"] == "open"


def test_wrong_pay_password_leaves_no_trace_under_the_key(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    assert pay(ana, order_id, key="k", pay_password="000001").code == "WRONG_PAY_PASSWORD"

    assert pay(ana, order_id, key="k").status == 201


def test_limit_of_a_day_holds_and_is_shown(
    shop: Shop, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYMENT_DAY_LIMIT_MINOR", "1500")
    settings.cache_clear()
    pay(ana, shop.order(1_000), key="k1")

    assert pay(ana, shop.order(501), key="k2").code == "LIMIT_EXCEEDED"
    shown = ana.call("GET", "/v1/wallet").json["limits"]["payment"]
    assert (shown["used"], shown["remaining"]) == (1_000, 500)
    monkeypatch.undo()
    settings.cache_clear()


def test_frozen_payer_cannot_pay(shop: Shop, ana: Person) -> None:
    set_status(ana.user_id, "frozen")

    assert pay(ana, shop.order(1_000), key="k").code == "ACCOUNT_FROZEN"


def test_large_payment_asks_for_a_second_step(shop: Shop, ana: Person) -> None:
    fund(ana.user_id, 2_000_000)
    order_id = shop.order(1_000_000)
    refused = pay(ana, order_id, key="k")
    assert refused.code == "STEP_UP_REQUIRED"
    step = ana.step_taken(refused)

    body = {"order_id": order_id, "pay_password": "802517"}
    paid = ana.call("POST", "/v1/payments", body, key="k", headers={"Step-Up": step})

    assert paid.status == 201, paid.text


def test_disabled_merchant_cannot_be_paid(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    operator("disable", merchant_id=shop.merchant_id)

    refused = pay(ana, order_id, key="k")
    assert (refused.status, refused.code) == (422, "MERCHANT_NOT_ACTIVE")
    assert ana.available == 10_000

    operator("enable", merchant_id=shop.merchant_id)
    assert pay(ana, order_id, key="k2").status == 201


def test_merchant_without_a_fee_gets_all(ana: Person) -> None:
    shop = open_shop(fee_basis_points=0)
    pay(ana, shop.order(999), key="k")

    assert (shop.balance, sum(shards(FEES))) == (999, 0)
    check_sound(ledger_items())


def test_unknown_order_is_not_found_and_nobody_pays_unsigned(shop: Shop, ana: Person) -> None:
    assert pay(ana, "o_unknown", key="k").status == 404
    assert ana.call("GET", "/v1/orders/o_unknown").status == 404
    assert call("GET", f"/v1/orders/{shop.order()}").status == 401


def writes_an_order(attempt: Attempt) -> bool:
    return attempt.operation == "TransactWriteItems" and "ORDER#" in str(attempt.request)


def test_order_that_is_closed_at_the_last_moment_is_not_paid(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    closing = f"/v1/merchant/orders/{order_id}/close"

    with meanwhile(lambda: shop.call("POST", closing), at=writes_an_order) as closed:
        refused = pay(ana, order_id, key="k")

    assert (closed[0].json["status"], refused.code) == ("closed", "ORDER_CLOSED")
    assert ana.available == 10_000


def test_order_that_is_paid_at_the_last_moment_is_not_closed(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    closing = f"/v1/merchant/orders/{order_id}/close"

    with meanwhile(lambda: pay(ana, order_id, key="k"), at=writes_an_order) as paid:
        refused = shop.call("POST", closing)

    assert (paid[0].status, refused.code) == (201, "ORDER_PAID")
    assert shop.balance == 994


def test_order_that_somebody_else_pays_at_the_last_moment_is_paid_once(
    shop: Shop, ana: Person, bo: Person
) -> None:
    order_id = shop.order(1_000)

    with meanwhile(lambda: pay(bo, order_id, key="k"), at=writes_an_order) as paid:
        refused = pay(ana, order_id, key="k")

    assert (paid[0].status, refused.code) == (201, "ORDER_PAID")
    assert (ana.available, bo.available, shop.balance) == (10_000, 9_000, 994)
