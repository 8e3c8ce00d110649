"""Shops that are paid in tests: made as operators make them, asking by signed requests."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from functions.payments.operators import administer
from infra.merchant_client import authorization
from shared import clock
from shared.ledger.accounts import merchant_balance
from tests.edge import Answer, call
from tests.people import PAY_PASSWORD, Person

HOOK = "https://shop.example/hooks"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Shop:
    merchant_id: str
    secret: str

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """A request of this shop, signed."""
        raw = "" if body is None else json.dumps(body)
        signature = authorization(
            self.merchant_id,
            self.secret,
            method=method,
            target=path,
            body=raw.encode(),
            timestamp=clock.seconds(),
        )
        headers = {"Authorization": signature}
        return call(method, path, raw=raw or None, headers=headers)

    def place(self, amount: int = 1_000, *, number: str = "", **more: object) -> Answer:
        """An order of this shop; without a number it is a new one."""
        body = {
            "merchant_order_id": number or f"no-{next(_numbers)}",
            "amount": amount,
            "currency": "CNY",
            "subject": "两杯咖啡",
        }
        return self.call("POST", "/v1/merchant/orders", body | more)

    def order(self, amount: int = 1_000, **more: Any) -> str:
        """The id of a new order."""
        answer = self.place(amount, **more)
        assert answer.status == 201, answer.text
        return str(answer.json["order_id"])

    def shown(self, order_id: str) -> Any:
        """An order as the shop sees it."""
        answer = self.call("GET", f"/v1/merchant/orders/{order_id}")
        assert answer.status == 200, answer.text
        return answer.json

    def refund(self, order_id: str, amount: int, *, number: str, **more: object) -> Answer:
        body = {"merchant_refund_id": number, "amount": amount} | more
        return self.call("POST", f"/v1/merchant/orders/{order_id}/refunds", body)

    def charge(self, code: str, amount: int = 1_000, *, number: str = "", **more: object) -> Answer:
        """A charge of a payment code; without a number it is a new one."""
        body = {
            "payment_code": code,
            "merchant_order_id": number or f"no-{next(_numbers)}",
            "amount": amount,
            "currency": "CNY",
            "subject": "两杯咖啡",
        }
        return self.call("POST", "/v1/merchant/charges", body | more)

    def charged(self, order_id: str) -> Any:
        """A charge as the shop sees it."""
        answer = self.call("GET", f"/v1/merchant/charges/{order_id}")
        assert answer.status == 200, answer.text
        return answer.json

    def reverse(self, number: str) -> Answer:
        """Undoes the charge with this number of the shop's."""
        return self.call("POST", "/v1/merchant/reversals", {"merchant_order_id": number})

    @property
    def balance(self) -> int:
        return merchant_balance(self.merchant_id)


def operator(do: str, **wish: object) -> Any:
    """What an operator has done, or the code of the refusal."""
    answer = administer({"do": do, "operator": "tests", **wish}, request_id="test")
    return answer["done"] if "done" in answer else answer["refused"]["code"]


def open_shop(name: str = "Kafei", **terms: object) -> Shop:
    """A new merchant; without other terms it is told of everything, at an address of its own."""
    made = operator("add", **{"name": name, "notify_url": HOOK, **terms})
    return Shop(made["merchant_id"], made["secret"])


def pay_at_stall(person: Person, shop: Shop, amount: int, *, key: str, **more: object) -> Answer:
    """A payment of an amount to a shop whose printed code was scanned."""
    body = {
        "merchant_id": shop.merchant_id,
        "amount": amount,
        "currency": "CNY",
        "pay_password": PAY_PASSWORD,
    }
    return person.call("POST", "/v1/payments", body | more, key=key)


def payment_code(person: Person, **more: Any) -> str:
    """A code that somebody shows at a till."""
    answer = person.call("POST", "/v1/payment-codes", **more)
    assert answer.status == 201, answer.text
    return str(answer.json["code"])


def pay(person: Person, order_id: str, *, key: str, **more: object) -> Answer:
    """A payment of an order by somebody."""
    body = {"order_id": order_id, "pay_password": PAY_PASSWORD} | more
    return person.call("POST", "/v1/payments", body, key=key)
