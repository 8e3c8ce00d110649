"""Whether the stored ledger is sound, by rules written down a second time.

All balances are computed again from the transfers alone, and all entries from the same. Nothing
here shares code with the check of the books that the wallet runs itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.dynamodb import connection
from shared.ledger.records import Account, Entry, Transfer
from shared.settings import settings

_MOVED = ("posted", "settled")


class Unsound(AssertionError):
    """The ledger breaks a rule; the message names each rule and where."""


@dataclass
class Contents:
    """All that the ledger holds. Accounts and entries are by partition key."""

    accounts: dict[str, Account] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    transfers: dict[str, Transfer] = field(default_factory=dict)


def contents(items: Iterable[dict[str, Any]] | None = None) -> Contents:
    """What the ledger holds, by its stored items or by a scan of it."""
    found = Contents()
    for raw in _scan() if items is None else items:
        pk, sk = raw["pk"]["S"], raw["sk"]["S"]
        if sk == "ACCOUNT":
            found.accounts[pk] = Account.from_raw_data(raw)
        elif sk == "TRANSFER":
            transfer = Transfer.from_raw_data(raw)
            found.transfers[transfer.transfer_id] = transfer
        else:
            found.entries[pk].append(Entry.from_raw_data(raw))
    return found


def check_sound(items: Iterable[dict[str, Any]] | None = None) -> Contents:
    """Raises Unsound unless every rule holds; gives what it read. No writer may be at work."""
    found = contents(items)
    rules = (_account_rules, _hold_rules, _transfer_rules, _chain_rules, _entry_rules)
    if broken := [breach for rule in rules for breach in rule(found)]:
        raise Unsound("\n".join(broken))
    return found


def _scan() -> Iterator[dict[str, Any]]:
    request: dict[str, Any] = {"TableName": settings().ledger_table, "ConsistentRead": True}
    while True:
        answer = connection().dispatch("Scan", request)
        yield from answer["Items"]
        if not (last := answer.get("LastEvaluatedKey")):
            return
        request["ExclusiveStartKey"] = last


def _account_rules(found: Contents) -> Iterator[str]:
    sums: Counter[str] = Counter()
    for pk, account in found.accounts.items():
        sums[account.currency] += account.balance
        if account.owner_kind != "system" and account.available < 0:
            yield f"{pk}: available is {account.available}"
        if min(account.transfer_used, account.top_up_used, account.withdrawal_used or 0) < 0:
            yield f"{pk}: what it has used of a limit is below zero"
    for currency, total in sums.items():
        if total:
            yield f"all balances in {currency} add up to {total}"


def _hold_rules(found: Contents) -> Iterator[str]:
    held = Counter({pk: -int(account.held) for pk, account in found.accounts.items()})
    for transfer in found.transfers.values():
        if transfer.status == "held":
            parts = {f"#{shard}": part for shard, part in (transfer.parts or {}).items()}
            if sum(parts.values()) != (transfer.amount if parts else 0):
                yield f"{transfer.transfer_id}: its parts are {parts}"
            for shard, part in (parts or {"": int(transfer.amount)}).items():
                held[f"ACCOUNT#{transfer.debit}{shard}"] += part
    for pk, difference in held.items():
        if difference:
            yield f"{pk}: its holds come to {difference} more than what it holds"


def _transfer_rules(found: Contents) -> Iterator[str]:
    balances: Counter[str] = Counter()
    reversed_amounts: Counter[str] = Counter()
    for transfer in found.transfers.values():
        moved, fee = _moved(transfer), _fee(transfer)
        balances[transfer.debit] -= moved - (fee if transfer.reverses else 0)
        balances[transfer.credit] += moved - (0 if transfer.reverses else fee)
        balances["system_fees"] += -fee if transfer.reverses else fee
        if transfer.reverses:
            reversed_amounts[transfer.reverses] += moved
    for account in found.accounts.values():
        balances[account.account_id] -= account.balance
    for account_id, difference in balances.items():
        if difference:
            yield f"{account_id}: its transfers come to {difference} more than its balance"
    for transfer_id, transfer in found.transfers.items():
        reversed_amount = reversed_amounts[transfer_id]
        if not reversed_amount == transfer.reversed_amount <= _moved(transfer):
            yield f"{transfer_id}: {reversed_amount} went back of {_moved(transfer)}"


def _chain_rules(found: Contents) -> Iterator[str]:
    for pk, account in found.accounts.items():
        if account.owner_kind != "user":
            continue
        entries = sorted(found.entries.get(pk, ()), key=lambda entry: entry.sk)
        if [entry.sequence for entry in entries] != list(range(1, int(account.entries) + 1)):
            yield f"{pk}: the chain of entries has a gap or another order"
        balance = 0
        for entry in entries:
            balance += _signed(entry)
            if entry.balance_after != balance:
                yield f"{pk}: {entry.sk} says {entry.balance_after}, not {balance}"
        if balance != account.balance:
            yield f"{pk}: its entries come to {balance}, its balance is {account.balance}"


def _entry_rules(found: Contents) -> Iterator[str]:
    shown: Counter[tuple[str, str]] = Counter()
    for pk, entries in found.entries.items():
        account_id = found.accounts[pk].account_id if pk in found.accounts else pk
        for entry in entries:
            shown[account_id, entry.transfer_id] += _signed(entry)
    of_the_house = {one.account_id for one in found.accounts.values() if one.owner_kind == "system"}
    for transfer_id, transfer in found.transfers.items():
        fee = _fee(transfer)
        for account_id, sign in ((transfer.debit, -1), (transfer.credit, 1)):
            fee_of_side = fee if account_id.startswith("m_") else 0
            amount = _moved(transfer) - fee_of_side
            moved = 0 if account_id in of_the_house else sign * amount
            if shown.pop((account_id, transfer_id), 0) != moved:
                yield f"{account_id}: its entries do not show {transfer_id} as it was"
    for account_id, transfer_id in shown:
        yield f"{account_id}: an entry shows {transfer_id}, which is none of its transfers"


def _signed(entry: Entry) -> int:
    return int(entry.amount) if entry.direction == "in" else -int(entry.amount)


def _fee(transfer: Transfer) -> int:
    """What of it went to the house instead of a merchant, or came from there."""
    return int(transfer.merchant_fee or 0) if transfer.status in _MOVED else 0


def _moved(transfer: Transfer) -> int:
    if transfer.status not in _MOVED:
        return 0
    return int(transfer.amount if transfer.settled_amount is None else transfer.settled_amount)
