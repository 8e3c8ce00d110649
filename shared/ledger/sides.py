"""The two sides of a transfer: which writes each one needs, and what a failed write says of it.

A user's account is a chain. Each posting names the sequence it saw, so its entry can say the
balance after it, and the chain has no gap. When somebody else was faster, the failed condition
brings back the account as it now is (`ALL_OLD`), and the next try needs no read.

System and merchant accounts are split into shards, for one item takes about 500 transactional
writes a second. They have no order among their entries and no sequence to wait for.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, Protocol, cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from shared import clock
from shared.errors import Texts
from shared.ledger.accounts import FEES
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
    PAYING_ONLY,
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


class Tally(NamedTuple):
    """How often and how much an account was used for something; amounts are minor units.

    day, hour: in the period and in the hour so far. largest: the most at once that there ever was.
    """

    day_count: int
    day_amount: int
    hour_count: int
    hour_amount: int
    largest: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some of what counts in a limit, with a maximum of its own, in minor units and one period.

    name: what it is counted as, in the attribute `<limit>_of_<name>`.
    """

    name: str
    maximum: int
    what: Texts


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How much of an account may be used for something in a period.

    name: what the attributes that it is counted in begin with, `transfer`, `top_up`, `withdrawal`
        or `payment`.
    period: what it counts in, a local day like `2026-11-22`; hour: one like `2026-11-22T14`.
    maximum: minor units in one period.
    parts: in which it counts as well, and may not exceed any.
    """

    name: str
    period: str
    maximum: int
    what: Texts
    hour: str = field(default_factory=clock.local_hour)
    parts: tuple[Part, ...] = ()

    def check_alone(self, account: Account, amount: int) -> None:
        """Raises LimitExceeded for an amount that no account could use in one period."""
        for one in self._all:
            if amount > one.maximum:
                raise self._exceeded(account, one)

    def check(self, account: Account, amount: int) -> None:
        """Raises LimitExceeded when, with what the account has used so far, it is too much."""
        for one in self._all:
            if self._used_of(account, one) + amount > one.maximum:
                raise self._exceeded(account, one)

    def used_by(self, account: Account) -> int:
        """Minor units used in this period so far."""
        return self._read(account, "used") if self._counted_in(account) else 0

    def part_used_by(self, account: Account, part: Part) -> int:
        """Minor units of them that count in a part."""
        return self._read(account, f"of_{part.name}") if self._counted_in(account) else 0

    def tally(self, account: Account) -> Tally:
        """What was counted so far, as far as it is not over."""
        same_day = self._counted_in(account) is not None
        same_hour = (getattr(account, f"{self.name}_hour") or "") >= self.hour
        return Tally(
            day_count=self._read(account, "count") if same_day else 0,
            day_amount=self._read(account, "used") if same_day else 0,
            hour_count=self._read(account, "hour_count") if same_hour else 0,
            hour_amount=self._read(account, "hour_used") if same_hour else 0,
            largest=self._read(account, "largest"),
        )

    def use(self, account: Account, amount: int) -> tuple[list[Action], Condition]:
        """What counts `amount`, and the condition that it may be.

        That nothing was counted since `account` was read is part of it: whoever allowed it has
        seen all that came before.
        """
        tally = self.tally(account)
        period, used, counted = (self._of(part) for part in ("period", "used", "count"))
        actions: list[Action] = [
            counted.set(tally.day_count + 1),
            self._of("hour").set(max(self.hour, getattr(account, f"{self.name}_hour") or "")),
            self._of("hour_count").set(tally.hour_count + 1),
            self._of("hour_used").set(tally.hour_amount + amount),
            self._of("largest").set(max(tally.largest, amount)),
        ]
        for part in self.parts:
            so_far = self.part_used_by(account, part)
            actions.append(self._of(f"of_{part.name}").set(so_far + amount))
        if counted_in := self._counted_in(account):
            condition = (period == counted_in) & (counted == tally.day_count)
            condition &= used <= self.maximum - amount
            for part in self.parts:
                own = self._of(f"of_{part.name}")
                condition &= own.does_not_exist() | (own <= part.maximum - amount)
            return [used.set(used + amount), *actions], condition
        new_day = period.does_not_exist() | (period < self.period)
        return [period.set(self.period), used.set(amount), *actions, *self._other_parts()], new_day

    def _other_parts(self) -> list[Action]:
        """What ends the counts of an earlier period that this use does not begin anew."""
        names = _part_names(self.name) - {part.name for part in self.parts}
        return [self._of(f"of_{name}").remove() for name in sorted(names)]

    @property
    def _all(self) -> "list[Limit | Part]":
        return [self, *self.parts]

    def _used_of(self, account: Account, one: "Limit | Part") -> int:
        return self.part_used_by(account, one) if isinstance(one, Part) else self.used_by(account)

    def _exceeded(self, account: Account, one: "Limit | Part") -> LimitExceeded:
        """The refusal, with what an account has left of it and when it begins anew."""
        ends_at = clock.bounds_of_day(self._counted_in(account) or self.period)[1]
        part = f"_{one.name}" if isinstance(one, Part) else ""
        return LimitExceeded(
            what_zh=one.what.zh,
            what_en=one.what.en,
            limit_display=display(one.maximum),
            which=f"{self.name}{part}_day",
            limit=one.maximum,
            left=max(0, one.maximum - self._used_of(account, one)),
            resets_at=clock.text_of(ends_at * 1000),
        )

    def _of(self, part: str) -> Any:
        return getattr(Account, f"{self.name}_{part}")

    def _read(self, account: Account, part: str) -> int:
        return int(getattr(account, f"{self.name}_{part}") or 0)

    def _counted_in(self, account: Account) -> str | None:
        """The period that the account counts in, unless it is over.

        A request from just before midnight may come after one of the new day. It counts with
        those: were the count to go back to the old day, the new day's would be forgotten.
        """
        period: str | None = getattr(account, f"{self.name}_period")
        return period if period is not None and period >= self.period else None


@cache
def _part_names(limit_name: str) -> frozenset[str]:
    """Of all parts that an account can count of a limit."""
    begin = f"{limit_name}_of_"
    names = (name for name in Account.get_attributes() if name.startswith(begin))
    return frozenset(name.removeprefix(begin) for name in names)


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

    limit: a daily allowance that the amount counts against, or so much of it as `counted` says.
    authorize: looks at the account as it is (the proof of its owner) and raises when it must not
        be spent from. It is asked again whenever the account turns out to have changed.
    resting_on: attributes of the account beyond its proof that `authorize` looks at.
    """

    def __init__(
        self,
        account: Account,
        *,
        limit: Limit | None = None,
        counted: int | None = None,
        authorize: Authorize | None = None,
        resting_on: Sequence[Any] = (),
    ) -> None:
        self.account = account
        self.account_id = account.account_id
        self.label = account.label
        self.limit = limit
        self.counted = counted
        self.authorize = authorize
        self.resting_on = resting_on
        self._amount = 0
        self._write: Write | None = None

    def foresee(self, amount: int) -> None:
        """Raises what already the account as it was read rules out."""
        self._amount = amount
        self._checked(self.account)

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        amount = self._amount = transfer.amount
        entry = chained_entry(self.account, transfer, counterparty, OUT, amount)
        actions, condition = self.spending(transfer)
        actions += chain_actions(entry)
        condition &= Account.entries == self.account.entries
        self._write = update(at(self.account), actions, condition)
        return [self._write, put(entry)]

    def spending(self, transfer: Transfer) -> tuple[list[Action], Condition]:
        """What takes the amount from the available balance, and all that must be so for it."""
        check_currency(self.account, transfer)
        amount = transfer.amount
        counting, allowed = self.using(amount)
        taking = Account.available.set(Account.available - amount)
        return [taking, *counting], allowed & (Account.available >= amount)

    def using(self, amount: int) -> tuple[list[Action], Condition]:
        """What counts `amount` against the limit, and that the owner may have it counted."""
        account = self.account
        actions: list[Action] = []
        condition: Condition = Account.status == ACTIVE
        if self.authorize:
            self.authorize(account)
            condition &= Account.proof_failures == account.proof_failures
            for attribute in (Account.cool_down_until, *self.resting_on):
                condition &= as_read(account, attribute)
            if account.proof_failures:
                actions.append(Account.proof_failures.set(0))
        if self.limit:
            counted = self._counted(amount)
            self.limit.check_alone(account, counted)
            counting, allowed = self.limit.use(account, counted)
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
            raise AccountFrozen(frozen_at=account.frozen_at or "")
        if self.limit:
            self.limit.check(account, self._counted(self._amount))
        self._check_funds(account)
        return account

    def _counted(self, amount: int) -> int:
        return amount if self.counted is None else self.counted

    def _check_funds(self, account: Account) -> None:
        missing = self._amount - account.available
        if missing > 0:
            raise InsufficientFunds(
                missing_display=display(missing, account.currency),
                missing=missing,
                available=account.available,
            )


