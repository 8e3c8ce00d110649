"""WeChat Pay v3: signed JSON; its answers and its sealed notifications are signed as well.

The functions of wechatpayv3 sign, verify and open. Ours is what its client leaves out: the time of
a signature, answers that are no success, and that nobody is asked about a key that nobody knows.
"""

import json
import re
from collections.abc import Mapping
from typing import Literal, TypeVar

import msgspec
from wechatpayv3.utils import (
    aes_decrypt,
    build_authorization,
    load_private_key,
    load_public_key,
    rsa_verify,
)

from shared.bank.notifications import NotificationNotAuthentic
from shared.money import Money
from shared.platforms.carrier import Answer, Carrier
from shared.platforms.credentials import WechatPayCredentials
from shared.platforms.moment import is_fresh, with_zone
from shared.platforms.port import (
    Notification,
    Payment,
    PaymentUnknown,
    PlatformRefusal,
    PlatformUnavailable,
    Refund,
)

_DESCRIPTION = "U钱包充值 U wallet top-up"
_SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
_CIPHER = "AEAD_AES_256_GCM"
_STATUS: dict[str, Literal["open", "paid", "closed"]] = {
    "NOTPAY": "open",
    "USERPAYING": "open",
    "PAYERROR": "open",
    "SUCCESS": "paid",
    "CLOSED": "closed",
    "REVOKED": "closed",
}
_REFUND_STATUS: dict[str, Literal["accepted", "succeeded", "failed"]] = {
    "PROCESSING": "accepted",
    "SUCCESS": "succeeded",
    "CLOSED": "failed",
    "ABNORMAL": "failed",
}
_UNKNOWN_ORDER = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"}
_CLOSED = {"ORDER_CLOSED", "ORDERCLOSED"}

T = TypeVar("T")


class _Amount(msgspec.Struct, frozen=True):
    total: int
    currency: str = "CNY"


class _Transaction(msgspec.Struct, frozen=True):
    appid: str
    mchid: str
    out_trade_no: str
    trade_state: str
    amount: _Amount
    transaction_id: str = ""

    def payment(self) -> Payment:
        """Raises PaymentUnknown for a state that no order of ours comes into by itself."""
        if self.trade_state not in _STATUS:
            raise PaymentUnknown(self.trade_state)
        return Payment(
            reference=self.out_trade_no,
            amount=Money(amount=self.amount.total, currency=self.amount.currency),
            status=_STATUS[self.trade_state],
            payment_id=self.transaction_id,
        )


class _Checkout(msgspec.Struct, frozen=True):
    h5_url: str


class _Refunded(msgspec.Struct, frozen=True):
    out_refund_no: str
    status: str

    def refund(self) -> Refund:
        if self.status not in _REFUND_STATUS:
            raise PaymentUnknown(self.status)
        return Refund(reference=self.out_refund_no, status=_REFUND_STATUS[self.status])


class _Refusal(msgspec.Struct, frozen=True):
    code: str


class _Sealed(msgspec.Struct, frozen=True):
    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    id: str
    resource: _Sealed


