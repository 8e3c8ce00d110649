"""The two sides of a transfer: which writes each one needs, and what a failed write says of it.

A user's account is a chain. Each posting names the sequence it saw, so its entry can say the
balance after it, and the chain has no gap. When somebody else was faster, the failed condition
brings back the account as it now is (`ALL_OLD`), and the next try needs no read.

System and merchant accounts are split into shards, for one item takes about 500 transactional
writes a second. They have no order among their entries and no sequence to wait for.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from shared import clock
from shared.errors import Texts
from shared.ledger.errors import (
    AccountClosed,
    AccountFrozen,
    CreditRefused,
    InsufficientFunds,
    LimitExceeded,
)
from shared.ledger.records import (
    ACTIVE,
    CLOSED,
    FROZEN,
    IN,
    OUT,
    SYSTEM,
    Account,
    Entry,
    Transfer,
    account_key,
    entry_sort_key,
)
from shared.money import display
from shared.settings import settings
from shared.table import Cancelled, Write, put, read, update


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How much of an account may be used for something in a period.

    name: the pair of attributes it is counted in, `transfer` or `top_up`.
    period: what it counts in, a local day like `2026-11-22`.
    maximum: minor units in one period.
    """

    name: str
    period: str
    maximum: int
    what: Texts

    def exceeded(self) -> LimitExceeded:
        return LimitExceeded(
            what_zh=self.what.zh, what_en=self.what.en, limit_display=display(self.maximum)
        )

    def used_by(self, account: Account) -> int:
        """Minor units used in this period so far."""
        same = getattr(account, f"{self.name}_period") == self.period
        return int(getattr(account, f"{self.name}_used")) if same else 0

    def use(self, account: Account, amount: int) -> tuple[list[Action], Condition]:
        """What counts `amount`, and the condition that it may be."""
        period = getattr(Account, f"{self.name}_period")
        used = getattr(Account, f"{self.name}_used")
        if getattr(account, f"{self.name}_period") == self.period:
            return [used.set(used + amount)], (period == self.period) & (
                used <= self.maximum - amount
            )
        return [period.set(self.period), used.set(amount)], period.does_not_exist() | (
            period != self.period
        )


Authorize = Callable[[Account], None]


class Party(Protocol):
    """Who stands on a side of a transfer, also where nothing is to be written there."""

    @property
    def account_id(self) -> str: ...

    @property
    def label(self) -> str | None: ...


class Side(Party, Protocol):
    """One side of a transfer."""

    def writes(self, transfer: Transfer, counterparty: "Side") -> list[Write]:
        """What this side must write for the transfer."""

    def learn(self, cancelled: Cancelled) -> bool:
        """Looks whether a write of this side failed, takes in why, and says whether to try again.

        Raises the problem of a rule that is broken for good.
        """


class FromUser:
    """Takes the amount from what a user has available.

    limit: a daily allowance that the amount counts against.
    authorize: looks at the account as it is (the proof of its owner) and raises when it must not
        be spent from. It is asked again whenever the account turns out to have changed.
    """

    def __init__(
        self, account: Account, *, limit: Limit | None = None, authorize: Authorize | None = None
    ) -> None:
        self.account = account
        self.account_id = account.account_id
        self.label = account.label
        self.limit = limit
        self.authorize = authorize
        self._amount = 0
        self._write: Write | None = None

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        amount = self._amount = int(transfer.amount)
        entry = chained_entry(self.account, transfer, counterparty, OUT, amount)
        actions, condition = self.spending(amount)
        actions += chain_actions(entry)
        condition &= Account.entries == self.account.entries
        self._write = update(at(self.account), actions, condition)
        return [self._write, put(entry)]

    def spending(self, amount: int) -> tuple[list[Action], Condition]:
        """What takes `amount` from the available balance, and all that must be so for it."""
        account = self.account
        actions: list[Action] = [Account.available.set(Account.available - amount)]
        condition = (
            (Account.status == ACTIVE)
            & (Account.currency == account.currency)
            & (Account.available >= amount)
        )
        if self.authorize:
            self.authorize(account)
            condition &= Account.proof_failures == account.proof_failures
            if account.proof_failures:
                actions.append(Account.proof_failures.set(0))
        if self.limit:
            if amount > self.limit.maximum:
                raise self.limit.exceeded()
            counting, allowed = self.limit.use(account, amount)
            actions += counting
            condition &= allowed
        return actions, condition

    def learn(self, cancelled: Cancelled) -> bool:
        if self._write is None or not cancelled.failed(self._write):
            return False
        self.account = self._checked(cast("Account | None", cancelled.standing(self._write)))
        return True

    def _checked(self, account: Account | None) -> Account:
        if account is None or account.status == CLOSED:
            raise AccountClosed
        if account.status == FROZEN:
            raise AccountFrozen
        if self.limit and self.limit.used_by(account) + self._amount > self.limit.maximum:
            raise self.limit.exceeded()
        missing = self._amount - int(account.available)
        if missing > 0:
            raise InsufficientFunds(
                missing_display=display(missing, account.currency), missing=missing
            )
        return account


