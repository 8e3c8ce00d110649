"""The shop's side of the interface for merchants: signing requests, and checking webhooks.

`docs/payments.md` shows the same to who writes a shop of their own.
"""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from infra.phone_app import Answer, PhoneApp, answered

TOLERANCE_SECONDS = 300


class MerchantClient:
    """One merchant of a wallet that runs at `api_url`."""

    def __init__(self, api_url: str, *, merchant_id: str, secret: str) -> None:
        self.api_url = api_url
        self.merchant_id = merchant_id
        self.secret = secret

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """One signed request. path: from `/v1` on, its query sorted and percent-encoded."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {
            "Accept-Language": "en",
            "Authorization": authorization(
                self.merchant_id, self.secret, method=method, target=path, body=content
            ),
        }
        if content:
            headers["Content-Type"] = "application/json"
        answer = PhoneApp.connections.request(
            method, self.api_url + path, body=content or None, headers=headers
        )
        text = answer.data
        return Answer(answer.status, dict(answer.headers), json.loads(text) if text else None)

    def must(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """The body of an answer that has to have this status. Raises Unexpected."""
        return answered(self.ask(method, path, body), status, f"{method} {path}")


def authorization(
    merchant_id: str,
    secret: str,
    *,
    method: str,
    target: str,
    body: bytes,
    timestamp: int | None = None,
    nonce: str | None = None,
) -> str:
    """The header of a request, signed now and once unless it is said otherwise."""
    moment = str(int(time.time()) if timestamp is None else timestamp)
    once = nonce or secrets.token_hex(16)
    text = "\n".join([moment, once, method, target, hashlib.sha256(body).hexdigest()])
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return (
        f"HMAC-SHA256 merchant_id={merchant_id},timestamp={moment},nonce={once},"
        f"signature={signature}"
    )


def is_from_wallet(header: str, body: bytes, *, secret: str, now: float | None = None) -> bool:
    """Whether the wallet has sent a webhook, by its header `U-Wallet-Signature`, and just now."""
    parts = [part.split("=", 1) for part in header.split(",") if "=" in part]
    moment = next((value for name, value in parts if name == "t"), "")
    if not moment.isdigit():
        return False
    if abs((time.time() if now is None else now) - int(moment)) > TOLERANCE_SECONDS:
        return False
    expected = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, value) for name, value in parts if name == "v1")
