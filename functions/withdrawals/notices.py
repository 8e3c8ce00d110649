"""Telling owners how their withdrawals went."""

from pynamodb.expressions.condition import Condition

from functions.identity.notices import Notice, Telling, telling_to
from functions.withdrawals.ending import NOT_DUE
from functions.withdrawals.hearing import word_as_read
from functions.withdrawals.progress import Outcome, outcome_of
from functions.withdrawals.records import FAILED, PAID, REVERSED, Withdrawal, at, current
from functions.withdrawals.settlements.announcement import announcing_end
from shared.diagnosis import cause_of
from shared.money import display
from shared.table import Cancelled, update, write

_NOTICES = {
    PAID: Notice.WITHDRAWAL_PAID,
    FAILED: Notice.WITHDRAWAL_FAILED,
    REVERSED: Notice.WITHDRAWAL_REVERSED,
}


def tell(withdrawal: Withdrawal) -> Withdrawal:
    """Tells of the end that it has; of a cancelled one its owner knows already.

    A merchant hears of it by an event. Gives the withdrawal as it stands then.
    Raises ServiceUnavailable.
    """
    if outcome_of(withdrawal) is not Outcome.ENDED:
        return withdrawal
    notice = None if withdrawal.merchant_id else _NOTICES.get(withdrawal.status)
    told = [] if notice is None else [telling_of(withdrawal, notice)]
    events = announcing_end(withdrawal) if withdrawal.merchant_id else []
    # A word that came since has somebody look at it once more.
    unchanged = (Withdrawal.status == withdrawal.status) & word_as_read(withdrawal)
    actions = [Withdrawal.told.set(withdrawal.status), *NOT_DUE]
    marking = update(at(withdrawal), actions, unchanged & _told_as_read(withdrawal))
    try:
        write(marking, *(one.writing for one in told), *events)
    except Cancelled as cancelled:
        if not cancelled.failed(marking):
            raise
        return current(withdrawal)
    for one in told:
        one.send()
    return current(withdrawal)


def _told_as_read(withdrawal: Withdrawal) -> Condition:
    """That nobody else has told of it since it was read."""
    nothing: Condition = Withdrawal.told.does_not_exist()
    return Withdrawal.told == withdrawal.told if withdrawal.told else nothing


def telling_of(withdrawal: Withdrawal, notice: Notice) -> Telling:
    """A notice of what is about to be written of it. Raises NotFound, ServiceUnavailable."""
    return telling_to(
        withdrawal.user_id,
        notice,
        amount=display(withdrawal.amount, withdrawal.currency),
        card=withdrawal.card_label,
        cause=cause_of(withdrawal.reason),
    )
