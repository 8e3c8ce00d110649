"""The sandbox bank's signed JSON over HTTP.

What the bank did not sign proves nothing: a page from some proxy, whatever its status, leaves the
outcome unknown.
"""

import hashlib
import hmac
import random
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec

from shared.bank.port import (
    BankRefusal,
    BankUnavailable,
    Binding,
    BoundCard,
    Charge,
    OutcomeUnknown,
    Payout,
    Refund,
)
from shared.bank.told import ToldCharge, ToldPayout, ToldRefund
from shared.money import Money

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

ANSWER_LIMIT_BYTES = 65_536
# A call that surely did nothing is repeated after each of these, cut by up to a half at random.
PAUSES_SECONDS = (0.1, 0.4)
# The bank writes down the whole file of a day before it signs it.
FILE_READ_TIMEOUT_SECONDS = 60.0
FILE_PIECE_BYTES = 262_144
FILE_LIMIT_BYTES = 2**31

T = TypeVar("T")
Order = TypeVar("Order", Charge, Payout, Refund)


class _Answer(NamedTuple):
    status: int
    body: bytes


class _BindingAnswer(msgspec.Struct, frozen=True):
    binding_id: str
    expires_in: int


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
        from urllib3 import PoolManager  # Only calls to the bank pay for this import.

        self._url = url.rstrip("/")
        self._client_id = client_id
        self._key = key
        self._http = PoolManager(retries=False)
        self._connect_timeout_seconds = connect_timeout_seconds
        self._read_timeout_seconds = read_timeout_seconds

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
        wish = _order(reference, amount, card_token=card_token)
        told = _read(self._call("POST", "/v1/charges", wish), ToldCharge)
        return _asked_for(told.charge(), reference, amount)

    def find_charge(self, reference: str) -> Charge | None:
        told = self._find(f"/v1/charges/{_segment(reference)}", ToldCharge, "CHARGE_NOT_FOUND")
        return None if told is None else _asked_for(told.charge(), reference)

    def pay_out(self, *, reference: str, card_token: str, amount: Money) -> Payout:
        wish = _order(reference, amount, card_token=card_token)
        told = _read(self._call("POST", "/v1/payouts", wish), ToldPayout)
        return _asked_for(told.payout(), reference, amount)

    def find_payout(self, reference: str) -> Payout | None:
        told = self._find(f"/v1/payouts/{_segment(reference)}", ToldPayout, "PAYOUT_NOT_FOUND")
        return None if told is None else _asked_for(told.payout(), reference)

    def refund_charge(self, *, reference: str, charge_reference: str, amount: Money) -> Refund:
        wish = _order(reference, amount, charge_reference=charge_reference)
        told = _read(self._call("POST", "/v1/refunds", wish), ToldRefund)
        return _asked_for(told.refund(), reference, amount)

    def find_refund(self, reference: str) -> Refund | None:
        told = self._find(f"/v1/refunds/{_segment(reference)}", ToldRefund, "REFUND_NOT_FOUND")
        return None if told is None else _asked_for(told.refund(), reference)

    def settlement_file(self, day: str) -> Iterator[bytes]:
        path, nonce = f"/v1/settlement-files/{_segment(day)}", _new_nonce()
        with self._response("GET", path, b"", nonce, FILE_READ_TIMEOUT_SECONDS) as response:
            if response.status != 200:
                raise _failure(self._answer(response, nonce))
            digest, size = hashlib.sha256(), 0
            for piece in response.stream(FILE_PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
                if size > FILE_LIMIT_BYTES:
                    raise OutcomeUnknown("the file of the day does not end")
                yield piece
            self._check_signature(response, nonce, digest.hexdigest())

    def _find(self, path: str, shape: type[T], never_seen: str) -> T | None:
        try:
            return _read(self._call("GET", path), shape)
        except BankRefusal as refusal:
            if refusal.code == never_seen:
                return None
            raise

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
        nonce = _new_nonce()
        with self._response(method, path, body, nonce, self._read_timeout_seconds) as response:
            answer = self._answer(response, nonce)
        if 200 <= answer.status < 300:
            return answer
        raise _failure(answer)

    @contextmanager
    def _response(
        self, method: str, path: str, body: bytes, nonce: str, read_timeout_seconds: float
    ) -> Iterator["BaseHTTPResponse"]:
        """The answer before its body was read. Nothing of it is proven yet."""
        from urllib3 import Timeout
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        headers = self._signed_headers(method, path, body, nonce)
        try:
            with self._http.request(
                method,
                self._url + path,
                body=body,
                headers=headers,
                preload_content=False,
                timeout=Timeout(connect=self._connect_timeout_seconds, read=read_timeout_seconds),
            ) as response:
                yield response
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise BankUnavailable("no connection") from error
        except HTTPError as error:
            raise OutcomeUnknown("no answer") from error

    def _answer(self, response: "BaseHTTPResponse", nonce: str) -> _Answer:
        """The whole answer, signed by the bank."""
        answer = _Answer(response.status, response.read(ANSWER_LIMIT_BYTES))
        self._check_signature(response, nonce, _digest(answer.body))
        return answer

    def _check_signature(self, response: "BaseHTTPResponse", nonce: str, digest: str) -> None:
        timestamp = response.headers.get("Bank-Timestamp", "")
        expected = self._signature(timestamp, nonce, str(response.status), digest)
        given = response.headers.get("Bank-Signature", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise OutcomeUnknown(f"the bank did not sign this answer {response.status}")

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


def _new_nonce() -> str:
    return secrets.token_urlsafe(24)


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


def _order(reference: str, amount: Money, **of: str) -> dict[str, object]:
    return {
        "reference": reference,
        "amount": amount.amount,
        "currency": amount.currency,
        **of,
    }


def _failure(answer: _Answer) -> Exception:
    code = _read(answer, _RefusalAnswer).code
    if answer.status == 503:
        return BankUnavailable(code)
    # 409 means that another order stands under this reference, which settles nothing.
    if 400 <= answer.status < 500 and answer.status != 409:
        return BankRefusal(code)
    return OutcomeUnknown(code)


def _asked_for(order: Order, reference: str, amount: Money | None = None) -> Order:
    if order.reference != reference or amount not in (None, order.amount):
        raise OutcomeUnknown("the bank answered for another order")
    return order
