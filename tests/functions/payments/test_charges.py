"""POST /v1/merchant/charges: a code that a phone shows is paid once, at once or by a word."""

import pytest

from functions.payments.orders import expire_due
from shared.ledger.accounts import FEES, find_account, set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.edge import call
from tests.faults import Attempt
from tests.functions.meanwhile import meanwhile
from tests.ledger_accounts import shards
from tests.people import PASSWORD, Person, fund
from tests.shops import Shop, open_shop, operator, pay, payment_code
from tests.soundness import check_sound

# Above what goes out without a question, below what the day allows.
LARGE = 30_000


@pytest.fixture
def ana(ana: Person) -> Person:
    fund(ana.user_id, 90_000)
    return ana


def waiting(person: Person) -> list[str]:
    """The charges that ask for somebody's word, by order."""
    items = person.call("GET", "/v1/charges").json["items"]
    assert {item["status"] for item in items} <= {"user_confirming"}
    return [item["order_id"] for item in items]


def asked(shop: Shop, person: Person, amount: int = LARGE, **more: str) -> str:
    """The order of a charge that waits."""
    answer = shop.charge(payment_code(person), amount, **more)
    assert (answer.status, answer.json["status"]) == (202, "user_confirming"), answer.text
    return str(answer.json["order_id"])


def test_small_amount_passes_at_once_and_the_merchant_has_it_less_the_fee(
    shop: Shop, ana: Person
) -> None:
    answer = shop.charge(payment_code(ana), 5_000, number="n-1")

    assert answer.status == 201, answer.text
    told = answer.json
    assert (told["status"], told["amount"], told["fee"]) == ("succeeded", 5_000, 30)
    assert (ana.available, shop.balance, sum(shards(FEES))) == (95_000, 4_970, 30)
    assert shop.charged(told["order_id"]) == told
    assert shop.shown(told["order_id"])["status"] == "paid"
    seen = ana.call("GET", f"/v1/payments/{told['payment_id']}").json
    assert (seen["status"], seen["merchant"]["name"]) == ("succeeded", "Kafei")
    entry = ana.call("GET", "/v1/wallet/entries?kind=payment").json["items"][0]
    assert (entry["amount"], entry["reference"]) == (5_000, told["order_id"])
    assert waiting(ana) == []
    check_sound(ledger_items())


def test_larger_amount_waits_for_the_pay_password(shop: Shop, ana: Person) -> None:
    order_id = asked(shop, ana)
    assert (ana.available, waiting(ana)) == (100_000, [order_id])
    seen = ana.call("GET", f"/v1/payments/{order_id}").json
    assert (seen["status"], seen["amount"], seen["subject"]) == (
        "user_confirming",
        LARGE,
        "两杯咖啡",
    )
    assert shop.charged(order_id)["status"] == "user_confirming"

    paid = pay(ana, order_id, key="k")

    assert paid.status == 201, paid.text
    assert (ana.available, shop.balance) == (70_000, LARGE - 180)
    told = shop.charged(order_id)
    assert (told["status"], told["payment_id"]) == ("succeeded", paid.json["payment_id"])
    assert ana.call("GET", f"/v1/payments/{order_id}").json == paid.json
    assert waiting(ana) == []
    check_sound(ledger_items())


def test_same_charge_again_gets_the_first_answer_and_takes_nothing(shop: Shop, ana: Person) -> None:
    code = payment_code(ana)
    first = shop.charge(code, 5_000, number="n-1")

    again = shop.charge(code, 5_000, number="n-1")

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ana.available == 95_000


def test_charge_that_was_confirmed_still_gives_its_first_answer_and_is_asked_for(
    shop: Shop, ana: Person
) -> None:
    code = payment_code(ana)
    first = shop.charge(code, LARGE, number="n-1")
    pay(ana, first.json["order_id"], key="k")

    again = shop.charge(code, LARGE, number="n-1")

    assert (again.status, again.json) == (202, first.json)
    assert shop.charged(first.json["order_id"])["status"] == "succeeded"


@pytest.mark.parametrize("change", [{"amount": 4_999}, {"subject": "Tea"}, {"payment_code": None}])
def test_same_number_for_something_else_is_refused(
    shop: Shop, ana: Person, change: dict[str, object]
) -> None:
    code = payment_code(ana)
    shop.charge(code, 5_000, number="n-1")
    body = {"amount": 5_000} | {
        name: payment_code(ana) if value is None else value for name, value in change.items()
    }

    assert shop.charge(code, number="n-1", **body).code == "IDEMPOTENCY_KEY_REUSED"  # type: ignore[arg-type]
    assert ana.available == 95_000


