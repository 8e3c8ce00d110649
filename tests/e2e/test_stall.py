"""Codes to scan, on the running stack: a stall's printed one, and people's own."""

import pytest

from infra.merchant_client import MerchantClient
from infra.phone_app import PhoneApp, new_key
from infra.stack import Addresses, Stack
from tests.e2e.conftest import somebody
from tests.qr_reader import read_png, read_svg


@pytest.fixture(scope="module")
def stall(stack: Stack) -> MerchantClient:
    merchant = stack.merchants[1]
    return MerchantClient(
        stack.addresses.api_url, merchant_id=merchant.merchant_id, secret=merchant.secret
    )


@pytest.fixture(scope="module")
def dan(addresses: Addresses) -> PhoneApp:
    return somebody(addresses, funds=50_000)


def test_stall_prints_its_code_is_paid_by_it_and_gives_the_money_back(
    stall: MerchantClient, dan: PhoneApp
) -> None:
    before = dan.available()
    qr = read_png(stall.must(200, "GET", "/v1/merchant/qr?image=png")["png"])
    seen = dan.scan(qr)["merchant"]
    assert seen == {"merchant_id": stall.merchant_id, "name": "Shudian 书店"}

    wish = {"merchant_id": seen["merchant_id"], "amount": 4_000, "currency": "CNY"}
    paid = dan.pay(wish).json

    assert (paid["status"], dan.available()) == ("succeeded", before - 4_000)
    path = f"/v1/merchant/orders/{paid['order_id']}"
    order = stall.must(200, "GET", path)
    assert (order["kind"], order["amount"], order["payment_id"]) == (
        "static", 4_000, paid["payment_id"],
    )  # fmt: skip
    stall.must(201, "POST", f"{path}/refunds", {"merchant_refund_id": "back", "amount": 4_000})
    assert dan.available() == before


def test_somebody_is_paid_by_a_code_of_their_own_and_a_forged_one_moves_nothing(
    dan: PhoneApp, bo: PhoneApp
) -> None:
    wish = {"amount": 1_250, "currency": "CNY", "note": "晚饭 🍜", "image": "svg"}
    made = bo.must(201, "POST", "/v1/collect-codes", wish)
    qr, before = read_svg(made["svg"]), (dan.available(), bo.available())
    seen = dan.scan(qr)["person"]
    assert (seen["user_id"], seen["amount"], seen["note"]) == (bo.user_id, 1_250, "晚饭 🍜")

    forged = dan.transfer({"qr": qr.replace("a=1250", "a=9250")}, 9_250)
    key = new_key()
    answers = [dan.transfer({"qr": qr}, 1_250, key=key) for _ in range(2)]

    assert (forged.status, forged.json["code"]) == (422, "QR_FORGED")
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert (dan.available(), bo.available()) == (before[0] - 1_250, before[1] + 1_250)
