"""Alipay: signed forms to one gateway; its answers and notifications are signed by RSA2.

python-alipay-sdk signs and verifies. Ours is what it leaves out: the sending, the zone of times,
and whether a notification is for this app and seller.
"""

import re
import time
from collections.abc import Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError

from shared.bank.notifications import NotificationNotAuthentic
from shared.money import Money
from shared.platforms.carrier import Carrier
from shared.platforms.credentials import AlipayCredentials
from shared.platforms.moment import from_plain, is_fresh, plain
from shared.platforms.port import (
    Notification,
    Payment,
    PaymentUnknown,
    PlatformRefusal,
    Refund,
)

_SUBJECT = "U钱包充值 U wallet top-up"
_FIELDS_LIMIT = 100
_STATUS: dict[str, Literal["open", "paid", "closed"]] = {
    "WAIT_BUYER_PAY": "open",
    "TRADE_SUCCESS": "paid",
    "TRADE_FINISHED": "paid",
    "TRADE_CLOSED": "closed",
}
# What the library raises for an answer that is not signed, or is none at all.
_NO_WORD_OF_ALIPAY = (
    AliPayException,
    AliPayValidationError,
    AttributeError,
    TypeError,
    ValueError,
)
_DONE, _NOT_TOLD = "10000", "20000"
_UNKNOWN_ORDER = "ACQ.TRADE_NOT_EXIST"

T = TypeVar("T")


class _Trade(msgspec.Struct, frozen=True):
    out_trade_no: str
    trade_no: str
    trade_status: str
    total_amount: str

    def payment(self) -> Payment:
        """Raises PaymentUnknown for what Alipay does not say of a trade of ours."""
        amount = re.fullmatch(r"([0-9]{1,11})\.([0-9]{2})", self.total_amount)
        if amount is None or self.trade_status not in _STATUS:
            raise PaymentUnknown(f"{self.trade_status} {self.total_amount}")
        return Payment(
            reference=self.out_trade_no,
            amount=Money(amount=int(amount[1] + amount[2])),
            status=_STATUS[self.trade_status],
            payment_id=self.trade_no,
        )


class _Told(_Trade, frozen=True):
    notify_id: str
    notify_time: str
    app_id: str
    seller_id: str


class _Result(msgspec.Struct, frozen=True):
    code: str
    sub_code: str = ""


class _Refunded(msgspec.Struct, frozen=True):
    fund_change: str = "N"
    refund_status: str = ""


class _Library(AliPay):  # type: ignore[misc]  # it has no types
    """What of python-alipay-sdk can't be reached from outside: how it verifies an answer."""

    def verified(self, answer: str, name: str) -> Any:
        return self._verify_and_return_sync_response(answer, name)


class Alipay:
    """Speaks for one app of one seller."""

    def __init__(
        self, credentials: AlipayCredentials, *, notify_url: str, carrier: Carrier | None = None
    ) -> None:
        self._credentials = credentials
        self._notify_url = notify_url
        self._carrier = carrier or Carrier()
        self._library = _Library(
            credentials.app_id,
            app_private_key_string=credentials.private_key,
            alipay_public_key_string=credentials.public_key,
        )

    def create_checkout(
        self, *, reference: str, amount: Money, expires_at: int, address: str
    ) -> str:
        """Asks nobody: Alipay learns of the order when its page is opened."""
        order = {
            "out_trade_no": reference,
            "total_amount": _yuan(amount),
            "subject": _SUBJECT,
            "product_code": "QUICK_WAP_WAY",
            "time_expire": plain(expires_at),
        }
        signed = self._signed("alipay.trade.wap.pay", order, notify_url=self._notify_url)
        return f"{self._credentials.gateway_url}?{signed}"

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        try:
            told = msgspec.convert(self._verified_form(body), _Told)
            fresh = is_fresh(from_plain(told.notify_time))
            payment = told.payment()
        except (ValueError, PaymentUnknown) as error:
            raise NotificationNotAuthentic from error
        ours = (self._credentials.app_id, self._credentials.seller_id)
        if not fresh or (told.app_id, told.seller_id) != ours:
            raise NotificationNotAuthentic
        return Notification(event_id=told.notify_id, payment=payment)

    def find(self, reference: str) -> Payment | None:
        try:
            found = self._call("alipay.trade.query", {"out_trade_no": reference}, _Trade)
        except PlatformRefusal as refusal:
            if refusal.code == _UNKNOWN_ORDER:
                return None
            raise
        if found.out_trade_no != reference:
            raise PaymentUnknown("Alipay answered for another order")
        return found.payment()

    def close(self, reference: str) -> None:
        try:
            self._call("alipay.trade.close", {"out_trade_no": reference}, _Result)
        except PlatformRefusal as refusal:
            # Alipay knows an order only when its page was opened, which it refuses after its time.
            if refusal.code != _UNKNOWN_ORDER:
                raise

    def refund(self, *, reference: str, payment_reference: str, amount: Money) -> Refund:
        wish = {
            "out_trade_no": payment_reference,
            "out_request_no": reference,
            "refund_amount": _yuan(amount),
        }
        answer = self._call("alipay.trade.refund", wish, _Refunded)
        # `N` is also said of a refund that was made before: only the query tells then.
        done = answer.fund_change == "Y"
        return Refund(reference=reference, status="succeeded" if done else "accepted")

    def find_refund(self, *, reference: str, payment_reference: str) -> Refund | None:
        wish = {"out_trade_no": payment_reference, "out_request_no": reference}
        answer = self._call("alipay.trade.fastpay.refund.query", wish, _Refunded)
        if answer.refund_status != "REFUND_SUCCESS":
            return None
        return Refund(reference=reference, status="succeeded")

    def _signed(self, method: str, wish: dict[str, str], **more: str) -> str:
        # The library would take the time of the machine's zone for Beijing's.
        moment = plain(time.time())
        return str(self._library.client_api(method, wish, timestamp=moment, **more))

    def _call(self, method: str, wish: dict[str, str], shape: type[T]) -> T:
        """What Alipay says in an answer that it has signed."""
        answer = self._carrier.send(
            "POST",
            f"{self._credentials.gateway_url}?charset=utf-8",
            body=self._signed(method, wish),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
        )
        name = f"{method.replace('.', '_')}_response"
        try:
            told = self._library.verified(answer.body.decode(), name)
            result = msgspec.convert(told, _Result)
            if result.code == _DONE:
                return msgspec.convert(told, shape)
        except _NO_WORD_OF_ALIPAY as error:
            raise PaymentUnknown(f"no signed answer to {method}: {answer.status}") from error
        if result.code == _NOT_TOLD or result.sub_code.endswith("SYSTEM_ERROR"):
            raise PaymentUnknown(result.sub_code)
        raise PlatformRefusal(result.sub_code or result.code)

    def _verified_form(self, body: bytes) -> dict[str, str]:
        """The fields of a notification. Raises ValueError, NotificationNotAuthentic."""
        form = dict(
            parse_qsl(
                body.decode(),
                keep_blank_values=True,
                strict_parsing=True,
                max_num_fields=_FIELDS_LIMIT,
                errors="strict",
            )
        )
        signature, kind = form.pop("sign", ""), form.pop("sign_type", "")
        if kind != "RSA2" or not self._library.verify(dict(form), signature):
            raise NotificationNotAuthentic
        return form


def _yuan(amount: Money) -> str:
    return f"{amount.amount // 100}.{amount.amount % 100:02d}"
