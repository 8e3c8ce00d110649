"""The ledger without one of its conditions, or with a record spoilt, to see who notices."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from shared.ledger import posting
from shared.ledger.records import Transfer
from shared.table import LedgerRecord, Write, write
from tests.conftest import ledger_items


@contextmanager
def without_idempotency() -> Iterator[None]:
    """A transfer is written whether one with its id stands already or not."""
    with _changed(_unconditional_transfer):
        yield


@contextmanager
def without_funds() -> Iterator[None]:
    """An account is debited whether it has the money or not."""
    with _changed(_any_balance_will_do):
        yield


def spoil(kind: type[LedgerRecord], pk: str, sk: str, **changes: object) -> Callable[[], None]:
    """Changes one record behind the back of the ledger; without changes takes it away."""

    def spoilt() -> None:
        record = next(
            kind.from_raw_data(item)
            for item in ledger_items()
            if item["pk"]["S"] == pk and item["sk"]["S"].startswith(sk)
        )
        for name, value in changes.items():
            setattr(record, name, value)
        record.save() if changes else record.delete()

    return spoilt


@contextmanager
def _changed(change: Callable[[Write], None]) -> Iterator[None]:
    """Every part of a transaction of the ledger is changed in place before it is written."""

    def write_changed(*parts: Write) -> None:
        for part in parts:
            change(part)
        write(*parts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posting, "write", write_changed)
        yield


def _unconditional_transfer(part: Write) -> None:
    if part.operation == "Put" and isinstance(part.record, Transfer):
        for name in part.request.keys() - {"TableName", "Item"}:
            del part.request[name]


def _any_balance_will_do(part: Write) -> None:
    request = part.request
    names = {name: key for key, name in request.get("ExpressionAttributeNames", {}).items()}
    if part.operation != "Update" or "available" not in names:
        return
    available = names["available"]
    request["ConditionExpression"] = re.sub(
        rf"{available} >= :\d+", f"attribute_exists({available})", request["ConditionExpression"]
    )
    used = " ".join([request["ConditionExpression"], request["UpdateExpression"]])
    values = request["ExpressionAttributeValues"]
    request["ExpressionAttributeValues"] = {
        key: value for key, value in values.items() if re.search(rf"{key}\b", used)
    }
