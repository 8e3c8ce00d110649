"""Opening accounts, looking at them, and changing what they may do."""

from collections.abc import Sequence

from pynamodb.expressions.update import Action

from shared import clock
from shared.ledger.errors import AccountClosed
from shared.ledger.records import (
    ACTIVE,
    CLOSED,
    MERCHANT,
    USER,
    Account,
    account_key,
)
from shared.settings import settings
from shared.table import Write, change, put, read, write

BANK_SETTLEMENT = "system_bank_settlement"
PLATFORM_SETTLEMENT = "system_platform_settlement"
FEES = "system_fees"
FUND = "system_fund"
SUSPENSE = "system_suspense"
SYSTEM_ACCOUNTS = frozenset({BANK_SETTLEMENT, PLATFORM_SETTLEMENT, FEES, FUND, SUSPENSE})


def opening(account_id: str, *, label: str, currency: str = "CNY") -> Write:
    """What opens a user's account, to be written together with the user.

    label: how others see the owner, masked.
    """
    return put(_account(account_id, USER, currency, label=label))


def open_merchant(account_id: str, *, label: str, currency: str = "CNY") -> None:
    """Opens a merchant's account with all its shards."""
    shards = range(settings().merchant_account_shards)
    write(*(put(_account(account_id, MERCHANT, currency, shard=n, label=label)) for n in shards))


def find_account(account_id: str) -> Account | None:
    """A user's account, strongly consistent."""
    key = account_key(account_id)
    return read([key]).one(Account, key)


def set_status(account_id: str, status: str) -> None:
    """Freezes an account (it still receives), closes it (it must be empty), or opens it again.

    Raises AccountClosed when there is no such account, it was closed before, or is not empty.
    """
    condition = (Account.status != CLOSED) & Account.account_id.exists()
    if status == CLOSED:
        condition &= (Account.available == 0) & (Account.held == 0)
    account = Account(*account_key(account_id)[1:])
    if not change(account, [Account.status.set(status)], condition):
        raise AccountClosed


def change_proof(account: Account, actions: Sequence[Action]) -> bool:
    """Changes the proof of an account or the count of failures against it.

    The count must be as it was read in `account`; False when somebody else was faster.
    """
    condition = Account.account_id.exists() & (
        Account.proof_failures == int(account.proof_failures)
    )
    return change(Account(account.pk, account.sk), list(actions), condition)


def _account(
    account_id: str, owner_kind: str, currency: str, *, label: str, shard: int | None = None
) -> Account:
    return Account(
        *account_key(account_id, shard)[1:],
        account_id=account_id,
        owner_kind=owner_kind,
        currency=currency,
        status=ACTIVE,
        label=label,
        opened_at=clock.now_text(),
    )