class ToUser:
    """Adds the amount to what a user has. A frozen account receives; a closed one does not."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.account_id = account.account_id
        self.label = account.label
        self._write: Write | None = None

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        check_currency(self.account, transfer)
        amount = moved_amount(transfer)
        entry = chained_entry(self.account, transfer, counterparty, IN, amount)
        self._write = update(
            at(self.account),
            [Account.available.set(Account.available + amount), *chain_actions(entry)],
            (Account.status != CLOSED) & (Account.entries == self.account.entries),
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

    _sign: int

    def __init__(self, account_id: str, *, label: str | None = None) -> None:
        self.account_id = account_id
        self.label = label

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        return [house_change(self.account_id, transfer, self._sign * moved_amount(transfer))]

    def learn(self, cancelled: Cancelled) -> bool:
        return False


class FromSystem(_System):
    """Takes the amount from an account of the house."""

    _sign = -1


class ToSystem(_System):
    """Adds the amount to an account of the house."""

    _sign = 1


class ToMerchant:
    """Adds the amount to one shard of a merchant's account, picked by the transfer's id.

    What is the house's fee of it goes to the house, in the same write.
    though_paying_only: it is the merchant's own money that comes back, and no sale.
    """

    def __init__(
        self, account_id: str, *, label: str | None = None, though_paying_only: bool = False
    ) -> None:
        self.account_id = account_id
        self.label = label
        self._refuses = (CLOSED,) if though_paying_only else (CLOSED, PAYING_ONLY)
        self._write: Write | None = None

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        shard = shard_of(transfer.transfer_id, settings().merchant_account_shards)
        account = Account(*account_key(self.account_id, shard)[1:])
        fee = fee_of(transfer)
        amount = moved_amount(transfer) - fee
        receives: Condition = Account.currency == transfer.currency
        for status in self._refuses:
            receives &= Account.status != status
        self._write = update(account, [Account.available.set(Account.available + amount)], receives)
        now_ms = clock.milliseconds()
        entry = shard_entry(account.pk, transfer, counterparty, IN, amount, now_ms)
        to_house = [house_change(FEES, transfer, fee)] if fee else []
        return [self._write, put(entry), *to_house]

    def learn(self, cancelled: Cancelled) -> bool:
        if self._write is not None and cancelled.failed(self._write):
            raise CreditRefused
        return False


class FromMerchant:
    """Takes the amount from a merchant's shards: from one where it suffices, else from several.

    What the house gives back of its fee comes from the house, in the same write.
    keep: minor units that must stay available when the amount is held.
    """

    def __init__(self, account_id: str, *, label: str | None = None, keep: int = 0) -> None:
        self.account_id = account_id
        self.label = label
        self.keep = keep
        self._writes: list[Write] = []
        self._missing = 0

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        updates, entries = [], []
        now_ms = clock.milliseconds()
        for shard, part in self._parts(transfer).items():
            account = Account(*account_key(self.account_id, shard)[1:])
            condition = (
                Account.status.is_in(ACTIVE, PAYING_ONLY)
                & (Account.currency == transfer.currency)
                & (Account.available >= part)
            )
            taking = Account.available.set(Account.available - part)
            updates.append(update(account, [taking], condition))
            entries.append(put(shard_entry(account.pk, transfer, counterparty, OUT, part, now_ms)))
        self._writes = updates
        fee = fee_of(transfer)
        from_house = [house_change(FEES, transfer, -fee)] if fee else []
        return [*updates, *entries, *from_house]

    def learn(self, cancelled: Cancelled) -> bool:
        failed = [part for part in self._writes if cancelled.failed(part)]
        for part in failed:
            account = cast("Account | None", cancelled.standing(part))
            if account is None or account.status == CLOSED:
                raise AccountClosed
            if account.status == FROZEN:
                raise AccountFrozen
        if failed and self._missing:
            raise InsufficientFunds(missing_display=display(self._missing), missing=self._missing)
        # The shards are read anew for the next try.
        return bool(failed)

    def _parts(self, transfer: Transfer) -> dict[int, int]:
        """What to take from which shard.

        What is missing is asked of the first all the same, so that the write refuses it: only the
        write knows a replay, which must not hear that the money it took itself is not there.
        """
        count = settings().merchant_account_shards
        first = shard_of(transfer.transfer_id, count)
        keys = {
            shard: account_key(self.account_id, shard)
            for shard in ((first + step) % count for step in range(count))
        }
        found = read(keys.values())
        parts: dict[int, int] = {}
        missing = moved_amount(transfer) - fee_of(transfer)
        for shard, key in keys.items():
            account = found.one(Account, key)
            part = min(missing, account.available) if account else 0
            if part:
                parts[shard] = part
                missing -= part
        if missing:
            parts[first] = parts.get(first, 0) + missing
        self._missing = missing
        return parts


def at(account: Account) -> Account:
    """A bare record with the key of `account`, to write conditions and changes against."""
    return Account(account.pk, account.sk)


def as_read(account: Account, attribute: Any) -> Condition:
    """That an attribute still is, or still is missing, as it was read in `account`."""
    value = account.attribute_values.get(attribute.attr_name)
    condition: Condition = attribute.does_not_exist() if value is None else attribute == value
    return condition


def check_currency(account: Account, transfer: Transfer) -> None:
    """Raises ValueError for a transfer in another currency. An account never changes its own."""
    if account.currency != transfer.currency:
        raise ValueError("an account takes part in transfers of its own currency only")


def shard_of(transfer_id: str, count: int) -> int:
    """Which of `count` shards a transfer goes to."""
    return zlib.crc32(transfer_id.encode()) % count


def moved_amount(transfer: Transfer) -> int:
    """What a transfer really moves: all of it, or what a hold was settled for."""
    settled = transfer.settled_amount
    return transfer.amount if settled is None else settled


def fee_of(transfer: Transfer) -> int:
    """What of a transfer is the house's and not the merchant's."""
    return transfer.merchant_fee or 0


def house_change(account_id: str, transfer: Transfer, change: int) -> Write:
    """Adds `change` to the shard of an account of the house that the transfer's id names."""
    shard = shard_of(transfer.transfer_id, settings().system_account_shards)
    account = Account(*account_key(account_id, shard)[1:])
    opening = [
        attribute.set(attribute | value)
        for attribute, value in (
            (Account.account_id, account_id),
            (Account.owner_kind, SYSTEM),
            (Account.currency, transfer.currency),
            (Account.status, ACTIVE),
            (Account.opened_at, clock.now_text()),
            (Account.held, 0),
            (Account.entries, 0),
        )
    ]
    same_currency = Account.currency.does_not_exist() | (Account.currency == transfer.currency)
    return update(account, [Account.available.add(change), *opening], same_currency)


