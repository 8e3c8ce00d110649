"""Speaks as WeChat Pay v3 does (the interface of merchants, orders by `h5` and `native`)."""

import base64
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.sandbox.faults import CallFault, Planned
from infra.sandbox.outcome import Refusal, now
from infra.sandbox.platforms.keys import Keys
from infra.sandbox.platforms.orders import Order, Orders, Refund
from infra.sandbox.platforms.voice import Signed
from infra.sandbox.silence import Silence

LIFETIME_SECONDS = 300
SCHEME = "WECHATPAY2-SHA256-RSA2048"
_STATES = {"open": "NOTPAY", "paid": "SUCCESS", "closed": "CLOSED", "refunded": "REFUND"}
_CODES = {
    "UNKNOWN": "ORDER_NOT_EXIST",
    "CLOSED": "ORDER_CLOSED",
    "PAID": "ORDERPAID",
    "REFUNDED": "ORDERPAID",
    "REUSED": "INVALID_REQUEST",
    "NOT_REFUNDABLE": "INVALID_REQUEST",
}


class _Amount(msgspec.Struct):
    total: int
    currency: str = "CNY"


class _OrderWish(msgspec.Struct):
    appid: str
    mchid: str
    description: str
    out_trade_no: str
    notify_url: str
    amount: _Amount
    time_expire: datetime


class _RefundAmount(msgspec.Struct):
    refund: int
    total: int
    currency: str


class _RefundWish(msgspec.Struct):
    out_trade_no: str
    out_refund_no: str
    amount: _RefundAmount


class _Call(NamedTuple):
    places: Mapping[str, str]
    body: bytes
    url: str


