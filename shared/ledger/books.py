"""The check of the books: does what the ledger says add up?

A scan sees the ledger at many moments, and money moves while it runs. So a difference counts only
when it stands still: it is looked at again until it is gone or has been the same several times.

Proven for each account with entries: its entries add up to its balance and form a chain without a
gap. For each account: what it holds is what the transfers on hold say, none is below zero but the
house's own. For each currency: all balances add up to zero. For each hold: its owner exists.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from shared.dynamodb import connection
from shared.ledger.records import HELD, IN, SYSTEM, USER
from shared.observability import count, logger
from shared.settings import settings

_LOOKS = 6
_STANDS_FOR_LOOKS = 3
_IMBALANCE = "balances do not add up to zero"
_REPORTED_LIMIT = 100


class Difference(NamedTuple):
    """Something that does not add up: where, which rule, and by how many minor units."""

    where: str
    rule: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class BooksReport:
    """What a check found. `imbalance` is the sum of all balances by currency, zero when sound."""

    accounts: int
    entries: int
    holds: int
    imbalance: dict[str, int]
    differences: list[Difference]

    @property
    def sound(self) -> bool:
        return not self.differences and not any(self.imbalance.values())


@dataclass(slots=True)
class _Tally:
    """One account as the scan meets its parts."""

    owner_kind: str | None = None
    available: int = 0
    held: int = 0
    sequence: int = 0
    entries: int = 0
    entered: int = 0
    holds: int = 0


@dataclass
class _Look:
    tallies: dict[str, _Tally] = field(default_factory=lambda: defaultdict(_Tally))
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    holds: int = 0


def check_books() -> BooksReport:
    """Looks at the whole ledger until differences are gone or stand still, and says what it saw.

    Raises the metrics `LedgerImbalance` (minor units) and `BooksDifferences`, zero when sound.
    """
    seen: dict[Difference, int] = {}
    for _ in range(_LOOKS):
        look = _look()
        # How many looks in a row each has been the same; what is not seen any more is forgotten.
        seen = {difference: seen.get(difference, 0) + 1 for difference in _differences(look)}
        if all(times >= _STANDS_FOR_LOOKS for times in seen.values()):
            break
    standing = [difference for difference, times in seen.items() if times >= _STANDS_FOR_LOOKS]
    report = _report(look, standing)
    _tell(report)
    return report


def _look() -> _Look:
    look = _Look()
    for item in _scan():
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if sk == "ACCOUNT":
            _see_account(look, pk, item)
        elif sk.startswith("ENTRY#"):
            tally = look.tallies[pk]
            tally.entries += 1
            sign = 1 if item["direction"]["S"] == IN else -1
            tally.entered += sign * int(item["amount"]["N"])
        elif sk == "TRANSFER" and item["status"]["S"] == HELD:
            look.holds += 1
            for where, amount in _held_by(item):
                look.tallies[where].holds += amount
    return look


def _held_by(transfer: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Where a hold lies: in one account, or in parts in the shards of one."""
    account = f"ACCOUNT#{transfer['debit']['S']}"
    if "parts" not in transfer:
        yield account, int(transfer["amount"]["N"])
        return
    for shard, part in msgspec.json.decode(transfer["parts"]["S"], type=dict[str, int]).items():
        yield f"{account}#{shard}", part


def _see_account(look: _Look, pk: str, item: dict[str, Any]) -> None:
    tally = look.tallies[pk]
    tally.owner_kind = item["owner_kind"]["S"]
    tally.available = int(item["available"]["N"])
    tally.held = int(item["held"]["N"])
    tally.sequence = int(item["entries"]["N"])
    look.balances[item["currency"]["S"]] += tally.available + tally.held


def _scan() -> Iterator[dict[str, Any]]:
    request: dict[str, Any] = {
        "TableName": settings().ledger_table,
        "ConsistentRead": True,
        "ProjectionExpression": (
            "pk, sk, owner_kind, available, held, entries, currency, direction, amount, #s, debit, "
            "parts"
        ),
        "ExpressionAttributeNames": {"#s": "status"},
    }
    while True:
        answer = connection().dispatch("Scan", request)
        yield from answer["Items"]
        if not (last := answer.get("LastEvaluatedKey")):
            return
        request["ExclusiveStartKey"] = last


def _differences(look: _Look) -> Iterator[Difference]:
    for where, tally in sorted(look.tallies.items()):
        for rule, amount in _broken_rules(tally):
            if amount:
                yield Difference(where, rule, amount)
    for currency, total in look.balances.items():
        if total:
            yield Difference(currency, _IMBALANCE, total)


def _broken_rules(tally: _Tally) -> Iterator[tuple[str, int]]:
    if tally.owner_kind is None:
        yield "entries or holds without an account", tally.holds or tally.entered or tally.entries
        return
    yield "held is not the sum of its holds", tally.held - tally.holds
    yield "held is below zero", min(tally.held, 0)
    if tally.owner_kind != SYSTEM:
        balance = tally.available + tally.held
        yield "balance is not the sum of its entries", balance - tally.entered
        yield "available is below zero", min(tally.available, 0)
    if tally.owner_kind == USER:
        yield "the chain of entries has a gap", tally.sequence - tally.entries


def _report(look: _Look, standing: list[Difference]) -> BooksReport:
    imbalance = dict.fromkeys(look.balances, 0)
    imbalance |= {found.where: found.amount for found in standing if found.rule == _IMBALANCE}
    return BooksReport(
        accounts=sum(1 for tally in look.tallies.values() if tally.owner_kind),
        entries=sum(tally.entries for tally in look.tallies.values()),
        holds=look.holds,
        imbalance=imbalance,
        differences=[found for found in standing if found.rule != _IMBALANCE],
    )


def _tell(report: BooksReport) -> None:
    count("LedgerImbalance", sum(abs(amount) for amount in report.imbalance.values()))
    count("BooksDifferences", len(report.differences))
    logger.info(
        "books_checked",
        extra={
            "accounts": report.accounts,
            "entries": report.entries,
            "holds": report.holds,
            "imbalance": report.imbalance,
            "differences": [list(one) for one in report.differences[:_REPORTED_LIMIT]],
        },
    )
