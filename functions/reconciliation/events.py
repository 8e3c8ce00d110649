"""What runs by schedule for reconciliation."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.reconciliation.reconciliation import reconcile_next

events = Blueprint(__name__)


# A day is compared once, at the first run that finds its file; all other runs have nothing to do.
@events.schedule(Rate(30, unit=Rate.MINUTES), name="reconcile_with_bank")
def on_reconciliation_schedule(event: Any) -> dict[str, str | None]:
    record = reconcile_next(event.event_id)
    return {"day": record.day, "status": record.status} if record else {"day": None, "status": None}
