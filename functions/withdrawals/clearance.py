"""Whether the money of a withdrawal may go to the bank now: asked right before it is handed over.

Hours may lie between the request and this. Somebody may have been warned meanwhile.
"""

from functions.withdrawals.hearing import reject
from functions.withdrawals.progress import Outcome, looked_at, outcome_of
from functions.withdrawals.records import PENDING, Withdrawal, current
from shared import clock
from shared.ledger.accounts import find_account, merchant_shards
from shared.ledger.errors import AccountClosed
from shared.ledger.records import ACTIVE, PAYING_ONLY, Account
from shared.settings import settings
from shared.table import change

WALLET_FROZEN, NOT_CLEARED = "WALLET_FROZEN", "NOT_CLEARED"


def check_risk(withdrawal: Withdrawal) -> Withdrawal:
    """Lets it go on, puts it off, or rejects it. Raises ServiceUnavailable."""
    if outcome_of(withdrawal) not in (Outcome.READY, Outcome.LATER):
        return withdrawal
    accounts = _accounts(withdrawal)
    if any(_was_frozen(account, withdrawal) for account in accounts):
        return _rejected(withdrawal, WALLET_FROZEN)
    later = max(_not_before(account, withdrawal) for account in accounts)
    given_up = clock.seconds_of(withdrawal.created_at) + settings().withdrawal_clearance_seconds
    if later > given_up:
        return _rejected(withdrawal, NOT_CLEARED)
    putting_off = [
        Withdrawal.not_before.set(later),
        *looked_at(withdrawal, after_seconds=max(0, later - clock.seconds())),
    ]
    waiting = (Withdrawal.status == PENDING) & Withdrawal.requested_at.does_not_exist()
    return withdrawal if change(withdrawal, putting_off, waiting) else current(withdrawal)


def _accounts(withdrawal: Withdrawal) -> list[Account]:
    """The account of its owner; of a merchant each shard. Raises AccountClosed."""
    if withdrawal.merchant_id:
        accounts: list[Account | None] = [*merchant_shards(withdrawal.merchant_id)]
    else:
        accounts = [find_account(withdrawal.user_id)]
    found = [account for account in accounts if account]
    if not found:
        raise AccountClosed
    return found


def _was_frozen(account: Account, withdrawal: Withdrawal) -> bool:
    """What was begun before an account was frozen may be a thief's work, also once it is opened.

    A merchant who may sell nothing any more still gets what is its own.
    """
    frozen_since = account.frozen_at is not None and account.frozen_at >= withdrawal.created_at
    return account.status not in (ACTIVE, PAYING_ONLY) or frozen_since


def _not_before(account: Account, withdrawal: Withdrawal) -> int:
    """Seconds. A cool-down, also one that began after the request, lets only small amounts pass."""
    cool_down_until = account.cool_down_until or 0
    if withdrawal.amount <= settings().unguarded_day_limit_minor:
        cool_down_until = 0
    return max(withdrawal.not_before or 0, cool_down_until)


def _rejected(withdrawal: Withdrawal, reason: str) -> Withdrawal:
    never_sent = (Withdrawal.status == PENDING) & Withdrawal.requested_at.does_not_exist()
    return reject(withdrawal, reason, only_if=never_sent)
