"""What the stream of the ledger starts, and a schedule, for notifications."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.notifications.notifying import tell_of
from functions.notifications.sending import send_waiting
from shared.observability import flush

events = Blueprint(__name__)


@events.lambda_function(name="tell_of_movements")
def on_movements(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
    """Lambda delivers again from the first record that is named here."""
    try:
        failed = tell_of(event["Records"])
    finally:
        flush()
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


@events.schedule(Rate(1, unit=Rate.MINUTES), name="send_notifications")
def on_schedule(event: Any) -> dict[str, int]:
    return {"sent": send_waiting()}
