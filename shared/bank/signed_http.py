"""The sandbox bank's signed JSON over HTTP.

What the bank did not sign proves nothing: a page from some proxy, whatever its status, leaves the
outcome unknown.
"""

import hashlib
import hmac
import random
import secrets
import time
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec

from shared.bank.port import (
    BankRefusal,
    BankUnavailable,
    Binding,
    BoundCard,
    Charge,
    OutcomeUnknown,
)
from shared.money import Money

ANSWER_LIMIT_BYTES = 65_536
# A call that surely did nothing is repeated after each of these, cut by up to a half at random.
PAUSES_SECONDS = (0.1, 0.4)

T = TypeVar("T")


class _Answer(NamedTuple):
    status: int
    body: bytes


class _BindingAnswer(msgspec.Struct, frozen=True):
    binding_id: str
    expires_in: int


class _ChargeAnswer(msgspec.Struct, frozen=True):
    charge_id: str
    reference: str
    amount: int
    currency: str
    status: Literal["succeeded", "declined", "pending"]
    reason: str | None = None


class _RefusalAnswer(msgspec.Struct, frozen=True):
    code: str


class SandboxBank:
    """Speaks for one client, known to the bank by `client_id` and an HMAC key of 32 bytes."""

    def __init__(
        self,
        *,
        url: str,
        client_id: str,
        key: bytes,
        connect_timeout_seconds: float = 1.0,
        read_timeout_seconds: float = 3.0,
    ) -> None:
        from urllib3 import PoolManager, Timeout  # Only calls to the bank pay for this import.

        self._url = url.rstrip("/")
        self._client_id = client_id
        self._key = key
        self._http = PoolManager(
            timeout=Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds),
            retries=False,
        )

    def start_binding(
        self, *, reference: str, number: str, holder_name: str, phone: str
    ) -> Binding:
        wish = {
            "reference": reference,
            "number": number,
            "holder_name": holder_name,
            "phone": phone,
        }
        answer = self._call("POST", "/v1/card-bindings", wish)
        started = _read(answer, _BindingAnswer)
        return Binding(binding_id=started.binding_id, expires_in_seconds=started.expires_in)

    def confirm_binding(self, *, binding_id: str, code: str) -> BoundCard:
        path = f"/v1/card-bindings/{_segment(binding_id)}/confirm"
        return _read(self._call("POST", path, {"code": code}), BoundCard)

    def unbind(self, card_token: str) -> None:
        self._call("DELETE", f"/v1/card-tokens/{_segment(card_token)}")

    def charge(self, *, reference: str, card_token: str, amount: Money) -> Charge:
        wish = {
            "reference": reference,
            "card_token": card_token,
            "amount": amount.amount,
            "currency": amount.currency,
        }
        charge = _charge(self._call("POST", "/v1/charges", wish))
        if (charge.reference, charge.amount) != (reference, amount):
            raise OutcomeUnknown("the bank answered for another charge")
        return charge

    def find_charge(self, reference: str) -> Charge | None:
        try:
            charge = _charge(self._call("GET", f"/v1/charges/{_segment(reference)}"))
        except BankRefusal as refusal:
            if refusal.code == "CHARGE_NOT_FOUND":
                return None
            raise
        if charge.reference != reference:
            raise OutcomeUnknown("the bank answered for another charge")
        return charge

    def _call(self, method: str, path: str, wish: Mapping[str, object] | None = None) -> _Answer:
        """Every call may be repeated: the bank knows it again by its reference or its path."""
        body = b"" if wish is None else msgspec.json.encode(wish)
        for pause in PAUSES_SECONDS:
            try:
                return self._attempt(method, path, body)
            except BankUnavailable:
                time.sleep(random.uniform(pause / 2, pause))  # nosec B311  # jitter is no secret
        return self._attempt(method, path, body)

    def _attempt(self, method: str, path: str, body: bytes) -> _Answer:
        nonce = secrets.token_urlsafe(24)
        answer = self._send(method, path, body, nonce)
        if 200 <= answer.status < 300:
            return answer
        code = _read(answer, _RefusalAnswer).code
        if answer.status == 503:
            raise BankUnavailable(code)
        # 409 means that another charge stands under this reference, which settles nothing.
        if 400 <= answer.status < 500 and answer.status != 409:
            raise BankRefusal(code)
        raise OutcomeUnknown(code)

    def _send(self, method: str, path: str, body: bytes, nonce: str) -> _Answer:
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        headers = self._signed_headers(method, path, body, nonce)
        try:
            with self._http.request(
                method,
                self._url + path,
                body=body,
                headers=headers,
                preload_content=False,
            ) as response:
                answer = _Answer(response.status, response.read(ANSWER_LIMIT_BYTES))
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise BankUnavailable("no connection") from error
        except HTTPError as error:
            raise OutcomeUnknown("no answer") from error
        timestamp = response.headers.get("Bank-Timestamp", "")
        expected = self._signature(timestamp, nonce, str(answer.status), _digest(answer.body))
        given = response.headers.get("Bank-Signature", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise OutcomeUnknown(f"the bank did not sign this answer {answer.status}")
        return answer

    def _signed_headers(self, method: str, path: str, body: bytes, nonce: str) -> dict[str, str]:
        # The bank compares this with a clock of its own, which no test can move: the machine's.
        timestamp = str(int(time.time()))
        return {
            # A Lambda sleeps between calls, and a connection that died in its sleep would turn a
            # charge into an unknown one: each call gets a connection of its own.
            "Connection": "close",
            "Content-Type": "application/json",
            "Bank-Client-Id": self._client_id,
            "Bank-Timestamp": timestamp,
            "Bank-Nonce": nonce,
            "Bank-Signature": self._signature(method, path, timestamp, nonce, _digest(body)),
        }

    def _signature(self, *lines: str) -> str:
        return hmac.digest(self._key, "\n".join(lines).encode(), "sha256").hex()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _segment(text: str) -> str:
    """One segment of a path, in which even a slash is data."""
    return quote(text, safe="")


def _read(answer: _Answer, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.DecodeError as error:
        raise OutcomeUnknown(f"the bank's answer {answer.status} can't be read") from error


def _charge(answer: _Answer) -> Charge:
    told = _read(answer, _ChargeAnswer)
    return Charge(
        charge_id=told.charge_id,
        reference=told.reference,
        amount=Money(amount=told.amount, currency=told.currency),
        status=told.status,
        reason=told.reason,
    )
