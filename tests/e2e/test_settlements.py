"""A shop's money on its way to the bank card, on the running stack: bound, refused, settled."""

from typing import Any

import pytest

from infra.merchant_client import MerchantClient
from infra.phone_app import PhoneApp
from infra.stack import Stack
from infra.staff import administer
from tests.e2e.conftest import eventually, somebody

SETTLEMENTS = "/v1/merchant/settlements"
PAID = "6222021234500010008"
ACCOUNT_CLOSED = "6222021234500040005"


@pytest.fixture(scope="module")
def shop(stack: Stack) -> MerchantClient:
    """A merchant of its own."""
    made = administer(
        stack.place, stack.outputs["AdministerMerchants"], {"do": "add", "name": "Cha 茶"}
    )
    return MerchantClient(
        stack.addresses.api_url, merchant_id=made["merchant_id"], secret=made["secret"]
    )


def bind(stack: Stack, shop: MerchantClient, number: str, phone: PhoneApp) -> None:
    """The card that the shop is settled to, as an operator binds it; its phone gets the code."""
    function, merchant = stack.outputs["AdministerMerchants"], {"merchant_id": shop.merchant_id}
    card = {"number": number, "holder_name": "Cha", "phone": phone.phone}
    begun = administer(stack.place, function, {"do": "bind_card", **merchant, **card})
    code = {"binding_id": begun["binding_id"], "code": phone.code()}
    administer(stack.place, function, {"do": "confirm_card", **merchant, **code})


def asked(shop: MerchantClient, method: str, path: str, body: Any = None) -> Any:
    answer = shop.ask(method, path, body)
    assert answer.status in (200, 201, 202), answer.json
    return answer.json


def settled(shop: MerchantClient, number: str) -> str:
    body = {"merchant_settlement_id": number}
    return str(asked(shop, "POST", SETTLEMENTS, body)["settlement_id"])


def status_of(shop: MerchantClient, settlement_id: str) -> str:
    return str(asked(shop, "GET", f"{SETTLEMENTS}/{settlement_id}")["status"])


def funds(shop: MerchantClient) -> tuple[int, int]:
    account = asked(shop, "GET", "/v1/merchant/account")
    return account["available"], account["held"]


def test_a_shop_is_settled_to_its_card_once_the_bank_takes_it(
    stack: Stack, shop: MerchantClient
) -> None:
    payer = somebody(stack.addresses, funds=50_000)
    order = {"merchant_order_id": "tea-1", "amount": 10_000, "currency": "CNY", "subject": "Tea"}
    order_id = asked(shop, "POST", "/v1/merchant/orders", order)["order_id"]
    body = {"order_id": order_id, "pay_password": payer.pay_password}
    payer.must(201, "POST", "/v1/payments", body, key="tea-1")
    bind(stack, shop, ACCOUNT_CLOSED, payer)

    refused = settled(shop, "day-1")
    eventually(lambda: status_of(shop, refused), "failed")
    assert funds(shop) == (9_940, 0)

    bind(stack, shop, PAID, payer)
    paid = settled(shop, "day-2")
    assert settled(shop, "day-2") == paid
    eventually(lambda: status_of(shop, paid), "paid")
    assert funds(shop) == (0, 0)
    listed = asked(shop, "GET", SETTLEMENTS)["items"]
    assert [one["status"] for one in listed] == ["paid", "failed"]
