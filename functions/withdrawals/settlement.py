"""Booking how a withdrawal went, each in one write with its status: nothing is half done.

The word that it goes by is the bank's, or our own that the bank will never have it.
"""

from functions.withdrawals.ending import give_back
from functions.withdrawals.fee import giving_back
from functions.withdrawals.progress import OPEN, Outcome, looked_at, outcome_of
from functions.withdrawals.records import (
    FAILED,
    PAID,
    REJECTED,
    REVERSED,
    Withdrawal,
    at,
    becoming,
    current,
    hold_id_of,
)
from shared.ledger import FromSystem, ToMerchant, ToSystem, ToUser, fee_transfer_id
from shared.ledger import reverse as reverse_transfer
from shared.ledger import settle as settle_hold
from shared.ledger.accounts import BANK_SETTLEMENT, FEES, SUSPENSE, find_account
from shared.ledger.errors import CreditRefused
from shared.ledger.posting import reversal_id
from shared.ledger.sides import Side
from shared.money import Money
from shared.observability import count, logger, measure_amount
from shared.table import Cancelled, Write, update

_ONCE = "by the bank"  # what it is reversed for, of which there is one


def payout_transfer_id(withdrawal_id: str) -> str:
    """The id of the transfer that books what the bank has paid out for a withdrawal."""
    return hold_id_of(withdrawal_id)


def reversal_transfer_id(withdrawal_id: str) -> str:
    """The id of the transfer that books that a payout came back."""
    return reversal_id(hold_id_of(withdrawal_id), _ONCE)


def settle(withdrawal: Withdrawal) -> Withdrawal:
    """The bank has paid: amount and fee leave the hold, also where the wallet is frozen meanwhile.

    Gives the withdrawal as it stands then. Raises ServiceUnavailable, HoldEnded.
    """
    if outcome_of(withdrawal) is not Outcome.PAID:
        return withdrawal
    paid = _ending(withdrawal, PAID)
    try:
        settle_hold(
            withdrawal.hold_id,
            credit=ToSystem(BANK_SETTLEMENT, label=withdrawal.card_label),
            amount=withdrawal.amount,
            fee=withdrawal.fee,
            has_left=True,
            together_with=[paid],
        )
    except Cancelled as cancelled:
        if not cancelled.failed(paid):
            raise
        return current(withdrawal)
    count("Withdrawals", outcome=PAID)
    measure_amount("WithdrawalAmount", withdrawal.amount, currency=withdrawal.currency)
    return current(withdrawal)


def release(withdrawal: Withdrawal) -> Withdrawal:
    """It will never be paid: everything goes back.

    Gives the withdrawal as it stands then. Raises ServiceUnavailable.
    """
    if outcome_of(withdrawal) is not Outcome.REJECTED:
        return withdrawal
    rejected = (Withdrawal.word == REJECTED) & Withdrawal.status.is_in(*OPEN)
    return give_back(
        withdrawal,
        FAILED,
        why=withdrawal.reason,
        only_if=rejected,
        then=looked_at(withdrawal),
    )


def reverse(withdrawal: Withdrawal) -> Withdrawal:
    """It was paid, and the money came back: so do amount, fee and free allowance.

    Gives the withdrawal as it stands then. Raises ServiceUnavailable.
    """
    if outcome_of(withdrawal) is not Outcome.REVERSED:
        return withdrawal
    try:
        _give_back_to(withdrawal, _owner(withdrawal))
    except CreditRefused:
        # The owner closed the account meanwhile. The bank's money must stand in the books all the
        # same, until somebody sends it on.
        logger.error(
            "withdrawal_without_account", extra={"withdrawal_id": withdrawal.withdrawal_id}
        )
        _give_back_to(withdrawal, ToSystem(SUSPENSE))
    return current(withdrawal)


def _owner(withdrawal: Withdrawal) -> Side:
    """Who gets back what was theirs. Raises CreditRefused."""
    if withdrawal.merchant_id:
        return ToMerchant(withdrawal.merchant_id, though_paying_only=True)
    account = find_account(withdrawal.user_id)
    if account is None:
        raise CreditRefused
    return ToUser(account)


def _give_back_to(withdrawal: Withdrawal, credit: Side) -> None:
    fee = withdrawal.fee
    if fee:
        reverse_transfer(
            fee_transfer_id(withdrawal.hold_id),
            amount=Money(amount=fee, currency=withdrawal.currency),
            idempotency_key=_ONCE,
            debit=FromSystem(FEES),
            credit=credit,
        )
    reversed_ = _ending(withdrawal, REVERSED)
    try:
        posting = reverse_transfer(
            withdrawal.hold_id,
            amount=withdrawal.money,
            idempotency_key=_ONCE,
            debit=FromSystem(BANK_SETTLEMENT, label=withdrawal.card_label),
            credit=credit,
            together_with=[reversed_, *giving_back(withdrawal)],
        )
    except Cancelled as cancelled:
        if not cancelled.failed(reversed_):
            raise
        return
    if not posting.replayed:
        count("Withdrawals", outcome=REVERSED)


def _ending(withdrawal: Withdrawal, status: str) -> Write:
    """Gives it the status that follows the one it has, and has its owner told of that."""
    as_read = Withdrawal.status == withdrawal.status
    return update(at(withdrawal), [*becoming(status), *looked_at(withdrawal)], as_read)
