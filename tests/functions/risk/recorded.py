"""What was recorded of decisions."""

import json
from typing import Any

from tests.functions.identity.asking import stored


def decisions() -> list[dict[str, Any]]:
    """All that were more than a plain yes: action, reasons and facts, oldest first."""
    found = sorted(stored("DECISION#"), key=lambda item: str(item["sk"]["S"]))
    return [
        {
            "user_id": item["user_id"]["S"],
            "subject": item["subject"]["S"],
            "action": item["action"]["S"],
            "reasons": json.loads(item["decided"]["S"])["reasons"],
            "facts": json.loads(item["facts"]["S"]),
        }
        for item in found
    ]


def risk_of(kind: str) -> list[Any]:
    """What records of a kind (their sort key) keep of the decision on them."""
    return [json.loads(item["risk"]["S"]) for item in stored(kind) if "risk" in item]
