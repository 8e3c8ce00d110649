"""Money that may move later: `hold` reserves it, `settle` moves it, `release` gives it back.

A hold takes the amount out of what is available, so nobody can spend it twice, and ends exactly
once. It has an expiry, from when on what nobody has settled goes back by itself; or none, where
nobody but its owning domain may know whether the money has left.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from shared import clock
from shared.errors import NotFound
from shared.identifiers import derived_id
from shared.ledger.accounts import FEES
from shared.ledger.bank_day import put_in_day
from shared.ledger.errors import AccountClosed, AccountFrozen, HoldEnded
from shared.ledger.posting import Movement, Posting, between_two, commit, find
from shared.ledger.records import (
    CLOSED,
    FROZEN,
    HELD,
    OUT,
    POSTED,
    RELEASED,
    SETTLED,
    Account,
    Transfer,
    account_key,
)
from shared.ledger.sides import (
    FromMerchant,
    FromUser,
    Side,
    ToSystem,
    ToUser,
    at,
    chain_actions,
    chained_entry,
    moved_amount,
)
from shared.ledger.split_holds import PayingParts, Reserving, ReturningParts
from shared.money import Money
from shared.table import Write, due_shard, due_shards, put, read, update

EXPIRY = "expire"
EXPIRED = "expired"
FEE = "fee"


def hold(
    movement: Movement,
    *,
    debit: FromUser | FromMerchant,
    credit: Side,
    expires_at: int | None,
    arrives_at: str | None = None,
    due: str = EXPIRY,
    due_at: int | None = None,
    together_with: Sequence[Write] = (),
) -> Posting:
    """Reserves the amount on `debit` for `credit`; nothing has moved yet.

    expires_at: seconds since 1970; from then on `expire` gives the money back. None: never, for
        whoever made the hold sees to its end.
    due, due_at: who looks at the hold next and when; by default the sweeper that expires holds.
    together_with: as of `post`.
    Raises the problems of the debit side, IdempotencyKeyReused, ServiceUnavailable.
    """
    between_two(debit, credit)
    transfer = movement.transfer(debit=debit, credit=credit, status=HELD)
    transfer.arrives_at = arrives_at
    transfer.expires_at = expires_at
    transfer.due_at = expires_at if due_at is None else due_at
    if transfer.due_at is not None:
        transfer.due_shard = due_shard(due, movement.transfer_id)
    if isinstance(debit, FromMerchant):
        parts = Reserving(debit)
        return commit(
            transfer, lambda: put(parts.laid_out(transfer)), [parts], [credit], together_with
        )
    if debit.limit:
        transfer.limit_name, transfer.limit_period = debit.limit.name, debit.limit.period
        transfer.limit_amount = debit.counted
    reserving = _Reserving(debit)
    return commit(transfer, lambda: put(transfer), [reserving], [credit], together_with)


def settle(
    transfer_id: str,
    *,
    credit: Side | None = None,
    amount: int | None = None,
    fee: int = 0,
    has_left: bool = False,
    together_with: Sequence[Write] = (),
) -> Transfer:
    """Moves what was held, or `amount` minor units of it and gives the rest back.

    credit: where it goes when that is no user's account. fee: minor units of the hold that go to
    the house beside the amount, by a transfer of their own (`fee_transfer_id`).
    has_left: the money has gone already, as from a bank, so it is booked also where its owner is
    frozen meanwhile. together_with: as of `post`.
    A second settle changes nothing and gives the transfer as it stands. Raises NotFound, HoldEnded
    (when it was released, or settled for another amount or fee), AccountFrozen, AccountClosed,
    CreditRefused, ServiceUnavailable.
    """
    transfer = _held(transfer_id)
    wanted = transfer.amount - fee if amount is None else amount
    if wanted < 1 or fee < 0 or wanted + fee > transfer.amount:
        raise ValueError("a hold is settled for more than nothing and at most all of it")
    wish = _Wish(SETTLED, wanted, fee)
    if transfer.status != HELD:
        return _ended_as(transfer, wish)
    transfer.settled_amount = wanted
    actions: list[Action] = [Transfer.settled_amount.set(wanted)]
    if transfer.parts:
        if credit is None or wanted != transfer.amount:
            raise ValueError("what is held in parts is settled as a whole, to a side that is given")
        parts = PayingParts(transfer, though_frozen=has_left)
        ending = _ending(transfer, SETTLED, actions)
        return _end(transfer, ending, [(parts, credit), (credit, parts)], wish, together_with)
    debit, payee = _accounts(transfer, with_payee=credit is None)
    if debit.status == FROZEN and not has_left:
        raise AccountFrozen
    to_fees = None
    if fee:
        transfer.fee_amount = fee
        actions.append(Transfer.fee_amount.set(fee))
        to_fees = _ToFees(transfer)
    paying = _Paying(debit, fee=to_fees, though_frozen=has_left)
    credit = credit or ToUser(payee)
    sides: list[tuple[Side, Side]] = [(paying, credit), (credit, paying)]
    if to_fees:
        sides.append((to_fees, paying))
    ending = _ending(transfer, SETTLED, actions)
    return _end(transfer, ending, sides, wish, together_with)


def release(
    transfer_id: str,
    *,
    why: str,
    only_if: Condition | None = None,
    together_with: Sequence[Write] = (),
) -> Transfer:
    """Gives what was held back to its owner. A second release changes nothing.

    why: `cancelled`, `expired` or what else ended it; kept in the record.
    only_if: a further condition on the hold. together_with: as of `post`.
    Raises NotFound, HoldEnded (when it was settled, or `only_if` does not hold), AccountClosed,
    ServiceUnavailable.
    """
    transfer = _held(transfer_id)
    wish = _Wish(RELEASED)
    if transfer.status != HELD:
        return _ended_as(transfer, wish)
    returning: Side
    if transfer.parts:
        returning = ReturningParts(transfer)
    else:
        returning = _Returning(_accounts(transfer, with_payee=False)[0])
    ending = _ending(transfer, RELEASED, [Transfer.ended_why.set(why)], only_if)
    transfer.ended_why = why
    return _end(transfer, ending, [(returning, returning)], wish, together_with)


def expire(transfer_id: str) -> Transfer:
    """Releases a hold whose time is over. Raises HoldEnded while it is not."""
    return release(transfer_id, why=EXPIRED, only_if=Transfer.expires_at <= clock.seconds())


def fee_transfer_id(transfer_id: str) -> str:
    """The id of the transfer by which the fee of a settled hold has gone to the house."""
    return derived_id("t", transfer_id, "fee")


def due_holds(purpose: str = EXPIRY, *, limit: int = 500) -> Iterator[Transfer]:
    """Holds that wait for `purpose` and are due by now, oldest first in each shard."""
    for shard in due_shards(purpose):
        yield from Transfer.due.query(
            shard, Transfer.due_at <= clock.seconds(), limit=limit, page_size=100
        )


class _Wish(NamedTuple):
    """How a hold is to end: amounts in minor units, nothing where it is released."""

    status: str
    amount: int = 0
    fee: int = 0


class _Payer(NamedTuple):
    account_id: str
    label: str | None


class _Reserving(FromUser):
    """Moves the amount from available to held. The balance stays, so there is no entry."""

    def __init__(self, debit: FromUser) -> None:
        super().__init__(
            debit.account, limit=debit.limit, counted=debit.counted, authorize=debit.authorize
        )

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        self._amount = amount = transfer.amount
        actions, condition = self.spending(transfer)
        actions.append(Account.held.set(Account.held + amount))
        self._write = update(at(self.account), actions, condition)
        return [self._write]


class _ToFees(ToSystem):
    """Adds the fee of a hold to the fees of the house, by a transfer of its own."""

    def __init__(self, transfer: Transfer) -> None:
        super().__init__(FEES)
        movement = Movement(
            transfer_id=fee_transfer_id(transfer.transfer_id),
            kind=FEE,
            amount=Money(amount=transfer.fee_amount, currency=transfer.currency),
            reference=transfer.reference,
        )
        payer = _Payer(transfer.debit, transfer.debit_label)
        self.transfer = movement.transfer(debit=payer, credit=self, status=POSTED)

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        return [put(self.transfer), *super().writes(self.transfer, counterparty)]


class _Paying(FromUser):
    """Takes amount and fee out of held; what is not settled becomes available again."""

    def __init__(
        self, account: Account, *, fee: _ToFees | None = None, though_frozen: bool = False
    ) -> None:
        super().__init__(account)
        self._fee = fee
        self._though_frozen = though_frozen

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        entries = [chained_entry(self.account, transfer, counterparty, OUT, moved_amount(transfer))]
        if self._fee:
            fee, moved = self._fee.transfer, self._fee.transfer.amount
            entries.append(
                chained_entry(self.account, fee, self._fee, OUT, moved, after=entries[0])
            )
        paid = sum(entry.amount for entry in entries)
        actions, condition = self._ending(transfer, given_back=transfer.amount - paid)
        condition &= Account.entries == self.account.entries
        if not self._though_frozen:
            condition &= Account.status != FROZEN
        self._write = update(at(self.account), [*actions, *chain_actions(entries[-1])], condition)
        return [self._write, *map(put, entries)]

    def _ending(self, transfer: Transfer, *, given_back: int) -> tuple[list[Action], Condition]:
        """What ends the hold and gives some of it back, to the day's allowance as well."""
        held = transfer.amount
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
                counted = held if transfer.limit_amount is None else transfer.limit_amount
                actions.append(used.set(used - min(given_back, counted)))
        return actions, condition

    def _checked(self, account: Account | None) -> Account:
        if account is None or account.status == CLOSED:
            raise AccountClosed
        if account.status == FROZEN and not self._though_frozen:
            raise AccountFrozen
        return account


