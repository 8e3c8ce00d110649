"""What the wallet asks of a payment platform, whichever it is."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from shared.money import Money

Kind = Literal["alipay", "wechat_pay"]


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """An order at the platform: nobody has paid it yet, it is paid, or nobody ever will.

    amount: what was paid, or is to be. payment_id: the platform's own, empty before there is one.
    """

    reference: str
    amount: Money
    status: Literal["open", "paid", "closed"]
    payment_id: str = ""


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back to who paid it (`accepted`), there (`succeeded`), or not (`failed`)."""

    reference: str
    status: Literal["accepted", "succeeded", "failed"]


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """event_id: the same each time that this event is told. payment: as it stood at the event."""

    event_id: str
    payment: Payment


class PlatformUnavailable(Exception):
    """This call did nothing and may be made again."""


class PaymentUnknown(Exception):
    """The call may have taken effect or not, or what it asked for can't be told: ask later."""


class PlatformRefusal(Exception):
    """The platform understood and said no. `code` is the platform's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Platform(Protocol):
    """Each call but the notification raises PlatformUnavailable, PaymentUnknown or PlatformRefusal
    when it returns no answer.

    A reference is the wallet's own id: 6 to 32 letters, digits and `_`. The same call with the same
    reference has one effect.
    """

    def create_checkout(
        self, *, reference: str, amount: Money, expires_at: int, address: str
    ) -> str:
        """The address of a page where the order can be paid until `expires_at` (Unix seconds).

        address: the network address of who will pay.
        """

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """headers: by lower-case name. Raises NotificationNotAuthentic unless the platform has
        signed it, lately, for this merchant."""

    def find(self, reference: str) -> Payment | None:
        """None: the platform does not know the order, or not yet."""

    def close(self, reference: str) -> None:
        """Nobody can pay the order from now on; no error when there is none, or it is closed.

        Refused when it has been paid.
        """

    def refund(self, *, reference: str, payment_reference: str, amount: Money) -> Refund:
        """Gives all of a payment back. reference: of the refund."""

    def find_refund(self, *, reference: str, payment_reference: str) -> Refund | None:
        """None: the platform has not seen it so far."""
