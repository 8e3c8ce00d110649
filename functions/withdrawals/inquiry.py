"""Asking the bank what became of a withdrawal that may be there. Nothing is ever guessed."""

from pynamodb.expressions.update import Action

from functions.withdrawals.hearing import hear, reject
from functions.withdrawals.progress import OPEN, Outcome, looked_at, outcome_of, pause_seconds
from functions.withdrawals.records import PENDING, UNKNOWN, Withdrawal, at, becoming, current
from functions.withdrawals.submission import BANK_UNAVAILABLE
from shared import clock
from shared.bank import get_bank
from shared.bank.port import BankUnavailable, OutcomeUnknown
from shared.observability import logger
from shared.settings import settings
from shared.table import change

_OPEN_QUESTIONS = (Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.NOT_SEEN, Outcome.STUCK)


def ask(withdrawal: Withdrawal) -> Withdrawal:
    """Gives the withdrawal as it stands when the bank has answered, or has not.

    Raises PayoutContradicted, ServiceUnavailable.
    """
    if outcome_of(withdrawal) not in _OPEN_QUESTIONS:
        return withdrawal
    asked = at(withdrawal)
    if not _counted(asked, withdrawal):
        return current(withdrawal)
    try:
        payout = get_bank().find_payout(asked.withdrawal_id)
    except (BankUnavailable, OutcomeUnknown):
        logger.warning("bank_does_not_answer", extra={"withdrawal_id": asked.withdrawal_id})
        return asked
    if payout is not None:
        return hear(asked, payout)
    if asked.word:
        # It has accepted what it does not know now: nobody but the bank can mend that.
        return asked
    return _missed(asked)


def _counted(asked: Withdrawal, withdrawal: Withdrawal) -> bool:
    """Fills `asked` as it stands; False when it has ended."""
    actions: list[Action] = [
        Withdrawal.asks.set(Withdrawal.asks + 1),
        *looked_at(withdrawal, after_seconds=pause_seconds(withdrawal.asks + 1)),
    ]
    condition = Withdrawal.status == withdrawal.status
    if withdrawal.status == PENDING:  # whoever handed it over has died
        actions += becoming(UNKNOWN)
    return change(asked, actions, condition)


def _missed(asked: Withdrawal) -> Withdrawal:
    """The bank has not seen it so far; once its last request is dead, it never will."""
    as_read = Withdrawal.requested_at == asked.requested_at
    lifetime = settings().bank_request_lifetime_seconds + settings().clocks_differ_seconds
    if clock.seconds() >= asked.requested_at + lifetime:
        return reject(asked, BANK_UNAVAILABLE, only_if=as_read)
    open_question = Withdrawal.status.is_in(*OPEN) & Withdrawal.word.does_not_exist()
    missing: list[Action] = [Withdrawal.missed.set(True)]
    return asked if change(asked, missing, as_read & open_question) else current(asked)
