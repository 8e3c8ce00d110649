"""A till and the people in front of it, on the running stack."""

import pytest

from infra.merchant_client import MerchantClient
from infra.phone_app import Answer, PhoneApp
from infra.stack import Addresses, Stack
from tests.e2e.conftest import somebody


class Till:
    """One that reads codes from phones."""

    def __init__(self, client: MerchantClient) -> None:
        self._client = client

    def charge(self, code: str, number: str, amount: int) -> Answer:
        body = {
            "payment_code": code,
            "merchant_order_id": number,
            "amount": amount,
            "currency": "CNY",
            "subject": "Two coffees",
        }
        return self._client.ask("POST", "/v1/merchant/charges", body)

    def status(self, order_id: str) -> str:
        return str(self._client.ask("GET", f"/v1/merchant/charges/{order_id}").json["status"])

    def reverse(self, number: str) -> Answer:
        body = {"merchant_order_id": number}
        return self._client.ask("POST", "/v1/merchant/reversals", body)


@pytest.fixture(scope="module")
def till(stack: Stack) -> Till:
    merchant = stack.merchants[0]
    url = stack.addresses.api_url
    return Till(MerchantClient(url, merchant_id=merchant.merchant_id, secret=merchant.secret))


@pytest.fixture(scope="module")
def dora(addresses: Addresses) -> PhoneApp:
    return somebody(addresses, funds=50_000)


def code_of(app: PhoneApp) -> str:
    return str(app.must(201, "POST", "/v1/payment-codes")["code"])


def test_code_is_paid_once(till: Till, dora: PhoneApp) -> None:
    """Many at once are for `tests/concurrency`: here each is a process of its own."""
    before, code = dora.available(), code_of(dora)

    told = [till.charge(code, number, 1_000) for number in ("till-1", "till-2", "till-1")]

    assert [one.status for one in told] == [201, 422, 201]
    assert told[0].json == told[2].json
    assert dora.available() == before - 1_000


def test_larger_charge_is_confirmed_on_the_phone_and_reversed_at_the_till(
    till: Till, dora: PhoneApp
) -> None:
    before = dora.available()
    asked = till.charge(code_of(dora), "till-large", 30_000)
    order_id = asked.json["order_id"]
    assert (asked.status, till.status(order_id)) == (202, "user_confirming")
    (waiting,) = dora.must(200, "GET", "/v1/charges")["items"]
    assert (waiting["order_id"], waiting["amount"]) == (order_id, 30_000)

    body = {"order_id": order_id, "pay_password": dora.pay_password}
    dora.must(201, "POST", "/v1/payments", body, key="till-large")
    assert (till.status(order_id), dora.available()) == ("succeeded", before - 30_000)

    assert till.reverse("till-large").json["returned_amount"] == 30_000
    assert (till.status(order_id), dora.available()) == ("reversed", before)


def test_declined_charge_fails_at_the_till(till: Till, dora: PhoneApp) -> None:
    order_id = till.charge(code_of(dora), "till-no", 30_000).json["order_id"]

    dora.must(200, "POST", f"/v1/charges/{order_id}/decline")

    assert till.status(order_id) == "failed"
