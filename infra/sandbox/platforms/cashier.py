"""Where a payer pays, and the unsigned tools of whoever runs the platforms."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from infra.sandbox.faults import CallFault, NotificationFault, Planned
from infra.sandbox.operator_routes import CallFaultWish, NotificationFaultWish, local_route
from infra.sandbox.outcome import Refusal, now
from infra.sandbox.platforms.keys import Keys
from infra.sandbox.platforms.messenger import Messenger
from infra.sandbox.platforms.orders import Kind, Order, Orders
from infra.sandbox.platforms.voice import Voice

_NAMES = {"alipay": "支付宝 Alipay", "wechat_pay": "微信支付 WeChat Pay"}
_STATES = {
    "paid": "已支付 Paid",
    "closed": "订单已关闭 Closed",
    "refunded": "已退款 Refunded",
}
_PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}</title><h1>{name}（沙盒 sandbox）</h1><p>¥ {amount}</p>{rest}</html>
"""
_BUTTON = '<form method="post"><button>支付 Pay</button></form>'


class PaymentWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """amount: what comes in the place of what was asked for; minor units."""

    amount: Annotated[int, msgspec.Meta(ge=1)] | None = None
    refundable: bool = True


class NotificationWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    forged: bool = False
    age_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cashier:
    keys: Keys
    orders: Orders
    voices: Mapping[Kind, Voice]
    messenger: Messenger
    call_faults: Planned[CallFault]
    notification_faults: Planned[NotificationFault]

    def routes(self) -> list[Route]:
        order = "platforms/{kind}/orders/{reference}"
        return [
            Route("/checkout/{order_id}", self._page, methods=["GET", "POST"]),
            local_route("GET", "platforms/credentials", self._credentials),
            local_route("GET", order, self._order),
            local_route("POST", f"{order}/payment", self._pay),
            local_route("POST", f"{order}/notification", self._notification),
            local_route("POST", "platforms/faults", self._plan_call_fault),
            local_route("POST", "platforms/notification-faults", self._plan_notification_fault),
            local_route("DELETE", "platforms/faults", self._forget_faults),
        ]

    async def _page(self, request: Request) -> Response:
        try:
            order = self.orders.by_id(request.path_params["order_id"])
            if request.method == "POST":
                order = self._paid(order, PaymentWish())
        except Refusal as refusal:
            return HTMLResponse(f"<p>{refusal.code}</p>", refusal.status)
        rest = f"<p>{_STATES[order.status]}</p>" if order.status in _STATES else _BUTTON
        amount = f"{order.amount // 100}.{order.amount % 100:02d}"
        return HTMLResponse(_PAGE.format(name=_NAMES[order.kind], amount=amount, rest=rest))

    async def _credentials(self, request: Request) -> Response:
        """What the merchant signs and verifies by, as the secret of the wallet wants it."""
        return JSONResponse(self.keys.for_merchant(str(request.base_url).rstrip("/")))

    async def _order(self, request: Request) -> Response:
        order = self._asked(request)
        refunds = [asdict(refund) for refund in self.orders.refunds_of(order)]
        return JSONResponse(asdict(order) | {"refunds": refunds})

    async def _pay(self, request: Request) -> Response:
        wish = msgspec.json.decode(await request.body() or b"{}", type=PaymentWish)
        return JSONResponse(asdict(self._paid(self._asked(request), wish)))

    async def _notification(self, request: Request) -> Response:
        """The notification of an order as it stands, as it would be sent."""
        wish = msgspec.json.decode(await request.body() or b"{}", type=NotificationWish)
        order = self._asked(request)
        signed = self.voices[order.kind].notification(
            order, at=now() - wish.age_seconds, wrongly=wish.forged
        )
        return JSONResponse({"headers": signed.headers, "body": signed.body.decode()})

    async def _plan_call_fault(self, request: Request) -> Response:
        wish = msgspec.json.decode(await request.body(), type=CallFaultWish)
        self.call_faults.plan(wish.fault, times=wish.times)
        return Response(status_code=204)

    async def _plan_notification_fault(self, request: Request) -> Response:
        wish = msgspec.json.decode(await request.body(), type=NotificationFaultWish)
        self.notification_faults.plan(wish.fault, times=wish.times)
        return Response(status_code=204)

    async def _forget_faults(self, _: Request) -> Response:
        self.call_faults.forget()
        self.notification_faults.forget()
        return Response(status_code=204)

    def _asked(self, request: Request) -> Order:
        kind = request.path_params["kind"]
        if kind not in get_args(Kind):
            raise Refusal(404, "UNKNOWN")
        return self.orders.find(kind, request.path_params["reference"])

    def _paid(self, order: Order, wish: PaymentWish) -> Order:
        paid = self.orders.pay(order, amount=wish.amount, refundable=wish.refundable)
        self.messenger.tell(paid)
        return paid
