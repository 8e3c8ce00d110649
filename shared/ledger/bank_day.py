"""What has moved on our account at the bank, by the day on which it did.

Such a transfer stands for good in the index `due` under its day, written with the transfer itself:
no item and no call more, and nothing at all for a transfer between people.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from shared import clock
from shared.dynamodb import connection
from shared.ledger.accounts import BANK_SETTLEMENT
from shared.ledger.records import Transfer
from shared.settings import settings
from shared.table import due_shard, due_shards


class Moved(NamedTuple):
    """change: of what the bank owes us, in minor units: above zero where money came to the bank."""

    transfer_id: str
    kind: str
    change: int


def put_in_day(transfer: Transfer) -> None:
    """Puts a transfer that moves now among those of this local day, when it is one of the bank's.

    The transfer is not yet written.
    """
    if BANK_SETTLEMENT in (transfer.debit, transfer.credit):
        transfer.due_shard = due_shard(_of(clock.local_day()), transfer.transfer_id)
        transfer.due_at = clock.seconds()


def moved_on(day: str) -> Iterator[Moved]:
    """All that moved on a local day (`2026-11-22`), in no order."""
    for shard in due_shards(_of(day)):
        for item in _query(shard):
            amount = item.get("settled_amount") or item["amount"]
            sign = 1 if item["debit"]["S"] == BANK_SETTLEMENT else -1
            yield Moved(item["transfer_id"]["S"], item["kind"]["S"], sign * int(amount["N"]))


def day_moved(transfer: Transfer) -> str | None:
    """The day whose books of the bank a transfer is part of; None when of none, or not yet."""
    purpose = (transfer.due_shard or "").rpartition("#")[0]
    return purpose.removeprefix(_of("")) if purpose.startswith(_of("")) else None


def change_of(transfer: Transfer) -> int:
    """As `Moved.change`, of a transfer that has moved."""
    settled = transfer.settled_amount
    amount = transfer.amount if settled is None else settled
    return amount if transfer.debit == BANK_SETTLEMENT else -amount


def _of(day: str) -> str:
    return f"bank#{day}"


def _query(shard: str) -> Iterator[dict[str, Any]]:
    request: dict[str, Any] = {
        "TableName": settings().ledger_table,
        "IndexName": Transfer.due.Meta.index_name,
        "KeyConditionExpression": "due_shard = :shard",
        "ExpressionAttributeValues": {":shard": {"S": shard}},
        "ProjectionExpression": "transfer_id, kind, debit, amount, settled_amount",
    }
    while True:
        answer = connection().dispatch("Query", request)
        yield from answer["Items"]
        if not (last := answer.get("LastEvaluatedKey")):
            return
        request["ExclusiveStartKey"] = last