class _Returning(_Paying):
    """Moves the whole amount from held back to available."""

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        actions, condition = self._ending(transfer, given_back=transfer.amount)
        self._write = update(at(self.account), actions, condition)
        return [self._write]

    def _checked(self, account: Account | None) -> Account:
        if account is None:
            raise AccountClosed
        return account


def _held(transfer_id: str) -> Transfer:
    transfer = find(transfer_id)
    if transfer is None or transfer.status not in (HELD, SETTLED, RELEASED):
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
    transfer.due_shard = transfer.due_at = None
    if status == SETTLED:
        put_in_day(transfer)
    actions = [
        Transfer.status.set(status),
        Transfer.ended_at.set(transfer.ended_at),
        *_place(transfer),
        *more,
    ]
    return update(Transfer(transfer.pk, transfer.sk), actions, condition)


def _place(transfer: Transfer) -> list[Action]:
    """Where an ended hold stands in the index: it waits for nobody, but may be of a day's books."""
    if not transfer.due_shard:
        return [Transfer.due_shard.remove(), Transfer.due_at.remove()]
    return [Transfer.due_shard.set(transfer.due_shard), Transfer.due_at.set(transfer.due_at)]


def _end(
    transfer: Transfer,
    ending: Write,
    sides: Sequence[tuple[Side, Side]],
    wish: _Wish,
    together_with: Sequence[Write],
) -> Transfer:
    """sides: each with its counterparty."""
    own, counterparties = zip(*sides, strict=True)
    posting = commit(transfer, lambda: ending, own, counterparties, together_with)
    if posting.replayed:
        return _ended_as(posting.transfer, wish)
    transfer.status = wish.status
    return transfer


def _ended_as(transfer: Transfer, wish: _Wish) -> Transfer:
    """Raises HoldEnded for a hold that has ended another way than it is asked for."""
    settled = transfer.settled_amount or 0, transfer.fee_amount or 0
    if (transfer.status, *settled) != wish:
        raise HoldEnded(ended=str(transfer.status))
    return transfer
