"""What runs by schedule for top-ups."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.topups.resolution import resolve_due

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="resolve_pending_top_ups")
def on_schedule(event: Any) -> dict[str, int]:
    return {"ended": resolve_due()}
