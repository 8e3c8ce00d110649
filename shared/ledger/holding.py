"""Money that may move later: `hold` reserves it, `settle` moves it, `release` gives it back.

A hold takes the amount out of what is available, so nobody can spend it twice, and ends exactly
once. It has an expiry: what nobody settles goes back by itself.
"""

from collections.abc import Iterator, Sequence

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from shared import clock
from shared.errors import NotFound
from shared.ledger.errors import AccountClosed, AccountFrozen, HoldEnded
from shared.ledger.posting import Movement, Posting, between_two, commit, find
from shared.ledger.records import (
    CLOSED,
    FROZEN,
    HELD,
    OUT,
    RELEASED,
    SETTLED,
    Account,
    Transfer,
    account_key,
)
from shared.ledger.sides import (
    FromUser,
    Side,
    ToUser,
    at,
    chain_actions,
    chained_entry,
    moved_amount,
)
from shared.table import Write, due_shard, due_shards, put, read, update

EXPIRY = "expire"
EXPIRED = "expired"


def hold(
    movement: Movement,
    *,
    debit: FromUser,
    credit: Side,
    expires_at: int,
    arrives_at: str | None = None,
    due: str = EXPIRY,
    due_at: int | None = None,
    together_with: Sequence[Write] = (),
) -> Posting:
    """Reserves the amount on `debit` for `credit`; nothing has moved yet.

    expires_at: seconds since 1970; from then on `expire` gives the money back.
    due, due_at: who looks at the hold next and when; by default the sweeper that expires holds.
    together_with: as of `post`.
    Raises the problems of the debit side, IdempotencyKeyReused, ServiceUnavailable.
    """
    between_two(debit, credit)
    transfer = movement.transfer(debit=debit, credit=credit, status=HELD)
    transfer.arrives_at = arrives_at
    transfer.expires_at = expires_at
    transfer.due_shard = due_shard(due, movement.transfer_id)
    transfer.due_at = expires_at if due_at is None else due_at
    if debit.limit:
        transfer.limit_name, transfer.limit_period = debit.limit.name, debit.limit.period
    reserving = _Reserving(debit)
    return commit(transfer, lambda: put(transfer), [reserving], [credit], together_with)


def settle(transfer_id: str, *, credit: Side | None = None, amount: int | None = None) -> Transfer:
    """Moves what was held, or `amount` minor units of it and gives the rest back.

    credit: where it goes when that is no user's account. A second settle changes nothing and gives
    the transfer as it stands. Raises NotFound, HoldEnded (when it was released, or settled for
    another amount), AccountFrozen, AccountClosed, CreditRefused, ServiceUnavailable.
    """
    transfer = _held(transfer_id)
    wanted = int(transfer.amount) if amount is None else amount
    if not 0 < wanted <= int(transfer.amount):
        raise ValueError("a hold is settled for more than nothing and at most all of it")
    if transfer.status != HELD:
        return _ended_as(transfer, SETTLED, wanted)
    debit, payee = _accounts(transfer, with_payee=credit is None)
    if debit.status == FROZEN:
        raise AccountFrozen
    transfer.settled_amount = wanted
    sides: list[Side] = [_Paying(debit), credit or ToUser(payee)]
    ending = _ending(transfer, SETTLED, [Transfer.settled_amount.set(wanted)])
    return _end(transfer, ending, sides, SETTLED, wanted)


def release(transfer_id: str, *, why: str, only_if: Condition | None = None) -> Transfer:
    """Gives what was held back to its owner. A second release changes nothing.

    why: `cancelled`, `expired` or what else ended it; kept in the record.
    only_if: a further condition on the hold. Raises NotFound, HoldEnded (when it was settled, or
    `only_if` does not hold), AccountClosed, ServiceUnavailable.
    """
    transfer = _held(transfer_id)
    if transfer.status != HELD:
        return _ended_as(transfer, RELEASED, None)
    debit, _ = _accounts(transfer, with_payee=False)
    ending = _ending(transfer, RELEASED, [Transfer.ended_why.set(why)], only_if)
    transfer.ended_why = why
    return _end(transfer, ending, [_Returning(debit)], RELEASED, None)


def expire(transfer_id: str) -> Transfer:
    """Releases a hold whose time is over. Raises HoldEnded while it is not."""
    return release(transfer_id, why=EXPIRED, only_if=Transfer.expires_at <= clock.seconds())


