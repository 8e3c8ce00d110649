"""Refunds by the merchant: all or parts of an order, once each, never more than was paid."""

import pytest

from functions.payments.models import RefundRequest
from functions.payments.orders import current
from functions.payments.refund import refund
from shared.ledger import FromMerchant, Movement, ToSystem, post
from shared.ledger.accounts import BANK_SETTLEMENT, FEES
from shared.money import Money
from shared.settings import settings
from tests.conftest import ledger_items
from tests.ledger_accounts import shards
from tests.people import Person
from tests.shops import Shop, operator, pay
from tests.soundness import check_sound


@pytest.fixture
def paid(shop: Shop, ana: Person) -> str:
    """An order of 5,000 that Ana has paid; its fee was 30."""
    order_id = shop.order(5_000)
    assert pay(ana, order_id, key="k").status == 201
    return order_id


def test_full_refund_gives_the_payer_all_back_and_the_merchant_the_fee(
    shop: Shop, ana: Person, bo: Person, paid: str
) -> None:
    pay(bo, shop.order(5_000), key="k")  # what the fee is given back beside

    answer = shop.refund(paid, 5_000, number="r1", reason="卖完了")

    assert answer.status == 201, answer.text
    assert (answer.json["status"], answer.json["fee"]) == ("succeeded", 30)
    assert (ana.available, shop.balance, sum(shards(FEES))) == (10_000, 4_970, 30)
    assert shop.shown(paid)["status"] == "refunded"
    check_sound(ledger_items())


def test_payer_sees_the_refund_in_the_statement_and_at_the_payment(
    shop: Shop, ana: Person, paid: str
) -> None:
    shop.refund(paid, 2_000, number="r1", reason="少一杯")

    entry = ana.call("GET", "/v1/wallet/entries?kind=refund").json["items"][0]
    assert (entry["direction"], entry["amount"], entry["balance_after"]) == ("in", 2_000, 7_000)
    assert (entry["reference"], entry["note"]) == (paid, "少一杯")
    payment_id = ana.call("GET", f"/v1/orders/{paid}").json["payment_id"]
    payment = ana.call("GET", f"/v1/payments/{payment_id}").json
    assert (payment["status"], payment["refunded_amount"]) == ("partially_refunded", 2_000)


def test_many_parts_never_come_to_more_than_the_order_and_all_of_the_fee_goes_back(
    shop: Shop, ana: Person, paid: str
) -> None:
    parts = [shop.refund(paid, amount, number=f"r{amount}") for amount in (1_001, 1_002, 1_003)]
    assert [part.status for part in parts] == [201, 201, 201]

    refused = shop.refund(paid, 1_995, number="too-much")
    assert (refused.status, refused.code) == (422, "REVERSAL_EXCEEDS_ORIGINAL")
    assert "19.94" in refused.json["detail"]

    assert shop.refund(paid, 1_994, number="rest").status == 201
    shown = shop.shown(paid)
    assert {one["amount"] for one in shown["refunds"]} == {1_001, 1_002, 1_003, 1_994}
    assert sum(one["fee"] for one in shown["refunds"]) == shown["refunded_fee"] == 30
    assert (ana.available, shop.balance, sum(shards(FEES))) == (10_000, 0, 0)
    check_sound(ledger_items())


def test_replay_gives_the_first_answer_and_nothing_more(shop: Shop, ana: Person, paid: str) -> None:
    first = shop.refund(paid, 2_000, number="r1")

    again = shop.refund(paid, 2_000, number="r1")

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ana.available == 7_000


@pytest.mark.parametrize("other", [{"amount": 2_001}, {"reason": "another"}])
def test_same_number_with_another_body_is_refused(
    shop: Shop, ana: Person, paid: str, other: dict[str, object]
) -> None:
    shop.refund(paid, 2_000, number="r1")
    path = f"/v1/merchant/orders/{paid}/refunds"

    refused = shop.call("POST", path, {"merchant_refund_id": "r1", "amount": 2_000} | other)

    assert (refused.status, refused.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert ana.available == 7_000


def test_merchant_without_the_money_is_told_and_may_try_the_same_again(
    shop: Shop, ana: Person, bo: Person, paid: str
) -> None:
    paid_out = Movement(transfer_id="t_out", kind="withdrawal", amount=Money(amount=1_000))
    post(paid_out, debit=FromMerchant(shop.merchant_id), credit=ToSystem(BANK_SETTLEMENT))

    refused = shop.refund(paid, 5_000, number="r1")
    assert (refused.status, refused.code, ana.available) == (422, "INSUFFICIENT_FUNDS", 5_000)

    pay(bo, shop.order(2_000), key="k")
    assert shop.refund(paid, 5_000, number="r1").status == 201
    assert ana.available == 10_000


def test_disabled_merchant_can_still_be_made_to_give_back(
    shop: Shop, ana: Person, paid: str
) -> None:
    operator("disable", merchant_id=shop.merchant_id)

    refund(current(paid), RefundRequest(merchant_refund_id="by-us", amount=5_000))

    assert ana.available == 10_000


def test_unpaid_order_cannot_be_refunded(shop: Shop) -> None:
    refused = shop.refund(shop.order(), 1, number="r1")

    assert (refused.status, refused.code) == (409, "ORDER_NOT_PAID")


def test_number_of_refunds_is_bounded(
    shop: Shop, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFUNDS_PER_ORDER", "2")
    settings.cache_clear()
    told = [shop.refund(paid, 1, number=f"r{number}").status for number in range(3)]
    monkeypatch.undo()
    settings.cache_clear()

    assert told == [201, 201, 422]


def test_fee_of_a_tiny_refund_can_be_all_of_it(shop: Shop, ana: Person) -> None:
    order_id = shop.order(84)  # 0.504 fen of fee, and 0.498 without the last fen
    pay(ana, order_id, key="k")

    assert shop.refund(order_id, 1, number="r1").json["fee"] == 1
    assert (shop.balance, sum(shards(FEES))) == (83, 0)
    check_sound(ledger_items())
