"""What the bank sends of its own accord, made by the test so that it can come at any time."""

import itertools
import json
import time
from typing import Any

from tests.edge import Answer, call
from tests.sandbox.running import KEY
from tests.sandbox.signed_client import sha256, sign

PATH = "/v1/notifications/bank/payouts"
_events = itertools.count(1)


def payout(withdrawal_id: str, amount: int, status: str, reason: str | None = None) -> Any:
    """A payout as the bank tells it."""
    return {
        "payout_id": f"pay_{withdrawal_id}",
        "reference": withdrawal_id,
        "amount": amount,
        "currency": "CNY",
        "status": status,
        "reason": reason,
    }


def notify(
    told: Any, *, key: bytes = KEY, event_id: str | None = None, age_seconds: int = 0
) -> Answer:
    """Tells the wallet of a payout, by default rightly and as a new event."""
    body = json.dumps({"payout": told})
    event_id = event_id or f"evt_{next(_events)}"
    timestamp = str(int(time.time()) - age_seconds)
    headers = {
        "Bank-Event-Id": event_id,
        "Bank-Timestamp": timestamp,
        "Bank-Signature": sign(key, event_id, timestamp, sha256(body.encode())),
    }
    return call("POST", PATH, raw=body, headers=headers)
