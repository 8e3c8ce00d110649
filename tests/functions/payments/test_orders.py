"""Orders of merchants: made once for each number, shown to their merchant, closed, expired."""

import pytest

from functions.payments.orders import expire_due
from tests.clock import TestClock
from tests.people import Person
from tests.shops import Shop, open_shop, operator, pay


def test_order_names_where_to_pay_it(shop: Shop) -> None:
    answer = shop.place(1_000, number="2026-1")

    assert answer.status == 201
    assert answer.json["checkout_url"].startswith("https://pay.u-wallet.example/orders/o_")
    assert answer.json["qr"].startswith("https://pay.u-wallet.example/q/1/o/o_")
    assert shop.shown(answer.json["order_id"])["status"] == "open"


def test_same_number_with_the_same_body_is_the_same_order(
    shop: Shop, test_clock: TestClock
) -> None:
    first = shop.place(1_000, number="2026-1")
    test_clock.move(hours=30)

    again = shop.place(1_000, number="2026-1")

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_same_number_with_another_body_is_refused(shop: Shop) -> None:
    shop.place(1_000, number="2026-1")

    refused = shop.place(1_001, number="2026-1")

    assert (refused.status, refused.code) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_numbers_of_two_merchants_have_nothing_to_do_with_each_other(shop: Shop) -> None:
    other = open_shop("Other")

    ids = {each.place(1_000, number="2026-1").json["order_id"] for each in (shop, other)}

    assert len(ids) == 2


def test_orders_of_others_are_not_found(shop: Shop) -> None:
    order_id = shop.order()
    other = open_shop("Other")

    assert other.call("GET", f"/v1/merchant/orders/{order_id}").status == 404
    assert other.call("POST", f"/v1/merchant/orders/{order_id}/close").status == 404
    assert other.refund(order_id, 1, number="r").status == 404


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"merchant_order_id": "has space"}, "merchant_order_id"),
        ({"merchant_order_id": "x" * 65}, "merchant_order_id"),
        ({"amount": 0}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"subject": "  "}, "subject"),
        ({"subject": "x" * 101}, "subject"),
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": 604_801}, "expires_in"),
        ({"notify_url": "http://shop.example/hook"}, "notify_url"),
        ({"notify_url": "https://user@shop.example/"}, "notify_url"),
        ({"notify_url": "https://:443/"}, "notify_url"),
        ({"notify_url": "https://shop.example:99999/"}, "notify_url"),
        ({"notify_url": "ftp://shop.example/"}, "notify_url"),
        ({"notify_url": "https://商店.example/"}, "notify_url"),
    ],
)
def test_what_cannot_be_an_order_is_refused(
    shop: Shop, more: dict[str, object], field: str
) -> None:
    refused = shop.place(**more)  # type: ignore[arg-type]

    assert (refused.status, refused.json["field"]) == (400, field)


def test_terms_of_an_order_are_those_of_when_it_was_made(shop: Shop, ana: Person) -> None:
    order_id = shop.order(1_000)
    operator("change", merchant_id=shop.merchant_id, fee_basis_points=1_000, name="Renamed")

    pay(ana, order_id, key="k")

    assert shop.shown(order_id)["fee"] == 6
    assert ana.call("GET", f"/v1/orders/{order_id}").json["merchant"]["name"] == "Kafei"


def test_closing_again_changes_nothing(shop: Shop, test_clock: TestClock) -> None:
    order_id = shop.order()
    first = shop.call("POST", f"/v1/merchant/orders/{order_id}/close").json
    test_clock.move(seconds=5)

    again = shop.call("POST", f"/v1/merchant/orders/{order_id}/close")

    assert (again.status, again.json) == (200, first)
    assert first["status"] == "closed"


def test_paid_order_cannot_be_closed(shop: Shop, ana: Person) -> None:
    order_id = shop.order()
    pay(ana, order_id, key="k")

    refused = shop.call("POST", f"/v1/merchant/orders/{order_id}/close")

    assert (refused.status, refused.code) == (409, "ORDER_PAID")
    assert shop.shown(order_id)["status"] == "paid"


def test_order_expires_by_its_time_and_then_by_the_sweeper(
    shop: Shop, test_clock: TestClock
) -> None:
    order_id = shop.order()
    test_clock.move(minutes=15)
    assert (shop.shown(order_id)["status"], shop.shown(order_id)["ended_at"]) == ("expired", None)

    assert (expire_due(), expire_due()) == (1, 0)

    assert shop.shown(order_id)["ended_at"] is not None
    assert shop.call("POST", f"/v1/merchant/orders/{order_id}/close").json["status"] == "expired"


def test_sweeper_leaves_alone_what_is_paid_or_has_time(
    shop: Shop, ana: Person, test_clock: TestClock
) -> None:
    paid, waiting = shop.order(), shop.order(expires_in=3_600)
    pay(ana, paid, key="k")
    test_clock.move(minutes=15)

    assert expire_due() == 0
    assert [shop.shown(one)["status"] for one in (paid, waiting)] == ["paid", "open"]
