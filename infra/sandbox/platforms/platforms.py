"""Both platforms, put together."""

from pathlib import Path

from starlette.routing import Route

from infra.sandbox.faults import CallFault, NotificationFault, Planned
from infra.sandbox.platforms.alipay import Alipay
from infra.sandbox.platforms.cashier import Cashier
from infra.sandbox.platforms.keys import Keys
from infra.sandbox.platforms.messenger import Messenger
from infra.sandbox.platforms.orders import Kind, Orders
from infra.sandbox.platforms.voice import Voice
from infra.sandbox.platforms.wechat_pay import WechatPay


def platform_routes(directory: Path, *, hold_seconds: float) -> list[Route]:
    """directory: where keys and orders are kept. hold_seconds: how long a silence lasts."""
    keys, orders = Keys.of(directory), Orders(directory)
    call_faults, notification_faults = Planned[CallFault](), Planned[NotificationFault]()
    alipay = Alipay(keys=keys, orders=orders, faults=call_faults, hold_seconds=hold_seconds)
    wechat_pay = WechatPay(keys=keys, orders=orders, faults=call_faults, hold_seconds=hold_seconds)
    voices: dict[Kind, Voice] = {"alipay": alipay, "wechat_pay": wechat_pay}
    cashier = Cashier(
        keys=keys,
        orders=orders,
        voices=voices,
        messenger=Messenger(voices, notification_faults),
        call_faults=call_faults,
        notification_faults=notification_faults,
    )
    return [*alipay.routes(), *wechat_pay.routes(), *cashier.routes()]
