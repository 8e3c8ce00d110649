"""Waiting for the bank's word under a task token."""

from functions.withdrawals.execution import go_on
from functions.withdrawals.progress import Outcome, looked_at, outcome_of, pause_seconds
from functions.withdrawals.records import Withdrawal, at
from shared.table import change


def wait(withdrawal: Withdrawal, task_token: str) -> Withdrawal:
    """Keeps the token; where the word was faster, the execution is told of it at once.

    Raises ServiceUnavailable.
    """
    waiting = at(withdrawal)
    after_seconds = pause_seconds(withdrawal.asks)
    keeping = [
        Withdrawal.task_token.set(task_token),
        *looked_at(withdrawal, after_seconds=after_seconds),
    ]
    # Whoever keeps a word reads the token with the same write, and here it is the other way round:
    # one of the two sees both.
    change(waiting, keeping, Withdrawal.withdrawal_id.exists())
    if outcome_of(waiting) is not Outcome.ACCEPTED:
        go_on(waiting)
    return waiting
