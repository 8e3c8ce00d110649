"""Ending a withdrawal whose money has not left: everything goes back to its owner at once."""

from collections.abc import Sequence

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.withdrawals.fee import giving_back
from functions.withdrawals.records import Withdrawal, at, becoming, current
from shared.ledger import release
from shared.ledger.errors import HoldEnded
from shared.observability import count, logger
from shared.table import Cancelled, update


def give_back(
    withdrawal: Withdrawal,
    status: str,
    *,
    why: str,
    only_if: Condition,
    more: Sequence[Action] = (),
) -> Withdrawal:
    """Gives amount, fee and free allowance back, and the withdrawal its last status, in one write.

    why: what ended it, kept with the hold. only_if: a condition on the withdrawal.
    Gives the withdrawal as it stands then, which has another status when it had ended before or
    `only_if` does not hold. Raises ServiceUnavailable.
    """
    actions = [*becoming(status), Withdrawal.due_shard.remove(), Withdrawal.due_at.remove(), *more]
    ending = update(at(withdrawal), actions, only_if)
    try:
        release(withdrawal.hold_id, why=why, together_with=[ending, *giving_back(withdrawal)])
        count("Withdrawals", outcome=status)
    except HoldEnded:
        # Settled: the bank was faster, and what stands says so.
        logger.info("withdrawal_already_ended", extra={"withdrawal_id": withdrawal.withdrawal_id})
    except Cancelled as cancelled:
        if not cancelled.failed(ending):
            raise
    return current(withdrawal)
