"""What runs by schedule for settlements."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.withdrawals.settlements.daily import settle_merchants

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="settle_merchants")
def on_schedule(event: Any) -> dict[str, int]:
    return {"looked_at": settle_merchants()}