def due_holds(purpose: str = EXPIRY, *, limit: int = 500) -> Iterator[Transfer]:
    """Holds that wait for `purpose` and are due by now, oldest first in each shard."""
    for shard in due_shards(purpose):
        yield from Transfer.due.query(
            shard, Transfer.due_at <= clock.seconds(), limit=limit, page_size=100
        )


class _Reserving(FromUser):
    """Moves the amount from available to held. The balance stays, so there is no entry."""

    def __init__(self, debit: FromUser) -> None:
        super().__init__(debit.account, limit=debit.limit, authorize=debit.authorize)

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        self._amount = amount = int(transfer.amount)
        actions, condition = self.spending(transfer)
        actions.append(Account.held.set(Account.held + amount))
        self._write = update(at(self.account), actions, condition)
        return [self._write]


class _Paying(FromUser):
    """Takes the amount out of held; what is not settled becomes available again."""

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        paid = moved_amount(transfer)
        entry = chained_entry(self.account, transfer, counterparty, OUT, paid)
        actions, condition = self._ending(transfer, given_back=int(transfer.amount) - paid)
        condition &= (Account.status != FROZEN) & (Account.entries == self.account.entries)
        self._write = update(at(self.account), [*actions, *chain_actions(entry)], condition)
        return [self._write, put(entry)]

    def _ending(self, transfer: Transfer, *, given_back: int) -> tuple[list[Action], Condition]:
        """What ends the hold and gives some of it back, to the day's allowance as well."""
        held = int(transfer.amount)
        actions: list[Action] = [Account.held.set(Account.held - held)]
        condition: Condition = Account.held >= held
        if not given_back:
            return actions, condition
        actions.append(Account.available.set(Account.available + given_back))
        if name := transfer.limit_name:
            period = getattr(self.account, f"{name}_period")
            condition &= getattr(Account, f"{name}_period") == period
            if period == transfer.limit_period:
                used = getattr(Account, f"{name}_used")
                actions.append(used.set(used - given_back))
        return actions, condition

    def _checked(self, account: Account | None) -> Account:
        if account is None or account.status == CLOSED:
            raise AccountClosed
        if account.status == FROZEN:
            raise AccountFrozen
        return account


class _Returning(_Paying):
    """Moves the whole amount from held back to available."""

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        actions, condition = self._ending(transfer, given_back=int(transfer.amount))
        self._write = update(at(self.account), actions, condition)
        return [self._write]

    def _checked(self, account: Account | None) -> Account:
        if account is None:
            raise AccountClosed
        return account


def _held(transfer_id: str) -> Transfer:
    transfer = find(transfer_id)
    if transfer is None or transfer.expires_at is None:
        raise NotFound
    return transfer


def _accounts(transfer: Transfer, *, with_payee: bool) -> tuple[Account, Account]:
    payer_key, payee_key = account_key(transfer.debit), account_key(transfer.credit)
    found = read([payer_key, payee_key] if with_payee else [payer_key])
    payer = found.one(Account, payer_key)
    payee = found.one(Account, payee_key) if with_payee else payer
    if payer is None or payee is None:
        raise AccountClosed
    return payer, payee


def _ending(
    transfer: Transfer, status: str, more: list[Action], only_if: Condition | None = None
) -> Write:
    transfer.ended_at = clock.now_text()
    condition = Transfer.status == HELD
    if only_if is not None:
        condition &= only_if
    actions = [
        Transfer.status.set(status),
        Transfer.ended_at.set(transfer.ended_at),
        Transfer.due_shard.remove(),
        Transfer.due_at.remove(),
        *more,
    ]
    return update(Transfer(transfer.pk, transfer.sk), actions, condition)


def _end(
    transfer: Transfer, ending: Write, sides: list[Side], status: str, amount: int | None
) -> Transfer:
    counterparties = sides[::-1] if len(sides) > 1 else sides
    posting = commit(transfer, lambda: ending, sides, counterparties)
    if posting.replayed:
        return _ended_as(posting.transfer, status, amount)
    transfer.status = status
    return transfer


def _ended_as(transfer: Transfer, status: str, amount: int | None) -> Transfer:
    settled = transfer.settled_amount
    same = transfer.status == status and (amount is None or settled == amount)
    if not same:
        raise HoldEnded(ended=str(transfer.status))
    return transfer
