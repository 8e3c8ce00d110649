"""What failed at a till, at a stall or by a code of a person, and whether it would pass now."""

from typing import Any

from shared.settings import settings
from tests.clock import TestClock
from tests.functions.diagnosis.test_dry_run import explained, in_the_way
from tests.functions.transfers.test_collecting import code_of, pay_code
from tests.people import Person, fund
from tests.shops import Shop, pay_at_stall, payment_code

LARGE = 30_000


def told_of(person: Person, payment_id: str) -> Any:
    return person.call("GET", f"/v1/payments/{payment_id}/diagnosis")


def test_a_charge_says_that_it_waits_and_whether_the_word_would_do(
    shop: Shop, payer: Person, bo: Person, test_clock: TestClock
) -> None:
    charge = shop.charge(payment_code(payer), LARGE).json["order_id"]

    waits = told_of(payer, charge).json
    assert waits["diagnosis"]["code"] == "USER_CONFIRMING"
    assert waits["diagnosis"]["cause"] == "商户“Kafei”正在等待您确认这笔付款。"
    assert in_the_way(waits) == ["INSUFFICIENT_FUNDS"]
    fund(payer.user_id, LARGE)
    assert told_of(payer, charge).json["would_pass_now"] is True
    assert told_of(bo, charge).text == told_of(bo, "o_unknown").text
    test_clock.move(seconds=settings().charge_confirm_seconds)
    over = told_of(payer, charge).json
    assert (over["diagnosis"]["code"], in_the_way(over)) == ("ORDER_EXPIRED", ["ORDER_EXPIRED"])


def test_a_payment_at_a_stall_needs_no_order_to_be_explained(shop: Shop, payer: Person) -> None:
    refused = pay_at_stall(payer, shop, 12_000, key="k")

    assert in_the_way(explained(payer, refused)) == ["INSUFFICIENT_FUNDS"]
    fund(payer.user_id, 2_000)
    assert explained(payer, refused)["would_pass_now"] is True


def test_what_was_asked_for_by_a_code_never_passes_when_the_code_is_over(
    payer: Person, bo: Person, test_clock: TestClock
) -> None:
    refused = pay_code(payer, code_of(bo, amount=12_000, currency="CNY"), 12_000, key="k")
    other = pay_code(payer, code_of(bo, amount=500, currency="CNY"), 400, key="k2")
    fund(payer.user_id, 2_000)

    assert explained(payer, refused)["would_pass_now"] is True
    assert in_the_way(explained(payer, other)) == ["OTHER_AMOUNT_ASKED"]
    assert "¥5.00" in explained(payer, other)["diagnosis"]["cause"]
    test_clock.move(seconds=settings().collect_code_seconds)
    assert in_the_way(explained(payer.signed_in_again(), refused)) == ["QR_EXPIRED"]
