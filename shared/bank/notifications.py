"""What the bank says of its own accord, believed only when it has signed it.

A notification comes at least once, in any order, even before the call that it is about has been
answered. Its header `Bank-Signature` is HMAC-SHA256, in hexadecimal, under the bank's key over
`Bank-Event-Id`, `Bank-Timestamp` (Unix seconds) and the SHA-256 of the raw body, joined by
newlines.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from shared.bank.port import Charge, Payout
from shared.bank.told import ToldCharge, ToldPayout
from shared.errors import Problem, Texts
from shared.secrets import bank_credentials

TOLERANCE_SECONDS = 300

T = TypeVar("T")


class NotificationNotAuthentic(Problem):
    status = 401
    code = "NOTIFICATION_NOT_AUTHENTIC"
    title = Texts("通知未通过验证", "Notification not authentic")
    detail = Texts(
        "通知的签名、时间或内容不正确。",
        "The signature, the time or the content of this notification is not right.",
    )


class PayoutNotification(msgspec.Struct, frozen=True, kw_only=True):
    """event_id: the same each time that this event is told. payout: as it stood at the event."""

    event_id: str
    payout: Payout


class ChargeNotification(msgspec.Struct, frozen=True, kw_only=True):
    """event_id: the same each time that this event is told. charge: as it stood at the event."""

    event_id: str
    charge: Charge


def read_payout_notification(headers: Mapping[str, str], body: bytes) -> PayoutNotification:
    """headers: by lower-case name. Raises NotificationNotAuthentic, ServiceUnavailable."""
    event_id = _authentic_event_id(headers, body)
    told = _read(body, _PayoutBody).payout
    return PayoutNotification(event_id=event_id, payout=told.payout())


def read_charge_notification(headers: Mapping[str, str], body: bytes) -> ChargeNotification:
    """headers: by lower-case name. Raises NotificationNotAuthentic, ServiceUnavailable."""
    event_id = _authentic_event_id(headers, body)
    told = _read(body, _ChargeBody).charge
    return ChargeNotification(event_id=event_id, charge=told.charge())


class _PayoutBody(msgspec.Struct, frozen=True):
    payout: ToldPayout


class _ChargeBody(msgspec.Struct, frozen=True):
    charge: ToldCharge


def _authentic_event_id(headers: Mapping[str, str], body: bytes) -> str:
    event_id = headers.get("bank-event-id", "")
    timestamp = headers.get("bank-timestamp", "")
    signed = "\n".join((event_id, timestamp, hashlib.sha256(body).hexdigest()))
    expected = hmac.digest(bank_credentials().key, signed.encode(), "sha256").hex()
    given = headers.get("bank-signature", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotificationNotAuthentic
    if not (_is_event_id(event_id) and _is_fresh(timestamp)):
        raise NotificationNotAuthentic
    return event_id


def _is_event_id(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) is not None


def _is_fresh(timestamp: str) -> bool:
    if re.fullmatch(r"[0-9]{1,12}", timestamp) is None:
        return False
    # The bank has a clock of its own, which no test of the wallet can move: the machine's.
    return abs(time.time() - int(timestamp)) < TOLERANCE_SECONDS


def _read(body: bytes, shape: type[T]) -> T:
    """A body that the bank signed for another route is none of ours either."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise NotificationNotAuthentic from error
