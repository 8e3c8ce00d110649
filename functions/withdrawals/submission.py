"""Handing a withdrawal to the bank, as often as need be and always under the same reference.

The record says that it may be at the bank before the bank is asked, so whoever finds it later knows
that only the bank can tell. The bank pays once for a reference.
"""

from pynamodb.expressions.condition import Condition

from functions.withdrawals.hearing import hear, reject
from functions.withdrawals.progress import OPEN, Outcome, looked_at, outcome_of, pause_seconds
from functions.withdrawals.records import PENDING, UNKNOWN, Withdrawal, at, becoming, current
from shared import clock
from shared.bank import get_bank
from shared.bank.port import BankRefusal, BankUnavailable, OutcomeUnknown
from shared.observability import logger
from shared.settings import settings
from shared.table import change

BANK_UNAVAILABLE = "BANK_UNAVAILABLE"
_SENDABLE = (Outcome.READY, Outcome.NOT_SEEN, Outcome.UNKNOWN)


def submit(withdrawal: Withdrawal) -> Withdrawal:
    """Gives the withdrawal as it stands when the bank has answered, or has not.

    Raises PayoutContradicted, ServiceUnavailable.
    """
    if outcome_of(withdrawal) not in _SENDABLE:
        return withdrawal
    if withdrawal.submissions >= settings().withdrawal_submissions:
        return _without_more_tries(withdrawal)
    sent = at(withdrawal)
    if not _claimed(sent, withdrawal):
        return current(withdrawal)
    in_doubt = bool(withdrawal.requested_at)
    try:
        payout = get_bank().pay_out(
            reference=sent.withdrawal_id, card_token=sent.card_token, amount=sent.money
        )
    except OutcomeUnknown:
        return _unknown(sent)
    except BankUnavailable:
        return _unknown(sent) if in_doubt else _put_off(sent)
    except BankRefusal as refusal:
        # An earlier request may still be on its way to a bank that would take it.
        if in_doubt:
            return _unknown(sent)
        return reject(sent, refusal.code, only_if=_latest(sent))
    return hear(sent, payout)


def _claimed(sent: Withdrawal, withdrawal: Withdrawal) -> bool:
    """Fills `sent` as it stands when nobody can cancel it any more. False when somebody did."""
    since = withdrawal.sending_since or clock.now_text()
    return change(
        sent,
        [
            Withdrawal.sending_since.set(since),
            Withdrawal.requested_at.set(clock.seconds()),
            Withdrawal.submissions.set(Withdrawal.submissions + 1),
            Withdrawal.missed.remove(),
            *looked_at(withdrawal),
        ],
        Withdrawal.status.is_in(*OPEN)
        & Withdrawal.word.does_not_exist()
        & (Withdrawal.submissions == withdrawal.submissions),
    )


def _unknown(sent: Withdrawal) -> Withdrawal:
    """Remembers that only the bank can say what became of it."""
    logger.warning("payout_unknown", extra={"withdrawal_id": sent.withdrawal_id})
    after_seconds = pause_seconds(sent.asks)
    actions = [*becoming(UNKNOWN), *looked_at(sent, after_seconds=after_seconds)]
    waiting = (Withdrawal.status == PENDING) & Withdrawal.word.does_not_exist()
    return sent if change(sent, actions, waiting) else current(sent)


def _put_off(sent: Withdrawal) -> Withdrawal:
    """The bank surely has nothing of it, so it waits as it did before, and can be cancelled."""
    after_seconds = pause_seconds(sent.submissions - 1)
    actions = [
        Withdrawal.sending_since.remove(),
        Withdrawal.requested_at.remove(),
        Withdrawal.not_before.set(clock.seconds() + after_seconds),
        *looked_at(sent, after_seconds=after_seconds),
    ]
    ours = _latest(sent) & Withdrawal.word.does_not_exist()
    return sent if change(sent, actions, ours) else current(sent)


def _latest(sent: Withdrawal) -> Condition:
    """That nobody else has handed it over since."""
    condition: Condition = Withdrawal.submissions == sent.submissions
    return condition


def _without_more_tries(withdrawal: Withdrawal) -> Withdrawal:
    if withdrawal.requested_at:
        return withdrawal
    never_sent = Withdrawal.requested_at.does_not_exist() & (Withdrawal.status == PENDING)
    return reject(withdrawal, BANK_UNAVAILABLE, only_if=never_sent)
