"""What runs by schedule for withdrawals."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.withdrawals.resolution import resolve_due

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="resolve_withdrawals")
def on_schedule(event: Any) -> dict[str, int]:
    return {"looked_at": resolve_due()}