def chained_entry(
    account: Account,
    transfer: Transfer,
    counterparty: Party,
    direction: str,
    amount: int,
    *,
    after: Entry | None = None,
) -> Entry:
    """The next entry in the chain of a user's account.

    after: the entry before it, when that is written in the same transaction.
    """
    sequence, last_ms, balance = account.entries, account.last_entry_at, account.balance
    if after is not None:
        sequence, last_ms, balance = after.sequence, _time_of(after), after.balance_after
    change = amount if direction == IN else -amount
    return _entry(
        account.pk, sequence + 1, max(clock.milliseconds(), last_ms), transfer, counterparty,
        direction, amount, balance_after=balance + change,
    )  # fmt: skip


def shard_entry(
    pk: str, transfer: Transfer, counterparty: Side, direction: str, amount: int, time_ms: int
) -> Entry:
    """An entry of a split account: in the order of time, with a number that tells it apart.

    time_ms: the same for all parts of a transfer, so that no midnight lies between them.
    """
    sequence = zlib.crc32(transfer.transfer_id.encode())
    return _entry(pk, sequence, time_ms, transfer, counterparty, direction, amount)


def chain_actions(entry: Entry) -> list[Action]:
    """What moves an account on to its new entry."""
    return [Account.entries.set(entry.sequence), Account.last_entry_at.set(_time_of(entry))]


def _time_of(entry: Entry) -> int:
    return int(entry.sk.split("#")[1])


def _entry(
    pk: str,
    sequence: int,
    time_ms: int,
    transfer: Transfer,
    counterparty: Party,
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
