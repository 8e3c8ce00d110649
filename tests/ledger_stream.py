"""What the stream of the ledger would say, made from what the ledger really wrote."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conftest import ledger_items

Change = dict[str, Any]
_numbers = itertools.count(10**20)


@contextmanager
def ledger_stream() -> Iterator[list[Change]]:
    """The records of what is written within the block; they are there when it ends.

    In each partition as they were made; between partitions there is no order, as in a real stream.
    """
    before: dict[tuple[str, str], Any] = _by_key()
    records: list[Change] = []
    yield records
    after = sorted(_by_key().items())
    records += [_record(new, before.get(key)) for key, new in after if new != before.get(key)]


def event(records: list[Change]) -> dict[str, list[Change]]:
    """What Lambda hands to the function."""
    return {"Records": records}


def _by_key() -> dict[tuple[str, str], Any]:
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in ledger_items()}


def _record(new: dict[str, Any], old: dict[str, Any] | None) -> Change:
    change: Change = {
        "Keys": {"pk": new["pk"], "sk": new["sk"]},
        "NewImage": new,
        "SequenceNumber": str(next(_numbers)),
        "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if old is not None:
        change["OldImage"] = old
    return {
        "eventID": "1",
        "eventName": "INSERT" if old is None else "MODIFY",
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.1",
        "awsRegion": "ap-southeast-1",
        "dynamodb": change,
    }
