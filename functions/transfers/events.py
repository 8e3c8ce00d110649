"""What runs by schedule for transfers."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.transfers.arrival import settle_due

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="settle_due_transfers")
def on_schedule(event: Any) -> dict[str, int]:
    return {"ended": settle_due()}
