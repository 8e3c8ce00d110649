"""Counting a daily allowance for money that somebody else moves, and may not move in the end.

Where money leaves an account of the ledger, the limit is a condition of that very write. Here the
money is still at a bank: the allowance is used before the bank is asked, and given back when it
says no.
"""

from collections.abc import Sequence
from typing import Any

from pynamodb.expressions.update import Action

from shared.dynamodb import pause
from shared.errors import ServiceUnavailable
from shared.ledger.records import Account, account_key
from shared.ledger.sides import Authorize, FromUser, Limit, at
from shared.table import Cancelled, Write, update, write

_TRIES = 20


def use(
    account: Account,
    amount: int,
    *,
    limit: Limit,
    authorize: Authorize,
    together_with: Sequence[Write],
) -> None:
    """Counts `amount` minor units, once, in one write with the record that it is counted for.

    Raises AccountFrozen, AccountClosed, LimitExceeded, what `authorize` raises, ServiceUnavailable;
    Cancelled when a condition of `together_with` fails.
    """
    owner = _Using(account, limit=limit, authorize=authorize)
    for attempt in range(_TRIES):
        counting = owner.write(amount)
        try:
            write(counting, *together_with)
            return
        except Cancelled as cancelled:
            # While the record is in use, its first request may be at work: as in `commit`.
            if not any(cancelled.undecided(part) for part in together_with):
                if any(cancelled.failed(part) for part in together_with):
                    raise
                if not owner.learn(cancelled):
                    raise
        if attempt % 2:
            pause(attempt // 2)
    raise ServiceUnavailable


def foresee(account: Account, amount: int, *, limit: Limit) -> None:
    """Raises what already the account as it was read rules out."""
    _Using(account, limit=limit).foresee(amount)


def give_back(account_id: str, amount: int, *, name: str, period: str) -> Write:
    """Takes back what was counted in `period`.

    Its condition fails when another period has begun: then there is nothing left to give back.
    """
    used: Any = getattr(Account, f"{name}_used")
    counted_in: Any = getattr(Account, f"{name}_period")
    taking_back: Action = used.set(used - amount)
    account = Account(*account_key(account_id)[1:])
    return update(account, [taking_back], (counted_in == period) & (used >= amount))


class _Using(FromUser):
    """Counts against the limit of an owner, and takes nothing."""

    def write(self, amount: int) -> Write:
        self._amount = amount
        self._write = update(at(self.account), *self.using(amount))
        return self._write

    def _check_funds(self, account: Account) -> None:
        """Nothing is taken from here, so nothing need be there."""
