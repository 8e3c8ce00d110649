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

NOT_DUE: tuple[Action, ...] = (Withdrawal.due_shard.remove(), Withdrawal.due_at.remove())


def give_back(
    withdrawal: Withdrawal,
    status: str,
    *,
    why: str,
    only_if: Condition,
    then: Sequence[Action] = NOT_DUE,
) -> Withdrawal:
    """Gives amount, fee and free allowance back, and the withdrawal its last status, in one write.

    why: what ended it, kept with the hold. only_if: a condition on the withdrawal. then: what else
    changes in it; by default nobody looks at it any more.
    Gives the withdrawal as it stands then, which has another status when it had ended before or
    `only_if` does not hold. Raises ServiceUnavailable.
    """
    ending = update(at(withdrawal), [*becoming(status), *then], only_if)
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
