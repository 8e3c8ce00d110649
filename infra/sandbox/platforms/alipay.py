"""Speaks as Alipay does: one gateway for signed forms, and the page of `wap` and `page` orders."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.sandbox.faults import CallFault, Planned
from infra.sandbox.outcome import Refusal
from infra.sandbox.platforms.keys import Keys
from infra.sandbox.platforms.orders import Order, Orders
from infra.sandbox.platforms.voice import Signed
from infra.sandbox.silence import Silence

_BEIJING = timezone(timedelta(hours=8))
_STATES = {
    "open": "WAIT_BUYER_PAY",
    "paid": "TRADE_SUCCESS",
    "closed": "TRADE_CLOSED",
    "refunded": "TRADE_CLOSED",
}
_CODES = {
    "UNKNOWN": "ACQ.TRADE_NOT_EXIST",
    "REUSED": "ACQ.CONTEXT_INCONSISTENT",
    "NOT_REFUNDABLE": "ACQ.TRADE_STATUS_ERROR",
}
_NOT_SIGNED = '{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"}}'
_PAGES = ("alipay.trade.wap.pay", "alipay.trade.page.pay")

_Operation = Callable[[Mapping[str, str]], dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alipay:
    """hold_seconds: how long a caller that gets no answer is left waiting."""

    keys: Keys
    orders: Orders
    faults: Planned[CallFault]
    hold_seconds: float

    def routes(self) -> list[Route]:
        return [Route("/alipay/gateway.do", self._gateway, methods=["GET", "POST"])]

    def notification(self, order: Order, *, at: int, wrongly: bool = False) -> Signed:
        told = {
            "notify_id": f"n{order.order_id}",
            "notify_time": _text_of(at),
            "notify_type": "trade_status_sync",
            "app_id": self.keys.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "seller_id": self.keys.seller_id,
            "subject": "U钱包充值",
            "receipt_amount": _yuan(order.amount),
            "gmt_payment": _text_of(order.paid_at or at),
            **self._told(order),
        }
        signed = told | {
            "sign": self.keys.sign(_joined(told), wrongly=wrongly),
            "sign_type": "RSA2",
        }
        kind = "application/x-www-form-urlencoded; charset=utf-8"
        return Signed({"Content-Type": kind}, urlencode(signed).encode())

    def is_taken(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b"success"

    async def _gateway(self, request: Request) -> Response:
        body = (await request.body()).decode()
        form = dict(request.query_params) | dict(parse_qsl(body, keep_blank_values=True))
        signature = form.pop("sign", "")
        if not self.keys.merchant_has_signed(_joined(form), signature):
            return PlainTextResponse(_NOT_SIGNED)
        if form.get("method") in _PAGES:
            return self._page(form, str(request.base_url).rstrip("/"))
        return self._answer(form)

    def _page(self, form: dict[str, str], url: str) -> Response:
        """Alipay learns of an order when its page is opened."""
        wish = json.loads(form["biz_content"])
        try:
            order = self.orders.take(
                "alipay",
                wish["out_trade_no"],
                amount=_minor(wish["total_amount"]),
                expires_at=_seconds(wish["time_expire"]),
                notify_url=form["notify_url"],
            )
        except Refusal as refusal:
            return PlainTextResponse(refusal.code, 400)
        return RedirectResponse(f"{url}/checkout/{order.order_id}", 303)

    def _answer(self, form: dict[str, str]) -> Response:
        fault = self.faults.next()
        if fault == "lost":
            return Silence(0)
        method = form["method"]
        if fault == "unavailable":
            told = {"code": "20000", "msg": "Service Unavailable", "sub_code": "isp.unknow-error"}
        else:
            told = self._outcome(method, json.loads(form["biz_content"]))
        if fault in ("dropped", "silent"):
            return Silence(0 if fault == "dropped" else self.hold_seconds)
        text = json.dumps(told, ensure_ascii=False)
        sign = self.keys.sign(text, wrongly=fault == "forged")
        name = f"{method.replace('.', '_')}_response"
        return PlainTextResponse(f'{{"{name}":{text},"sign":"{sign}"}}')

    def _outcome(self, method: str, wish: dict[str, str]) -> dict[str, str]:
        operations: dict[str, _Operation] = {
            "alipay.trade.query": self._find,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._find_refund,
        }
        if method not in operations:
            return {"code": "40002", "msg": "Invalid", "sub_code": "isv.invalid-method"}
        try:
            return {"code": "10000", "msg": "Success", **operations[method](wish)}
        except Refusal as refusal:
            code = _CODES.get(refusal.code, "ACQ.TRADE_STATUS_ERROR")
            return {"code": "40004", "msg": "Business Failed", "sub_code": code}

    def _find(self, wish: Mapping[str, str]) -> dict[str, str]:
        return self._told(self.orders.find("alipay", wish["out_trade_no"]))

    def _close(self, wish: Mapping[str, str]) -> dict[str, str]:
        self.orders.close("alipay", wish["out_trade_no"])
        return {"out_trade_no": wish["out_trade_no"]}

    def _refund(self, wish: Mapping[str, str]) -> dict[str, str]:
        refund, new = self.orders.refund(
            "alipay",
            wish["out_request_no"],
            order_reference=wish["out_trade_no"],
            amount=_minor(wish["refund_amount"]),
        )
        changed = "Y" if new and not refund.failed else "N"
        return {"out_trade_no": refund.order_reference, "fund_change": changed}

    def _find_refund(self, wish: Mapping[str, str]) -> dict[str, str]:
        """Says nothing of a refund that is not there, or not done."""
        try:
            refund = self.orders.find_refund("alipay", wish["out_request_no"])
        except Refusal:
            return {}
        status = {} if refund.failed else {"refund_status": "REFUND_SUCCESS"}
        return {"out_request_no": refund.reference, "refund_amount": _yuan(refund.amount), **status}

    def _told(self, order: Order) -> dict[str, str]:
        return {
            "trade_no": order.order_id,
            "out_trade_no": order.reference,
            "trade_status": _STATES[order.status],
            "total_amount": _yuan(order.amount),
        }


def _joined(form: Mapping[str, str]) -> str:
    return "&".join(f"{name}={form[name]}" for name in sorted(form))


def _yuan(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def _minor(text: str) -> int:
    found = re.fullmatch(r"(\d+)\.(\d\d)", text)
    if found is None:
        raise Refusal(400, "INVALID_PARAMETER")
    return int(found[1] + found[2])


def _text_of(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+08:00").timestamp())
