"""A shop and its customers, on the running stack: paying, hearing of it, going down, refunding."""

import time
from collections.abc import Callable, Iterator

import pytest
import urllib3

from infra.merchant_client import MerchantClient
from infra.phone_app import PhoneApp
from infra.stack import Addresses, Stack
from tests.e2e.coffee_shop import CoffeeShop
from tests.e2e.conftest import somebody

# A run of the deliverer begins each minute; the second attempt comes 15 seconds after the first.
PATIENCE_SECONDS = 300


def wait_for(condition: Callable[[], object]) -> None:
    """Looks again and again until it holds. Raises AssertionError."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Iterator[CoffeeShop]:
    merchant = stack.merchants[0]
    client = MerchantClient(
        stack.addresses.api_url, merchant_id=merchant.merchant_id, secret=merchant.secret
    )
    opened = CoffeeShop(client)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cleo(addresses: Addresses) -> PhoneApp:
    return somebody(addresses, funds=50_000)


def pays(app: PhoneApp, order_id: str, *, key: str) -> None:
    body = {"order_id": order_id, "pay_password": app.pay_password}
    paid = app.must(201, "POST", "/v1/payments", body, key=key)
    assert paid["status"] == "succeeded"


def test_shop_hears_of_a_payment_and_gives_a_part_of_it_back(
    shop: CoffeeShop, cleo: PhoneApp
) -> None:
    before = cleo.available()
    order_id = shop.sell("beans-1", 4_000)
    seen = cleo.must(200, "GET", f"/v1/orders/{order_id}")
    assert (seen["amount"], seen["merchant"]["name"]) == (4_000, "Kafei 咖啡")

    pays(cleo, order_id, key="beans-1")
    wait_for(lambda: shop.statuses["beans-1"] == "paid")
    shop.refund(order_id, 1_500, number="beans-1-a")
    wait_for(lambda: shop.statuses["beans-1"] == "partially_refunded")

    assert cleo.available() == before - 2_500
    kinds = [
        entry["kind"] for entry in cleo.must(200, "GET", "/v1/wallet/entries?limit=2")["items"]
    ]
    assert (kinds, shop.forged) == (["refund", "payment"], 0)


def test_a_payment_that_failed_says_why_and_would_pass_once_the_money_is_there(
    shop: CoffeeShop, addresses: Addresses
) -> None:
    dora = somebody(addresses, funds=1_000)
    order_id = shop.sell("beans-0", 4_000)
    body = {"order_id": order_id, "pay_password": dora.pay_password}
    refused = dora.ask("POST", "/v1/payments", body, key="beans-0").json
    assert "¥30.00 is missing" in refused["diagnosis"]["cause"]
    path = f"/v1/payments/{refused['diagnosis']['about']['id']}/diagnosis"
    assert dora.must(200, "GET", path)["would_pass_now"] is False

    (card,) = dora.must(200, "GET", "/v1/cards")["items"]
    assert dora.top_up(card["card_id"], 3_000).status == 201

    assert dora.must(200, "GET", path)["would_pass_now"] is True
    (kept,) = dora.must(200, "GET", "/v1/me/failed-attempts")["items"]
    assert (kept["kind"], kept["amount"]) == ("payment", 4_000)


def test_shop_that_was_down_hears_of_it_when_it_is_back(shop: CoffeeShop, cleo: PhoneApp) -> None:
    order_id = shop.sell("beans-2", 4_000)
    shop.close()
    pays(cleo, order_id, key="beans-2")
    wait_for(lambda: shop.events()[0]["order_id"] == order_id)
    (missed,) = [event for event in shop.events() if event["order_id"] == order_id]
    assert (missed["status"], shop.statuses["beans-2"]) == ("waiting", "open")

    shop.open()

    wait_for(lambda: shop.statuses["beans-2"] == "paid")
    wait_for(lambda: shop.events()[0]["status"] == "delivered")
    path = f"/v1/merchant/events/{missed['event_id']}"
    first, *_, last = reversed(shop.must(200, "GET", path)["deliveries"])
    assert (first["failure"], last["status"]) == ("NO_CONNECTION", 204)


def test_forged_webhook_changes_nothing_at_the_shop(shop: CoffeeShop) -> None:
    shop.sell("beans-3", 4_000)
    body = b'{"event_id":"ev_1","order":{"merchant_order_id":"beans-3","status":"paid"}}'
    headers = {"U-Wallet-Signature": f"t={int(time.time())},v1={'0' * 64}"}

    answer = urllib3.request("POST", shop.hook, body=body, headers=headers, retries=False)

    assert (answer.status, shop.statuses["beans-3"]) == (401, "open")
