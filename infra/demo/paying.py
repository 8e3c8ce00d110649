"""A shop is paid in its web shop, at its stall and at its till, and gives money back; and two
people settle a dinner by a code.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import segno

from infra.coffee_shop import CoffeeShop
from infra.demo.telling import chapter, console, expect, step, until
from infra.merchant_client import MerchantClient
from infra.phone_app import PhoneApp, Unexpected, new_key
from infra.shops import LocalMerchant
from infra.stack import Addresses
from shared.money import display

ONLINE, RETURNED, AT_STALL, AT_TILL, DINNER = 5_000, 2_000, 1_800, 2_400, 3_150


def paying(ana: PhoneApp, bo: PhoneApp, merchant: LocalMerchant) -> None:
    chapter("A shop is paid, and gives money back")
    before = ana.available()
    with _open(ana.addresses, merchant) as shop:
        number = f"web-{new_key()}"
        order_id = buy_online(ana, shop, number)
        pay_at_stall(ana, shop)
        pay_at_till(ana, shop)
        give_back(ana, shop, order_id)
        settle_dinner(ana, bo)
        be_told_why(ana, shop)
        hear(shop, number)
    expected = before - ONLINE + RETURNED - AT_STALL - AT_TILL - DINNER
    if ana.available() != expected:
        raise Unexpected(f"Ana has {ana.available()}, not {expected}")
    step("Ana has what it must be", display(expected))


def buy_online(ana: PhoneApp, shop: CoffeeShop, number: str) -> str:
    """The id of the order that was paid."""
    order_id = shop.sell(number, ONLINE)
    step("The web shop makes an order, signed by its key", order_id)
    seen = ana.must(200, "GET", f"/v1/orders/{order_id}")
    step("Ana sees what she is about to pay", f"{seen['subject']}, {display(seen['amount'])}")
    key = new_key()
    paid = ana.pay({"order_id": order_id}, key=key)
    expect(paid, 201, status="succeeded")
    step("She pays with her pay password", f"available {display(ana.available())}")
    again = ana.pay({"order_id": order_id}, key=new_key())
    expect(again, 409, code="ORDER_PAID")
    step("Nobody pays it a second time", f"409 ORDER_PAID: {again.json['detail']}")
    return order_id


def pay_at_stall(ana: PhoneApp, shop: CoffeeShop) -> None:
    qr = shop.must(200, "GET", "/v1/merchant/qr")["qr"]
    step("The stall has printed its code", qr)
    console.print(_drawn(qr))
    seen = ana.scan(qr)["merchant"]
    step("Ana scans it", f"it is of {seen['name']}")
    wish = {"merchant_id": seen["merchant_id"], "amount": AT_STALL, "currency": "CNY"}
    paid = ana.pay(wish)
    expect(paid, 201, status="succeeded")
    step(f"She enters {display(AT_STALL)} and pays", f"order {paid.json['order_id']}")
    shown = shop.must(200, "GET", f"/v1/merchant/orders/{paid.json['order_id']}")
    step("The stall sees the order that came of it", f"{shown['kind']}, {shown['status']}")


def pay_at_till(ana: PhoneApp, shop: CoffeeShop) -> None:
    code = ana.must(201, "POST", "/v1/payment-codes")["code"]
    step("At the till Ana shows a code on her phone", f"{code[:4]} **** **** **** {code[-2:]}")
    charge = {
        "payment_code": code,
        "merchant_order_id": f"till-{new_key()}",
        "amount": AT_TILL,
        "currency": "CNY",
        "subject": "Two coffees to go",
    }
    charged = shop.must(201, "POST", "/v1/merchant/charges", charge)
    step(f"The till charges it {display(AT_TILL)}, within what needs no word", charged["status"])


def give_back(ana: PhoneApp, shop: CoffeeShop, order_id: str) -> None:
    before = ana.available()
    shop.refund(order_id, RETURNED, number=f"back-{new_key()}")
    if ana.available() != before + RETURNED:
        raise Unexpected(f"Ana has {ana.available()} after a refund, not {before + RETURNED}")
    step(f"One coffee was cold: the shop gives {display(RETURNED)} back", "Ana has it at once")


def settle_dinner(ana: PhoneApp, bo: PhoneApp) -> None:
    wish = {"amount": DINNER, "currency": "CNY", "note": "half of dinner"}
    qr = bo.must(201, "POST", "/v1/collect-codes", wish)["qr"]
    seen = ana.scan(qr)["person"]
    step("Bo shows Ana a code of his own", f"{seen['name']}: {seen['note']}, {display(DINNER)}")
    forged = ana.transfer({"qr": qr.replace(f"a={DINNER}", "a=315000")}, 315_000)
    expect(forged, 422, code="QR_FORGED")
    step("One that somebody has changed is refused", f"422 QR_FORGED: {forged.json['detail']}")
    expect(ana.transfer({"qr": qr}, DINNER), 201, status="succeeded")
    step("She pays the true one", f"available {display(ana.available())}")


def be_told_why(ana: PhoneApp, shop: CoffeeShop) -> None:
    price = ana.available() + 1_000
    refused = ana.pay({"order_id": shop.sell(f"dear-{new_key()}", price)})
    expect(refused, 422, code="INSUFFICIENT_FUNDS")
    told = refused.json["diagnosis"]
    step(f"A machine for {display(price)} is too dear", f"422: {told['cause']}")
    path = f"/v1/payments/{told['about']['id']}/diagnosis"
    shown = ana.must(200, "GET", path)
    if shown["would_pass_now"]:
        raise Unexpected(f"it would pass now: {shown}")
    step("Asked again later, the wallet knows it still", shown["diagnosis"]["next_step"])


def hear(shop: CoffeeShop, number: str) -> None:
    # What happened comes in any order, within half a minute or so.
    status = until(lambda: shop.statuses[number], lambda status: bool(status != "open"))
    step("Meanwhile a webhook has told the shop's server of its order", status)


@contextmanager
def _open(addresses: Addresses, merchant: LocalMerchant) -> Iterator[CoffeeShop]:
    """A shop with a server that listens."""
    client = MerchantClient(
        addresses.api_url, merchant_id=merchant.merchant_id, secret=merchant.secret
    )
    shop = CoffeeShop(client)
    shop.open()
    try:
        yield shop
    finally:
        shop.close()


def _drawn(qr: str) -> str:
    """A QR code for a terminal."""
    drawing = io.StringIO()
    segno.make_qr(qr).terminal(drawing, border=2, compact=True)
    return drawing.getvalue()
