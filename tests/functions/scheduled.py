"""What EventBridge sends to a function that runs by schedule."""

from typing import Any

TICK: dict[str, Any] = {
    "version": "0",
    "id": "11111111-2222-3333-4444-555555555555",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-03-01T04:00:00Z",
    "region": "ap-southeast-1",
    "resources": [],
    "detail": {},
}
