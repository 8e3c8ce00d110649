"""The tasks of the state machine `infra/withdrawal.asl.json`: one function for all of them."""

from collections.abc import Callable
from typing import Any

import msgspec
from chalice.app import Blueprint

from functions.withdrawals.clearance import check_risk
from functions.withdrawals.inquiry import ask
from functions.withdrawals.notices import tell
from functions.withdrawals.progress import progress
from functions.withdrawals.records import Withdrawal, find_withdrawal
from functions.withdrawals.resolution import mark_stuck
from functions.withdrawals.settlement import release, reverse, settle
from functions.withdrawals.submission import submit
from functions.withdrawals.waiting import wait
from shared.errors import NotFound
from shared.observability import flush

steps = Blueprint(__name__)
STEPS: dict[str, Callable[[Withdrawal], Withdrawal]] = {
    "check_risk": check_risk,
    "submit": submit,
    "ask": ask,
    "settle": settle,
    "release": release,
    "reverse": reverse,
    "tell": tell,
    "mark_stuck": mark_stuck,
}


@steps.lambda_function(name="withdrawal_step")
def on_step(event: dict[str, str], context: Any) -> dict[str, Any]:
    """event: the step, the withdrawal, and under which token it waits, where it does.

    An exception means that the same step should be made again; all else is in the outcome.
    """
    withdrawal = find_withdrawal(event["withdrawal_id"])
    if withdrawal is None:
        raise NotFound
    try:
        if event["step"] == "wait":
            withdrawal = wait(withdrawal, event["task_token"])
        else:
            withdrawal = STEPS[event["step"]](withdrawal)
    finally:
        flush()
    told: dict[str, Any] = msgspec.to_builtins(progress(withdrawal))
    return told
