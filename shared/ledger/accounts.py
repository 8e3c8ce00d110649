"""Opening accounts, looking at them, and changing what they may do."""

from collections.abc import Sequence
from typing import NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from shared import clock
from shared.ledger.errors import AccountClosed
from shared.ledger.records import (
    ACTIVE,
    CLOSED,
    FROZEN,
    MERCHANT,
    PAYING_ONLY,
    USER,
    Account,
    account_key,
)
from shared.settings import settings
from shared.table import Cancelled, Write, put, read, update, write

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


def opening_merchant(account_id: str, *, label: str, currency: str = "CNY") -> list[Write]:
    """What opens a merchant's account with all its shards, to be written with the merchant."""
    shards = range(settings().merchant_account_shards)
    return [put(_account(account_id, MERCHANT, currency, shard=n, label=label)) for n in shards]


def merchant_status_change(account_id: str, *, receives: bool) -> list[Write]:
    """What lets a merchant be paid, or nothing but pay, to be written with the merchant."""
    status = ACTIVE if receives else PAYING_ONLY
    shards = range(settings().merchant_account_shards)
    accounts = [Account(*account_key(account_id, shard)[1:]) for shard in shards]
    changeable = Account.status.is_in(ACTIVE, PAYING_ONLY)
    return [update(one, [Account.status.set(status)], changeable) for one in accounts]


def merchant_shards(account_id: str) -> list[Account]:
    """The shards of a merchant's account, each strongly consistent; none for what is not there."""
    keys = [account_key(account_id, n) for n in range(settings().merchant_account_shards)]
    found = read(keys)
    return [account for key in keys if (account := found.one(Account, key))]


class MerchantFunds(NamedTuple):
    """What a merchant has in all shards together, in minor units. held: on its way to the bank."""

    available: int
    held: int


def merchant_funds(account_id: str) -> MerchantFunds:
    """As the shards stand now; each is read consistently."""
    shards = merchant_shards(account_id)
    return MerchantFunds(
        available=sum(shard.available for shard in shards),
        held=sum(shard.held for shard in shards),
    )


def merchant_balance(account_id: str) -> int:
    """All of it."""
    return sum(merchant_funds(account_id))


def find_account(account_id: str) -> Account | None:
    """A user's account, strongly consistent."""
    key = account_key(account_id)
    return read([key]).one(Account, key)


def receives(account: Account | None) -> bool:
    """Whether an account, or a shard of one, takes money in: a frozen one does."""
    return account is not None and account.status not in (CLOSED, PAYING_ONLY)


def set_status(account_id: str, status: str) -> None:
    """Freezes an account (it still receives), closes it (it must be empty), or opens it again.

    Raises AccountClosed when there is no such account, it was closed before, or is not empty.
    """
    try:
        write(status_change(account_id, status))
    except Cancelled as cancelled:
        raise AccountClosed from cancelled


def status_change(account_id: str, status: str) -> Write:
    """The same, to be written together with what it is a part of.

    Its condition fails where `set_status` raises AccountClosed.
    """
    condition = (Account.status != CLOSED) & Account.account_id.exists()
    if status == CLOSED:
        condition &= (Account.available == 0) & (Account.held == 0)
    actions: list[Action] = [Account.status.set(status)]
    if status == FROZEN:
        actions.append(Account.frozen_at.set(clock.now_text()))
    return update(Account(*account_key(account_id)[1:]), actions, condition)


def closing(account: Account) -> Write:
    """Closes an empty account as it was read: nobody has tried its proof since, nor begun to top it
    up. Its owner's proof is forgotten with it.
    """
    period: Condition = Account.top_up_period.does_not_exist()
    if account.top_up_period is not None:
        period = Account.top_up_period == account.top_up_period
    as_read = (
        (Account.proof_failures == account.proof_failures)
        & (Account.top_up_used == account.top_up_used)
        & period
    )
    empty = (Account.status == ACTIVE) & (Account.available == 0) & (Account.held == 0)
    actions: list[Action] = [Account.status.set(CLOSED), Account.proof.remove()]
    return update(Account(account.pk, account.sk), actions, empty & as_read)


def forget_owner(account_id: str) -> None:
    """Takes the name from a closed account. Its entries stay, and what others were shown in theirs.

    Raises AccountClosed when it is not closed, or not there.
    """
    account = Account(*account_key(account_id)[1:])
    forgetting = update(account, [Account.label.remove()], Account.status == CLOSED)
    try:
        write(forgetting)
    except Cancelled as cancelled:
        raise AccountClosed from cancelled


def change_proof(
    account: Account, actions: Sequence[Action], *, together_with: Sequence[Write] = ()
) -> bool:
    """Changes the proof of an account or the count of failures against it.

    The count must be as it was read in `account`; False when somebody else was faster.
    """
    condition = Account.account_id.exists() & (Account.proof_failures == account.proof_failures)
    changing = update(Account(account.pk, account.sk), actions, condition)
    try:
        write(changing, *together_with)
    except Cancelled as cancelled:
        if not cancelled.failed(changing):
            raise
        return False
    return True


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
