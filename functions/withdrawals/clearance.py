"""Whether the money of a withdrawal may go to the bank now: asked right before it is handed over.

Hours may lie between the request and this. Somebody may have been warned meanwhile.
"""

from functions.withdrawals.hearing import reject
from functions.withdrawals.progress import Outcome, looked_at, outcome_of
from functions.withdrawals.records import PENDING, Withdrawal, current
from shared import clock
from shared.ledger.accounts import find_account
from shared.ledger.errors import AccountClosed
from shared.ledger.records import ACTIVE, Account
from shared.settings import settings
from shared.table import change

WALLET_FROZEN, NOT_CLEARED = "WALLET_FROZEN", "NOT_CLEARED"


def check_risk(withdrawal: Withdrawal) -> Withdrawal:
    """Lets it go on, puts it off, or rejects it. Raises ServiceUnavailable."""
    if outcome_of(withdrawal) not in (Outcome.READY, Outcome.LATER):
        return withdrawal
    account = find_account(withdrawal.user_id)
    if account is None:
        raise AccountClosed
    if _was_frozen(account, withdrawal):
        return _rejected(withdrawal, WALLET_FROZEN)
    later = _not_before(account, withdrawal)
    given_up = clock.seconds_of(withdrawal.created_at) + settings().withdrawal_clearance_seconds
    if later > given_up:
        return _rejected(withdrawal, NOT_CLEARED)
    putting_off = [
        Withdrawal.not_before.set(later),
        *looked_at(withdrawal, after_seconds=max(0, later - clock.seconds())),
    ]
    waiting = (Withdrawal.status == PENDING) & Withdrawal.requested_at.does_not_exist()
    return withdrawal if change(withdrawal, putting_off, waiting) else current(withdrawal)


def _was_frozen(account: Account, withdrawal: Withdrawal) -> bool:
    """What was begun before an account was frozen may be a thief's work, also once it is opened."""
    frozen_since = account.frozen_at is not None and account.frozen_at >= withdrawal.created_at
    return account.status != ACTIVE or frozen_since


def _not_before(account: Account, withdrawal: Withdrawal) -> int:
    """Seconds. A cool-down, also one that began after the request, lets only small amounts pass."""
    cool_down_until = int(account.cool_down_until or 0)
    if withdrawal.amount <= settings().unguarded_day_limit_minor:
        cool_down_until = 0
    return max(int(withdrawal.not_before or 0), cool_down_until)


def _rejected(withdrawal: Withdrawal, reason: str) -> Withdrawal:
    never_sent = (Withdrawal.status == PENDING) & Withdrawal.requested_at.does_not_exist()
    return reject(withdrawal, reason, only_if=never_sent)