class ToUser:
    """Adds the amount to what a user has. A frozen account receives; a closed one does not."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.account_id = account.account_id
        self.label = account.label
        self._write: Write | None = None

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        amount = moved_amount(transfer)
        entry = chained_entry(self.account, transfer, counterparty, IN, amount)
        self._write = update(
            at(self.account),
            [Account.available.set(Account.available + amount), *chain_actions(entry)],
            (Account.status != CLOSED)
            & (Account.currency == transfer.currency)
            & (Account.entries == self.account.entries),
        )
        return [self._write, put(entry)]

    def learn(self, cancelled: Cancelled) -> bool:
        if self._write is None or not cancelled.failed(self._write):
            return False
        account = cast("Account | None", cancelled.standing(self._write))
        if account is None or account.status == CLOSED:
            raise CreditRefused
        self.account = account
        return True


class _System:
    """An account of the house. It may go below zero, and its shards come up as they are used."""

    label = None
    _sign: int

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        shard = shard_of(transfer.transfer_id, settings().system_account_shards)
        change = self._sign * moved_amount(transfer)
        account = Account(*account_key(self.account_id, shard)[1:])
        opening = [
            attribute.set(attribute | value)
            for attribute, value in (
                (Account.account_id, self.account_id),
                (Account.owner_kind, SYSTEM),
                (Account.currency, transfer.currency),
                (Account.status, ACTIVE),
                (Account.opened_at, clock.now_text()),
                (Account.held, 0),
                (Account.entries, 0),
            )
        ]
        moving = Account.available.add(change)
        return [update(account, [moving, *opening], Account.status != CLOSED)]

    def learn(self, cancelled: Cancelled) -> bool:
        return False


class FromSystem(_System):
    """Takes the amount from an account of the house."""

    _sign = -1


class ToSystem(_System):
    """Adds the amount to an account of the house."""

    _sign = 1


class ToMerchant:
    """Adds the amount to one shard of a merchant's account, picked by the transfer's id."""

    def __init__(self, account_id: str, *, label: str | None = None) -> None:
        self.account_id = account_id
        self.label = label
        self._write: Write | None = None

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        shard = shard_of(transfer.transfer_id, settings().merchant_account_shards)
        account = Account(*account_key(self.account_id, shard)[1:])
        amount = moved_amount(transfer)
        self._write = update(
            account,
            [Account.available.set(Account.available + amount)],
            (Account.status != CLOSED) & (Account.currency == transfer.currency),
        )
        entry = shard_entry(account.pk, transfer, counterparty, IN, amount)
        return [self._write, put(entry)]

    def learn(self, cancelled: Cancelled) -> bool:
        if self._write is not None and cancelled.failed(self._write):
            raise CreditRefused
        return False


class FromMerchant:
    """Takes the amount from a merchant's shards: from one where it suffices, else from several."""

    def __init__(self, account_id: str, *, label: str | None = None) -> None:
        self.account_id = account_id
        self.label = label
        self._writes: list[Write] = []

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        amount = moved_amount(transfer)
        updates, entries = [], []
        for shard, part in self._parts(transfer, amount):
            account = Account(*account_key(self.account_id, shard)[1:])
            condition = (Account.status == ACTIVE) & (Account.available >= part)
            taking = Account.available.set(Account.available - part)
            updates.append(update(account, [taking], condition))
            entries.append(put(shard_entry(account.pk, transfer, counterparty, OUT, part)))
        self._writes = updates
        return [*updates, *entries]

    def learn(self, cancelled: Cancelled) -> bool:
        # The shards are read anew for each try; only that one has failed matters here.
        return any(cancelled.failed(part) for part in self._writes)

    def _parts(self, transfer: Transfer, amount: int) -> list[tuple[int, int]]:
        count = settings().merchant_account_shards
        keys = {shard: account_key(self.account_id, shard) for shard in range(count)}
        found = read(keys.values())
        first = shard_of(transfer.transfer_id, count)
        parts, missing = [], amount
        for shard in sorted(keys, key=lambda number: (number - first) % count):
            account = found.one(Account, keys[shard])
            if account is None or account.status == CLOSED:
                raise AccountClosed
            if account.status == FROZEN:
                raise AccountFrozen
            part = min(missing, int(account.available))
            if part > 0:
                parts.append((shard, part))
                missing -= part
        if missing:
            raise InsufficientFunds(missing_display=display(missing), missing=missing)
        return parts