_Operation = Callable[[_Call], dict[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatPay:
    """hold_seconds: how long a caller that gets no answer is left waiting."""

    keys: Keys
    orders: Orders
    faults: Planned[CallFault]
    hold_seconds: float

    def routes(self) -> list[Route]:
        orders, refunds = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
        return [
            self._route("POST", f"{orders}/h5", self._order("h5_url")),
            self._route("POST", f"{orders}/native", self._order("code_url")),
            self._route("GET", f"{orders}/out-trade-no/{{reference}}", self._find),
            self._route("POST", f"{orders}/out-trade-no/{{reference}}/close", self._close),
            self._route("POST", refunds, self._refund),
            self._route("GET", f"{refunds}/{{reference}}", self._find_refund),
        ]

    def notification(self, order: Order, *, at: int, wrongly: bool = False) -> Signed:
        opened = json.dumps(self._told(order), ensure_ascii=False)
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.keys.api_v3_key.encode()).encrypt(
            nonce.encode(), opened.encode(), b"transaction"
        )
        body = {
            "id": f"EV-{order.order_id}",
            "create_time": _text_of(order.paid_at or at),
            "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS",
            "summary": "支付成功",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": "transaction",
                "nonce": nonce,
            },
        }
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = self._signature(raw, at=at, wrongly=wrongly)
        return Signed({"Content-Type": "application/json", **headers}, raw)

    def is_taken(self, status: int, body: bytes) -> bool:
        return status in (200, 204)

    def _order(self, answered_as: str) -> _Operation:
        def take(call: _Call) -> dict[str, Any]:
            wish = msgspec.json.decode(call.body, type=_OrderWish)
            if (wish.appid, wish.mchid) != (self.keys.app_id, self.keys.merchant_id):
                raise Refusal(400, "APPID_MCHID_NOT_MATCH")
            order = self.orders.take(
                "wechat_pay",
                wish.out_trade_no,
                amount=wish.amount.total,
                expires_at=int(wish.time_expire.timestamp()),
                notify_url=wish.notify_url,
            )
            return {answered_as: f"{call.url}/checkout/{order.order_id}"}

        return take

    def _find(self, call: _Call) -> dict[str, Any]:
        return self._told(self.orders.find("wechat_pay", call.places["reference"]))

    def _close(self, call: _Call) -> None:
        self.orders.close("wechat_pay", call.places["reference"])

    def _refund(self, call: _Call) -> dict[str, Any]:
        wish = msgspec.json.decode(call.body, type=_RefundWish)
        if wish.amount.refund != wish.amount.total:
            raise Refusal(400, "NOT_REFUNDABLE")
        refund, new = self.orders.refund(
            "wechat_pay",
            wish.out_refund_no,
            order_reference=wish.out_trade_no,
            amount=wish.amount.refund,
        )
        return _told_refund(refund, "PROCESSING" if new else None)

    def _find_refund(self, call: _Call) -> dict[str, Any]:
        try:
            return _told_refund(self.orders.find_refund("wechat_pay", call.places["reference"]))
        except Refusal as refusal:
            raise Refusal(refusal.status, "RESOURCE_NOT_EXISTS") from None

    def _told(self, order: Order) -> dict[str, Any]:
        told: dict[str, Any] = {
            "appid": self.keys.app_id,
            "mchid": self.keys.merchant_id,
            "out_trade_no": order.reference,
            "trade_state": _STATES[order.status],
            "trade_state_desc": _STATES[order.status],
            "amount": {"total": order.amount, "currency": "CNY"},
        }
        if order.paid_at is None:
            return told
        return told | {
            "transaction_id": order.order_id,
            "trade_type": "MWEB",
            "bank_type": "OTHERS",
            "success_time": _text_of(order.paid_at),
            "payer": {"openid": "oSandboxPayer"},
        }

    def _route(self, method: str, path: str, operation: _Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            if not self._merchant_has_signed(request, body):
                # Unsigned: who has not shown to be the merchant gets nothing to show around.
                return _json({"code": "SIGN_ERROR", "message": "签名错误"}, 401)
            return await self._answer(operation, request, body)

        return Route(f"/wechat-pay{path}", endpoint, methods=[method])

    async def _answer(self, operation: _Operation, request: Request, body: bytes) -> Response:
        fault = self.faults.next()
        if fault == "lost":
            return Silence(0)
        if fault == "unavailable":
            response = _json({"code": "FREQUENCY_LIMITED", "message": "频率限制"}, 429)
        else:
            url = str(request.base_url).rstrip("/")
            response = _outcome(operation, _Call(request.path_params, body, url))
        if fault in ("dropped", "silent"):
            return Silence(0 if fault == "dropped" else self.hold_seconds)
        response.headers.update(
            self._signature(bytes(response.body), at=now(), wrongly=fault == "forged")
        )
        return response

    def _signature(self, body: bytes, *, at: int, wrongly: bool) -> dict[str, str]:
        nonce = secrets.token_hex(16)
        return {
            "Wechatpay-Timestamp": str(at),
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self.keys.platform_serial,
            "Wechatpay-Signature": self.keys.sign(
                f"{at}\n{nonce}\n{body.decode()}\n", wrongly=wrongly
            ),
            "Wechatpay-Signature-Type": SCHEME,
        }

    def _merchant_has_signed(self, request: Request, body: bytes) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        said = dict(re.findall(r'(\w+)="([^"]*)"', given))
        path: str = request.scope["raw_path"].decode("ascii").removeprefix("/wechat-pay")
        target = f"{path}?{request.url.query}" if request.url.query else path
        timestamp, nonce = said.get("timestamp", ""), said.get("nonce_str", "")
        text = f"{request.method}\n{target}\n{timestamp}\n{nonce}\n{body.decode()}\n"
        return (
            scheme == SCHEME
            and (said.get("mchid"), said.get("serial_no"))
            == (self.keys.merchant_id, self.keys.merchant_serial)
            and timestamp.isascii()
            and timestamp.isdigit()
            and abs(now() - int(timestamp)) < LIFETIME_SECONDS
            and self.keys.merchant_has_signed(text, said.get("signature", ""))
        )


def _outcome(operation: _Operation, call: _Call) -> Response:
    try:
        told = operation(call)
    except msgspec.DecodeError as error:
        return _json({"code": "PARAM_ERROR", "message": str(error)}, 400)
    except Refusal as refusal:
        code = _CODES.get(refusal.code, refusal.code)
        return _json({"code": code, "message": code}, refusal.status)
    return Response(status_code=204) if told is None else _json(told, 200)


def _told_refund(refund: Refund, status: str | None = None) -> dict[str, Any]:
    return {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.reference,
        "out_trade_no": refund.order_reference,
        "status": status or ("ABNORMAL" if refund.failed else "SUCCESS"),
        "amount": {"refund": refund.amount, "total": refund.amount, "currency": "CNY"},
    }


def _json(told: dict[str, Any], status: int) -> Response:
    text = json.dumps(told, ensure_ascii=False)
    return Response(text, status, media_type="application/json")


def _text_of(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(timespec="seconds")
