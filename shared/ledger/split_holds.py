"""Holds on accounts that are split into shards.

Each shard gives a part, all in one write; the transfer keeps which gave how much, and by that the
parts leave or go back, without a look at the shards. So nothing is ever moved between shards, and
a payment that comes in meanwhile meets at most one conflict.
"""

from typing import cast

from pynamodb.expressions.condition import Condition

from shared import clock
from shared.ledger.errors import AccountClosed, AccountFrozen, InsufficientFunds
from shared.ledger.records import (
    ACTIVE,
    CLOSED,
    FROZEN,
    OUT,
    PAYING_ONLY,
    Account,
    Transfer,
    account_key,
)
from shared.ledger.sides import FromMerchant, Side, shard_entry
from shared.money import display
from shared.settings import settings
from shared.table import Cancelled, Write, put, read, update


class Reserving:
    """Moves the amount from available to held, in as few shards as it takes.

    With `keep`, so many minor units must stay available in all shards together, and that is a
    condition of the same write: none of the shards has less than it had when they were read.
    """

    def __init__(self, debit: FromMerchant) -> None:
        self.account_id = debit.account_id
        self.label = debit.label
        self._keep = debit.keep
        self._least: dict[int, int] = {}
        self._missing = 0
        self._writes: list[Write] = []

    def laid_out(self, transfer: Transfer) -> Transfer:
        """The transfer with the part of each shard, as the shards stand now.

        What is missing is asked of one of them all the same, so that the write refuses it: only the
        write knows a replay, which must not hear that the money it holds itself is not there.
        """
        found = self._read()
        parts: dict[int, int] = {}
        missing = transfer.amount
        for shard in sorted(found, key=lambda one: (-found[one], one)):
            part = min(missing, found[shard])
            if part:
                parts[shard] = part
                missing -= part
        self._least = dict(found if self._keep else parts)
        self._missing = transfer.amount + self._keep - sum(found.values())
        if self._missing > 0:
            self._least[0] = found.get(0, 0) + self._missing
        if missing:
            parts[0] = parts.get(0, 0) + missing
        transfer.parts = {str(shard): part for shard, part in sorted(parts.items())}
        return transfer

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        self._writes = []
        for shard, least in self._least.items():
            part = transfer.parts.get(str(shard), 0)
            condition = (
                Account.status.is_in(ACTIVE, PAYING_ONLY)
                & (Account.currency == transfer.currency)
                & (Account.available >= least)
            )
            reserving = [
                Account.available.set(Account.available - part),
                Account.held.set(Account.held + part),
            ]
            account = Account(*account_key(self.account_id, shard)[1:])
            self._writes.append(update(account, reserving, condition))
        return self._writes

    def learn(self, cancelled: Cancelled) -> bool:
        failed = [part for part in self._writes if cancelled.failed(part)]
        for part in failed:
            _check_open(cast("Account | None", cancelled.standing(part)))
        if failed and self._missing > 0:
            raise InsufficientFunds(missing_display=display(self._missing), missing=self._missing)
        # The shards are read anew for the next try.
        return bool(failed)

    def _read(self) -> dict[int, int]:
        """What is available in each shard."""
        keys = {
            shard: account_key(self.account_id, shard)
            for shard in range(settings().merchant_account_shards)
        }
        found = read(keys.values())
        accounts = {shard: found.one(Account, key) for shard, key in keys.items()}
        return {shard: one.available for shard, one in accounts.items() if one}


class _Ending:
    """What has been held in parts, at its end."""

    def __init__(self, transfer: Transfer) -> None:
        self.account_id = transfer.debit
        self.label = transfer.debit_label
        self._writes: list[Write] = []

    def _shards(self, transfer: Transfer) -> list[tuple[Account, int]]:
        return [
            (Account(*account_key(transfer.debit, int(shard))[1:]), int(part))
            for shard, part in transfer.parts.items()
        ]


class PayingParts(_Ending):
    """Takes every part out of held, for good, with an entry of each shard.

    though_frozen: the money has gone already, so it is booked in any case.
    """

    def __init__(self, transfer: Transfer, *, though_frozen: bool) -> None:
        super().__init__(transfer)
        self._though_frozen = though_frozen

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        self._writes, entries = [], []
        now_ms = clock.milliseconds()
        for account, part in self._shards(transfer):
            condition: Condition = Account.held >= part
            if not self._though_frozen:
                condition &= Account.status != FROZEN
            taking = [Account.held.set(Account.held - part)]
            self._writes.append(update(account, taking, condition))
            entries.append(put(shard_entry(account.pk, transfer, counterparty, OUT, part, now_ms)))
        return [*self._writes, *entries]

    def learn(self, cancelled: Cancelled) -> bool:
        for part in self._writes:
            if cancelled.failed(part):
                _check_open(cast("Account | None", cancelled.standing(part)))
        return False


class ReturningParts(_Ending):
    """Moves every part from held back to available, where it came from."""

    def writes(self, transfer: Transfer, counterparty: Side) -> list[Write]:
        self._writes = [
            update(
                account,
                [
                    Account.available.set(Account.available + part),
                    Account.held.set(Account.held - part),
                ],
                Account.held >= part,
            )
            for account, part in self._shards(transfer)
        ]
        return self._writes

    def learn(self, cancelled: Cancelled) -> bool:
        return False


def _check_open(account: Account | None) -> None:
    if account is None or account.status == CLOSED:
        raise AccountClosed
    if account.status == FROZEN:
        raise AccountFrozen