def test_number_of_an_order_is_no_number_for_a_charge(shop: Shop, ana: Person) -> None:
    shop.order(5_000, number="n-1")

    assert shop.charge(payment_code(ana), 5_000, number="n-1").code == "IDEMPOTENCY_KEY_REUSED"
    assert shop.reverse("n-1").status == 404


def test_till_learns_nothing_of_what_the_payer_has(shop: Shop, ana: Person, bo: Person) -> None:
    ana.send(bo, 99_000, key="k")

    order_id = asked(shop, ana, 5_000)

    assert pay(ana, order_id, key="k1").code == "INSUFFICIENT_FUNDS"
    assert shop.charged(order_id)["status"] == "user_confirming"
    fund(ana.user_id, 4_000)
    assert pay(ana, order_id, key="k2").status == 201


def test_charge_that_nobody_confirms_times_out(
    shop: Shop, ana: Person, test_clock: TestClock
) -> None:
    order_id = asked(shop, ana)
    test_clock.move(seconds=settings().charge_confirm_seconds)

    for _ in ("before the sweeper", "after it"):
        told = shop.charged(order_id)
        assert (told["status"], told["reason"]) == ("failed", "CHARGE_TIMED_OUT")
        seen = ana.call("GET", f"/v1/payments/{order_id}").json
        assert (seen["status"], seen["reason"]) == ("failed", "CHARGE_TIMED_OUT")
        assert pay(ana, order_id, key="k").code == "ORDER_EXPIRED"
        assert waiting(ana) == []
        expire_due()
    assert ana.available == 100_000


def test_charge_is_declined_once_and_for_all(shop: Shop, ana: Person) -> None:
    order_id = asked(shop, ana)
    path = f"/v1/charges/{order_id}/decline"

    said_no = [ana.call("POST", path) for _ in range(2)]

    assert [(one.status, one.json["status"], one.json["reason"]) for one in said_no] == [
        (200, "failed", "CHARGE_DECLINED")
    ] * 2
    told = shop.charged(order_id)
    assert (told["status"], told["reason"]) == ("failed", "CHARGE_DECLINED")
    assert pay(ana, order_id, key="k").code == "ORDER_CLOSED"
    assert (ana.available, waiting(ana)) == (100_000, [])


def test_paid_charge_can_no_more_be_declined(shop: Shop, ana: Person) -> None:
    order_id = asked(shop, ana)
    pay(ana, order_id, key="k")

    assert ana.call("POST", f"/v1/charges/{order_id}/decline").code == "ORDER_PAID"
    assert shop.charged(order_id)["status"] == "succeeded"


def test_nobody_but_who_showed_the_code_sees_pays_or_declines_the_charge(
    shop: Shop, ana: Person, bo: Person
) -> None:
    order_id = asked(shop, ana)
    fund(bo.user_id, LARGE)

    refused = [
        bo.call("GET", f"/v1/orders/{order_id}"),
        bo.call("GET", f"/v1/payments/{order_id}"),
        bo.call("POST", f"/v1/charges/{order_id}/decline"),
        pay(bo, order_id, key="k"),
        open_shop().call("GET", f"/v1/merchant/charges/{order_id}"),
    ]

    assert [one.status for one in refused] == [404] * 5
    assert (waiting(bo), waiting(ana)) == ([], [order_id])


def test_order_of_another_kind_is_no_charge(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)

    assert shop.call("GET", f"/v1/merchant/charges/{order_id}").status == 404
    assert ana.call("POST", f"/v1/charges/{order_id}/decline").status == 404
    assert ana.call("GET", f"/v1/payments/{order_id}").status == 404


def test_wrong_pay_password_confirms_nothing_and_ends_small_payments_until_the_right_one(
    shop: Shop, ana: Person
) -> None:
    order_id = asked(shop, ana)
    assert pay(ana, order_id, key="k", pay_password="000001").code == "WRONG_PAY_PASSWORD"

    second = asked(shop, ana, 1_000)

    account = find_account(ana.user_id)
    assert account is not None
    assert account.proof_failures == 1
    assert pay(ana, second, key="k2").status == 201
    assert shop.charge(payment_code(ana), 1_000).status == 201


def test_frozen_payer_is_asked_and_cannot_pay(shop: Shop, ana: Person) -> None:
    code = payment_code(ana)
    set_status(ana.user_id, "frozen")

    answer = shop.charge(code, 1_000)

    assert answer.status == 202
    assert pay(ana, answer.json["order_id"], key="k").code == "ACCOUNT_FROZEN"