class WechatPay:
    """Speaks for one app of one merchant."""

    def __init__(
        self,
        credentials: WechatPayCredentials,
        *,
        notify_url: str,
        carrier: Carrier | None = None,
    ) -> None:
        self._credentials = credentials
        self._notify_url = notify_url
        self._carrier = carrier or Carrier()
        self._private_key = load_private_key(credentials.private_key)
        self._public_keys = {
            serial: load_public_key(key) for serial, key in credentials.public_keys.items()
        }

    def create_checkout(
        self, *, reference: str, amount: Money, expires_at: int, address: str
    ) -> str:
        order = {
            "appid": self._credentials.app_id,
            "mchid": self._credentials.merchant_id,
            "description": _DESCRIPTION,
            "out_trade_no": reference,
            "time_expire": with_zone(expires_at),
            "notify_url": self._notify_url,
            "amount": {"total": amount.amount, "currency": amount.currency},
            "scene_info": {"payer_client_ip": address, "h5_info": {"type": "Wap"}},
        }
        return _read(self._call("POST", "/v3/pay/transactions/h5", order), _Checkout).h5_url

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        if not self._has_signed(headers, body):
            raise NotificationNotAuthentic
        try:
            envelope = msgspec.json.decode(body, type=_Envelope)
            told = msgspec.json.decode(self._opened(envelope.resource), type=_Transaction)
            payment = told.payment()
        except (ValueError, PaymentUnknown) as error:
            raise NotificationNotAuthentic from error
        if not self._is_ours(told):
            raise NotificationNotAuthentic
        return Notification(event_id=envelope.id, payment=payment)

    def find(self, reference: str) -> Payment | None:
        path = f"/v3/pay/transactions/out-trade-no/{reference}"
        try:
            answer = self._call("GET", f"{path}?mchid={self._credentials.merchant_id}")
        except PlatformRefusal as refusal:
            if refusal.code in _UNKNOWN_ORDER:
                return None
            raise
        found = _read(answer, _Transaction)
        if found.out_trade_no != reference or not self._is_ours(found):
            raise PaymentUnknown("WeChat Pay answered for another order")
        return found.payment()

    def close(self, reference: str) -> None:
        path = f"/v3/pay/transactions/out-trade-no/{reference}/close"
        try:
            self._call("POST", path, {"mchid": self._credentials.merchant_id})
        except PlatformRefusal as refusal:
            if refusal.code not in _UNKNOWN_ORDER | _CLOSED:
                raise

    def refund(self, *, reference: str, payment_reference: str, amount: Money) -> Refund:
        wish = {
            "out_trade_no": payment_reference,
            "out_refund_no": reference,
            "amount": {
                "refund": amount.amount,
                "total": amount.amount,
                "currency": amount.currency,
            },
        }
        return self._refund(reference, self._call("POST", "/v3/refund/domestic/refunds", wish))

    def find_refund(self, *, reference: str, payment_reference: str) -> Refund | None:
        try:
            answer = self._call("GET", f"/v3/refund/domestic/refunds/{reference}")
        except PlatformRefusal as refusal:
            if refusal.code in _UNKNOWN_ORDER:
                return None
            raise
        return self._refund(reference, answer)

    def _refund(self, reference: str, answer: Answer) -> Refund:
        found = _read(answer, _Refunded).refund()
        if found.reference != reference:
            raise PaymentUnknown("WeChat Pay answered for another refund")
        return found

    def _call(self, method: str, path: str, wish: Mapping[str, object] | None = None) -> Answer:
        """A success that WeChat Pay has signed."""
        body = "" if wish is None else json.dumps(wish, ensure_ascii=False)
        answer = self._carrier.send(
            method,
            self._credentials.gateway_url + path,
            body=body,
            headers={
                "Accept": "application/json",
                "Authorization": build_authorization(
                    path,
                    method,
                    self._credentials.merchant_id,
                    self._credentials.merchant_serial,
                    self._private_key,
                    data=body,
                ),
                "Content-Type": "application/json",
                "User-Agent": "u-wallet",
            },
        )
        if not self._has_signed(answer.headers, answer.body):
            raise PaymentUnknown(f"WeChat Pay did not sign this answer {answer.status}")
        if 200 <= answer.status < 300:
            return answer
        code = _read(answer, _Refusal).code
        if answer.status == 429:
            raise PlatformUnavailable(code)
        if 400 <= answer.status < 500:
            raise PlatformRefusal(code)
        raise PaymentUnknown(code)

    def _has_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether these very bytes were signed lately, by the key whose serial is named."""
        timestamp = headers.get("wechatpay-timestamp", "")
        key = self._public_keys.get(headers.get("wechatpay-serial", ""))
        if key is None or headers.get("wechatpay-signature-type") != _SIGNATURE_TYPE:
            return False
        if re.fullmatch(r"[0-9]{1,12}", timestamp) is None or not is_fresh(int(timestamp)):
            return False
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return False
        nonce, signature = (headers.get(f"wechatpay-{name}", "") for name in ("nonce", "signature"))
        return bool(rsa_verify(timestamp, nonce, text, signature, key))

    def _opened(self, sealed: _Sealed) -> str:
        """Raises ValueError for what was not sealed for this merchant."""
        if sealed.algorithm != _CIPHER:
            raise ValueError(sealed.algorithm)
        opened = aes_decrypt(
            sealed.nonce, sealed.ciphertext, sealed.associated_data, self._credentials.api_v3_key
        )
        if opened is None:
            raise ValueError("sealed with another key")
        return str(opened)

    def _is_ours(self, told: _Transaction) -> bool:
        ours = (self._credentials.app_id, self._credentials.merchant_id)
        return (told.appid, told.mchid) == ours


def _read(answer: Answer, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.DecodeError as error:
        raise PaymentUnknown(f"WeChat Pay's answer {answer.status} can't be read") from error