def at(account: Account) -> Account:
    """A bare record with the key of `account`, to write conditions and changes against."""
    return Account(account.pk, account.sk)


def shard_of(transfer_id: str, count: int) -> int:
    """Which of `count` shards a transfer goes to."""
    return zlib.crc32(transfer_id.encode()) % count


def moved_amount(transfer: Transfer) -> int:
    """What a transfer really moves: all of it, or what a hold was settled for."""
    settled = transfer.settled_amount
    return int(transfer.amount if settled is None else settled)


def chained_entry(
    account: Account, transfer: Transfer, counterparty: Side, direction: str, amount: int
) -> Entry:
    """The next entry in the chain of a user's account."""
    sequence = int(account.entries) + 1
    time_ms = max(clock.milliseconds(), int(account.last_entry_at))
    change = amount if direction == IN else -amount
    return _entry(
        account.pk, sequence, time_ms, transfer, counterparty, direction, amount,
        balance_after=account.balance + change,
    )  # fmt: skip


def shard_entry(
    pk: str, transfer: Transfer, counterparty: Side, direction: str, amount: int
) -> Entry:
    """An entry of a split account: in the order of time, with a number that tells it apart."""
    sequence = zlib.crc32(transfer.transfer_id.encode())
    time_ms = clock.milliseconds()
    return _entry(pk, sequence, time_ms, transfer, counterparty, direction, amount)


def chain_actions(entry: Entry) -> list[Action]:
    """What moves an account on to its new entry."""
    time_ms = int(entry.sk.split("#")[1])
    return [Account.entries.set(entry.sequence), Account.last_entry_at.set(time_ms)]


def _entry(
    pk: str,
    sequence: int,
    time_ms: int,
    transfer: Transfer,
    counterparty: Side,
    direction: str,
    amount: int,
    *,
    balance_after: int | None = None,
) -> Entry:
    return Entry(
        pk,
        entry_sort_key(time_ms, sequence),
        sequence=sequence,
        kind=transfer.kind,
        direction=direction,
        amount=amount,
        currency=transfer.currency,
        balance_after=balance_after,
        counterparty=counterparty.account_id,
        counterparty_label=counterparty.label,
        note=transfer.note,
        created_at=clock.text_of(time_ms),
        transfer_id=transfer.transfer_id,
        reference=transfer.reference,
    )
