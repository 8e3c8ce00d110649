"""What runs by schedule for agents, and what operators call."""

from typing import Any

from chalice.app import Blueprint, Rate

from functions.agents.approvals.execution import finish_approvals

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="finish_approvals")
def on_approvals_schedule(event: Any) -> dict[str, int]:
    return {"finished": finish_approvals(event.event_id)}


@events.lambda_function(name="administer_agents")
def on_operator(event: dict[str, Any], context: Any) -> dict[str, Any]:
    from functions.agents.operators import administer  # Only operators pay for this import.

    return administer(event, request_id=context.aws_request_id)