def test_new_device_is_asked_for_each_charge(shop: Shop, ana: Person) -> None:
    body = {"phone": ana.phone, "password": PASSWORD}
    ana = ana._with_session(call("POST", "/v1/sessions", body | {"device": {"id": "d-1"}}))
    again = ana.signed_in_with_step(device={"id": "d-2"})

    assert shop.charge(payment_code(ana), 1_000).status == 201
    assert shop.charge(payment_code(again), 1_000).status == 202


def test_disabled_merchant_charges_nobody(shop: Shop, ana: Person) -> None:
    code = payment_code(ana)
    operator("disable", merchant_id=shop.merchant_id)

    assert shop.charge(code, 1_000).status == 401
    assert ana.available == 100_000


class TestADay:
    def test_small_payments_have_a_sum(
        self, shop: Shop, ana: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SMALL_PAYMENT_DAY_LIMIT_MINOR", "15000")
        settings.cache_clear()
        assert shop.charge(payment_code(ana), 10_000).status == 201

        assert shop.charge(payment_code(ana), 5_001).status == 202
        assert shop.charge(payment_code(ana), 5_000).status == 201
        monkeypatch.undo()
        settings.cache_clear()

    def test_payment_codes_have_a_sum_by_the_factors_that_were_used(
        self, shop: Shop, ana: Person
    ) -> None:
        """1,000 yuan on the code alone; with the pay password on a known device 5,000 in all."""
        fund(ana.user_id, 1_000_000)
        for _ in range(5):
            assert shop.charge(payment_code(ana), 20_000).status == 201
        assert shop.charge(payment_code(ana), 1).status == 202
        for number in range(2):
            assert pay(ana, asked(shop, ana, 200_000), key=f"k{number}").status == 201

        over = pay(ana, asked(shop, ana, 1), key="k")

        assert (over.status, over.code) == (422, "LIMIT_EXCEEDED")
        assert "5000.00" in over.json["detail"]
        # An order is no code at a till: what was agreed holds for it.
        assert pay(ana, shop.order(1_000), key="k-order").status == 201

    def test_pay_password_on_a_new_device_is_one_factor(self, shop: Shop, ana: Person) -> None:
        fund(ana.user_id, 1_000_000)
        body = {"phone": ana.phone, "password": PASSWORD}
        ana = ana._with_session(call("POST", "/v1/sessions", body | {"device": {"id": "d-1"}}))
        again = ana.signed_in_with_step(device={"id": "d-2"})
        assert pay(again, asked(shop, again, 100_000), key="k1").status == 201

        assert pay(again, asked(shop, again, 1), key="k2").code == "LIMIT_EXCEEDED"
        assert pay(ana, asked(shop, ana, 100_000), key="k3").status == 201


def writes_a_code(attempt: Attempt) -> bool:
    return attempt.operation == "TransactWriteItems" and "PAYMENT_CODE#" in str(attempt.request)


def test_code_that_another_till_charges_at_the_last_moment_is_refused(
    shop: Shop, ana: Person
) -> None:
    code, other = payment_code(ana), open_shop("Cha")

    with meanwhile(lambda: other.charge(code, 1_000), at=writes_a_code) as first:
        refused = shop.charge(code, 5_000)

    assert (first[0].status, refused.code) == (201, "PAYMENT_CODE_REFUSED")
    assert (ana.available, shop.balance) == (99_000, 0)


@pytest.mark.parametrize("amount", [5_000, LARGE])
def test_same_charge_at_the_last_moment_is_one(shop: Shop, ana: Person, amount: int) -> None:
    code = payment_code(ana)

    with meanwhile(lambda: shop.charge(code, amount, number="n-1"), at=writes_a_code) as first:
        second = shop.charge(code, amount, number="n-1")

    assert (first[0].status, first[0].json) == (second.status, second.json)
    assert ana.available == 100_000 - (amount if amount < LARGE else 0)


def test_small_payments_that_are_switched_off_at_the_last_moment_do_not_pass(
    shop: Shop, ana: Person
) -> None:
    off = {"per_payment": 0, "per_day": 0}

    def switch_off() -> object:
        return ana.call("PUT", "/v1/me/small-payments", off).status

    code = payment_code(ana)
    with meanwhile(switch_off, at=writes_a_code) as switched:
        answer = shop.charge(code, 1_000)

    assert (switched, answer.status) == ([200], 202)
    assert ana.available == 100_000
