"""Signatures of the bank's interface: HMAC-SHA256, in hexadecimal, over lines joined by newlines.

Of a request: method, target, timestamp, nonce, SHA-256 of the body.
Of an answer: timestamp, nonce of the request, status, SHA-256 of the body.
Of a notification: event id, timestamp, SHA-256 of the body.
The target is the path as it was sent, with `?query` when there is one; timestamps are Unix seconds.
"""

import hashlib
import hmac
import re

FORGERS_KEY = bytes(32)


def of_request(
    key: bytes, *, method: str, target: str, timestamp: str, nonce: str, digest: str
) -> str:
    return _signature(key, method, target, timestamp, nonce, digest)


def of_answer(key: bytes, *, timestamp: str, nonce: str, status: int, digest: str) -> str:
    return _signature(key, timestamp, nonce, str(status), digest)


def of_notification(key: bytes, *, event_id: str, timestamp: str, digest: str) -> str:
    return _signature(key, event_id, timestamp, digest)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def same(one: str, other: str) -> bool:
    """Compares in a time that tells nothing of where the two differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def is_fresh(timestamp: str, *, now: int, lifetime_seconds: int) -> bool:
    return (
        re.fullmatch(r"[0-9]{1,12}", timestamp) is not None
        and abs(now - int(timestamp)) < lifetime_seconds
    )


def is_nonce(nonce: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]{16,64}", nonce) is not None


def _signature(key: bytes, *lines: str) -> str:
    return hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
