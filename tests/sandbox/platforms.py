"""The sandbox platforms as their operator sees them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from wechatpayv3 import utils

from shared.platforms import wechat_pay
from shared.platforms.port import Kind
from tests.sandbox.running import RunningBank

KINDS: tuple[Kind, ...] = ("alipay", "wechat_pay")
# Reading a key takes longer than most tests, and each new container of theirs does it.
vars(wechat_pay)["load_private_key"] = cache(utils.load_private_key)


@dataclass(frozen=True)
class RunningPlatforms:
    sandbox: RunningBank

    def credentials(self) -> dict[str, Any]:
        return dict(self.sandbox.operator("GET", "/platforms/credentials"))

    def order(self, kind: str, reference: str) -> dict[str, Any]:
        return dict(self.sandbox.operator("GET", _path(kind, reference)))

    def pay(self, kind: str, reference: str, **wish: object) -> None:
        """wish: `amount` when it shall be another, `refundable`."""
        self.sandbox.operator("POST", f"{_path(kind, reference)}/payment", wish)

    def notification(
        self, kind: str, reference: str, **wish: object
    ) -> tuple[dict[str, str], bytes]:
        """Headers by lower-case name, and body. wish: `forged`, `age_seconds`."""
        told = self.sandbox.operator("POST", f"{_path(kind, reference)}/notification", wish)
        headers = {name.lower(): str(text) for name, text in told["headers"].items()}
        return headers, told["body"].encode()

    def plan_fault(self, fault: str, *, times: int = 1) -> None:
        self.sandbox.operator("POST", "/platforms/faults", {"fault": fault, "times": times})

    def plan_notification_fault(self, fault: str, *, times: int = 1) -> None:
        wish = {"fault": fault, "times": times}
        self.sandbox.operator("POST", "/platforms/notification-faults", wish)

    def forget_faults(self) -> None:
        self.sandbox.operator("DELETE", "/platforms/faults")


def _path(kind: str, reference: str) -> str:
    return f"/platforms/{kind}/orders/{reference}"
