"""What runs by schedule for payments, and what operators call."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.payments.delivery import deliver_due
from functions.payments.operators import administer
from functions.payments.orders import expire_due

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="expire_orders")
def on_orders_schedule(event: Any) -> dict[str, int]:
    return {"ended": expire_due()}


@events.schedule(Rate(1, unit=Rate.MINUTES), name="deliver_merchant_events")
def on_events_schedule(event: Any) -> dict[str, int]:
    return {"handled": deliver_due()}


@events.lambda_function(name="administer_merchants")
def on_operator(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return administer(event, request_id=context.aws_request_id)
