"""How a merchant hears of the end of a settlement: by an event, as of its payments."""

from functions.payments.announcement import Happened, announcing_settlement
from functions.withdrawals.records import FAILED, PAID, REVERSED, Withdrawal
from functions.withdrawals.settlements.views import settlement
from shared.table import Write

_HAPPENED = {
    PAID: Happened.SETTLEMENT_PAID,
    FAILED: Happened.SETTLEMENT_FAILED,
    REVERSED: Happened.SETTLEMENT_REVERSED,
}


def announcing_end(withdrawal: Withdrawal) -> list[Write]:
    """The write of the event, to go into the one that marks it as told."""
    return announcing_settlement(
        _HAPPENED[withdrawal.status],
        withdrawal.merchant_id,
        settlement_id=withdrawal.withdrawal_id,
        settlement=settlement(withdrawal),
    )
