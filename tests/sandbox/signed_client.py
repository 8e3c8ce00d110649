"""A client of the bank that can also sign wrongly. Written from the contract alone."""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any

from tests.sandbox.running import CLIENT_ID, HTTP, KEY, PHONE, RunningBank


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    timestamp: str
    signature: str

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def outcome(self) -> tuple[int, str]:
        return self.status, self.content["code"]

    def is_signed_for(self, nonce: str) -> bool:
        lines = (self.timestamp, nonce, str(self.status), sha256(self.body))
        return self.signature == sign(KEY, *lines)


@dataclass(frozen=True)
class Call:
    """A call as it goes over the wire. `signed` makes one that the bank accepts."""

    method: str
    target: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def with_headers(self, **changes: str) -> "Call":
        renamed = {f"Bank-{name.replace('_', '-')}": value for name, value in changes.items()}
        return replace(self, headers={**self.headers, **renamed})

    def send(self, bank: RunningBank) -> Answer:
        answer = HTTP.request(
            self.method, bank.url + self.target, body=self.body, headers=self.headers
        )
        headers = answer.headers
        return Answer(
            status=answer.status,
            body=answer.data,
            timestamp=headers.get("Bank-Timestamp", ""),
            signature=headers.get("Bank-Signature", ""),
        )


def signed(
    method: str,
    target: str,
    body: bytes = b"",
    *,
    key: bytes = KEY,
    age_seconds: int = 0,
    nonce: str | None = None,
) -> Call:
    timestamp = str(int(time.time()) - age_seconds)
    nonce = nonce or secrets.token_hex(16)
    return Call(method, target, body).with_headers(
        Client_Id=CLIENT_ID,
        Timestamp=timestamp,
        Nonce=nonce,
        Signature=sign(key, method, target, timestamp, nonce, sha256(body)),
    )


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def sign(key: bytes, *lines: str) -> str:
    return hmac.new(key, "\n".join(lines).encode(), "sha256").hexdigest()


def notification(
    told: object, *, event_id: str = "evt_1", key: bytes = KEY, age_seconds: int = 0
) -> tuple[dict[str, str], bytes]:
    """Headers and body of what the bank would send: `told` is `{"payout": {...}}` or a charge."""
    body = json.dumps(told).encode()
    timestamp = str(int(time.time()) - age_seconds)
    headers = {
        "content-type": "application/json",
        "bank-event-id": event_id,
        "bank-timestamp": timestamp,
        "bank-signature": sign(key, event_id, timestamp, sha256(body)),
    }
    return headers, body


def post(bank: RunningBank, target: str, wish: object) -> Answer:
    return signed("POST", target, json.dumps(wish).encode()).send(bank)


def get(bank: RunningBank, target: str) -> Answer:
    return signed("GET", target).send(bank)


def new_reference() -> str:
    return f"ref_{secrets.token_hex(8)}"


def binding_wish(number: str, **changes: str) -> dict[str, str]:
    wish = {"reference": new_reference(), "number": number, "holder_name": "王小明", "phone": PHONE}
    return {**wish, **changes}


def start_binding(bank: RunningBank, number: str) -> str:
    answer = post(bank, "/v1/card-bindings", binding_wish(number))
    assert answer.status == 201, answer
    return str(answer.content["binding_id"])


def bind(bank: RunningBank, number: str) -> str:
    """The token of a newly bound card."""
    binding_id = start_binding(bank, number)
    code = {"code": bank.code_of(binding_id)}
    answer = post(bank, f"/v1/card-bindings/{binding_id}/confirm", code)
    assert answer.status == 200, answer
    return str(answer.content["card_token"])


def order_wish(card_token: str, **changes: object) -> dict[str, object]:
    wish = {"reference": new_reference(), "card_token": card_token}
    return {**wish, "amount": 1250, "currency": "CNY", **changes}


def refund_wish(charge_reference: object, **changes: object) -> dict[str, object]:
    wish = {"reference": new_reference(), "charge_reference": charge_reference}
    return {**wish, "amount": 1250, "currency": "CNY", **changes}
