"""POST /v1/merchant/reversals: whatever became of a charge, its merchant has none of the money."""

import pytest

from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.faults import Attempt
from tests.functions.meanwhile import meanwhile
from tests.people import Person, fund
from tests.shops import Shop, open_shop, pay, payment_code
from tests.soundness import check_sound

LARGE = 30_000


def test_paid_charge_is_given_back_in_full_once(shop: Shop, ana: Person) -> None:
    paid = shop.charge(payment_code(ana), 5_000, number="n-1").json

    answers = [shop.reverse("n-1") for _ in range(2)]

    assert [(one.status, one.json["returned_amount"]) for one in answers] == [(200, 5_000)] * 2
    assert answers[0].json == answers[1].json
    assert (ana.available, shop.balance) == (10_000, 0)
    assert shop.charged(paid["order_id"])["status"] == "reversed"
    assert ana.call("GET", f"/v1/payments/{paid['payment_id']}").json["status"] == "reversed"
    assert ana.call("GET", "/v1/wallet/entries").json["items"][0]["kind"] == "reversal"
    check_sound(ledger_items())


def test_charge_that_waits_is_closed_and_no_more_paid(shop: Shop, ana: Person) -> None:
    fund(ana.user_id, LARGE)
    order_id = shop.charge(payment_code(ana), LARGE, number="n-1").json["order_id"]

    answers = [shop.reverse("n-1") for _ in range(2)]

    assert [(one.status, one.json["returned_amount"]) for one in answers] == [(200, 0)] * 2
    assert pay(ana, order_id, key="k").code == "ORDER_CLOSED"
    assert shop.charged(order_id)["status"] == "reversed"
    assert ana.call("GET", f"/v1/payments/{order_id}").json["status"] == "reversed"


def test_charge_that_comes_after_its_own_reversal_takes_nothing(shop: Shop, ana: Person) -> None:
    code = payment_code(ana)
    reversed_first = shop.reverse("n-1")
    assert (reversed_first.status, reversed_first.json["returned_amount"]) == (200, 0)

    late = shop.charge(code, 1_000, number="n-1")

    assert (late.status, late.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert ana.available == 10_000
    assert shop.reverse("n-1").json == reversed_first.json
    path = f"/v1/merchant/orders/{reversed_first.json['order_id']}"
    assert shop.call("GET", path).status == 404


def test_charge_that_timed_out_stays_failed(shop: Shop, ana: Person, test_clock: TestClock) -> None:
    order_id = shop.charge(payment_code(ana), LARGE, number="n-1").json["order_id"]
    ana.call("POST", f"/v1/charges/{order_id}/decline")

    assert shop.reverse("n-1").json["returned_amount"] == 0
    assert shop.charged(order_id)["status"] == "failed"


def test_what_was_refunded_in_part_is_refunded_on(shop: Shop, ana: Person) -> None:
    order_id = shop.charge(payment_code(ana), 5_000, number="n-1").json["order_id"]
    assert shop.refund(order_id, 2_000, number="r-1").status == 201

    assert shop.reverse("n-1").code == "REVERSAL_EXCEEDS_ORIGINAL"
    assert shop.charged(order_id)["status"] == "partially_refunded"
    assert shop.refund(order_id, 3_000, number="r-2").status == 201
    assert shop.charged(order_id)["status"] == "refunded"
    assert ana.available == 10_000


def test_no_shop_reverses_for_another(shop: Shop, ana: Person) -> None:
    shop.charge(payment_code(ana), 5_000, number="n-1")

    assert open_shop("Cha").reverse("n-1").json["returned_amount"] == 0
    assert (ana.available, shop.balance) == (5_000, 4_970)


def writes_an_order(attempt: Attempt) -> bool:
    return attempt.operation == "TransactWriteItems" and "ORDER#" in str(attempt.request)


def test_charge_that_is_paid_while_it_is_reversed_is_given_back(shop: Shop, ana: Person) -> None:
    fund(ana.user_id, LARGE)
    order_id = shop.charge(payment_code(ana), LARGE, number="n-1").json["order_id"]

    with meanwhile(lambda: pay(ana, order_id, key="k"), at=writes_an_order) as paid:
        answer = shop.reverse("n-1")

    assert (paid[0].status, answer.json["returned_amount"]) == (201, LARGE)
    assert (ana.available, shop.balance) == (10_000 + LARGE, 0)


@pytest.mark.parametrize("amount", [1_000, LARGE])
def test_charge_and_reversal_at_the_same_moment_leave_nothing_paid(
    shop: Shop, ana: Person, amount: int
) -> None:
    code = payment_code(ana)

    with meanwhile(lambda: shop.reverse("n-1"), at=writes_an_order) as reversal:
        late = shop.charge(code, amount, number="n-1")

    assert (reversal[0].status, late.code) == (200, "IDEMPOTENCY_KEY_REUSED")
    assert (ana.available, shop.balance) == (10_000, 0)
