"""What runs by schedule for support."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.support.automatic import open_waiting
from functions.support.delivery import send_waiting
from functions.support.promises import watch

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="send_support_replies")
def on_replies_schedule(event: Any) -> dict[str, int]:
    return {"sent": send_waiting()}


@events.schedule(Rate(1, unit=Rate.MINUTES), name="watch_tickets")
def on_tickets_schedule(event: Any) -> dict[str, int]:
    return {"looked_at": watch(event.event_id)}


@events.schedule(Rate(1, unit=Rate.MINUTES), name="open_automatic_tickets")
def on_cases_schedule(event: Any) -> dict[str, int]:
    return {"opened": open_waiting(event.event_id)}
