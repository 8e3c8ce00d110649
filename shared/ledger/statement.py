"""The statement of an account, strongly consistent: newest first a page at a time, or from the
oldest on in chunks.
"""

from collections.abc import Iterator
from heapq import merge
from itertools import chain, islice
from typing import Any, NamedTuple

from pynamodb.expressions.condition import Condition

from shared.ledger.records import Entry, account_key
from shared.settings import settings

_READS_PER_PAGE_LIMIT = 5
_FILTERED_READ_SIZE = 400
_CHUNK_SIZE = 1_000
_LAST_MS = 9_999_999_999_999  # of the thirteen digits that sort as times do: the year 2286


class Page(NamedTuple):
    """Entries of one page, and the sort key to go on after (None at the end)."""

    entries: list[Entry]
    last_key: str | None


class Wanted(NamedTuple):
    """Which entries: of a kind, of an amount (minor units, both ends included), with a text in the
    note or the name of the other side, whatever its case.
    """

    kind: str | None = None
    min_amount: int | None = None
    max_amount: int | None = None
    text: str | None = None


ALL = Wanted()


def page(
    account_id: str,
    *,
    limit: int,
    wanted: Wanted = ALL,
    from_ms: int | None = None,
    to_ms: int | None = None,
    after: str | None = None,
) -> Page:
    """Up to `limit` entries, newest first.

    from_ms, to_ms: times in milliseconds since 1970, from inclusive, to exclusive.
    after: the `last_key` of the page before.
    Reading is bounded: where few are wanted a page may be short, or empty, and still have a
    `last_key`.
    """
    pk = account_key(account_id).pk
    lowest, highest = _bounds(from_ms, to_ms)
    if highest <= lowest:
        return Page([], None)
    reading = Entry.query(
        pk,
        Entry.sk.between(lowest, highest),
        filter_condition=_condition(wanted),
        consistent_read=True,
        scan_index_forward=False,
        last_evaluated_key=None if after is None else {"pk": {"S": pk}, "sk": {"S": after}},
        page_size=limit + 1 if wanted == ALL else _FILTERED_READ_SIZE,
    )
    entries: list[Entry] = []
    for answer in islice(reading.page_iter, _READS_PER_PAGE_LIMIT):
        found = (raw for raw in answer["Items"] if _has_text(raw, wanted.text))
        entries += [Entry.from_raw_data(raw) for raw in found]
        if len(entries) > limit:
            return Page(entries[:limit], entries[limit - 1].sk)
        last_read = answer.get("LastEvaluatedKey")
        if not last_read:
            return Page(entries, None)
    return Page(entries, last_read["sk"]["S"])


def chunks(
    account_id: str, *, from_ms: int, to_ms: int, after: str | None = None
) -> Iterator[list[Entry]]:
    """All entries of a time, oldest first, read as they are asked for: up to 1,000 at once.

    after: the sort key of the last one that is known already.
    """
    pk = account_key(account_id).pk
    lowest, highest = _bounds(from_ms, to_ms)
    if highest <= lowest:
        return
    reading = Entry.query(
        pk,
        Entry.sk.between(lowest, highest),
        consistent_read=True,
        last_evaluated_key=None if after is None else {"pk": {"S": pk}, "sk": {"S": after}},
        page_size=_CHUNK_SIZE,
    )
    for answer in reading.page_iter:
        if answer["Items"]:
            yield [Entry.from_raw_data(raw) for raw in answer["Items"]]


def shard_entries(account_id: str, *, from_ms: int, to_ms: int) -> Iterator[Entry]:
    """All entries of a time of an account that is split into shards, oldest first."""
    shards = (
        chain.from_iterable(chunks(f"{account_id}#{number}", from_ms=from_ms, to_ms=to_ms))
        for number in range(settings().merchant_account_shards)
    )
    return merge(*shards, key=lambda entry: (entry.sk, entry.pk))


def length(account_id: str, *, from_ms: int, to_ms: int) -> int:
    """How many entries a user's account has of a time, told from its first and its last: their
    sequence has no gap.
    """
    lowest, highest = _bounds(from_ms, to_ms)
    if highest <= lowest:
        return 0
    pk, within = account_key(account_id).pk, Entry.sk.between(lowest, highest)
    ends = [
        entry.sequence
        for forward in (True, False)
        for entry in Entry.query(
            pk, within, consistent_read=True, scan_index_forward=forward, limit=1
        )
    ]
    return ends[-1] - ends[0] + 1 if ends else 0


def _bounds(from_ms: int | None, to_ms: int | None) -> tuple[str, str]:
    """The sort keys between which the entries of a time are."""
    lowest = f"ENTRY#{min(from_ms or 0, _LAST_MS):013d}"
    return lowest, "ENTRY#~" if to_ms is None else f"ENTRY#{min(to_ms, _LAST_MS):013d}"


def _condition(wanted: Wanted) -> Condition | None:
    """What DynamoDB itself can leave out."""
    condition: Condition | None = None
    for value, part in (
        (wanted.kind, Entry.kind == wanted.kind),
        (wanted.min_amount, Entry.amount >= (wanted.min_amount or 0)),
        (wanted.max_amount, Entry.amount <= (wanted.max_amount or 0)),
    ):
        if value is not None:
            condition = part if condition is None else condition & part
    return condition


def _has_text(raw: dict[str, Any], text: str | None) -> bool:
    if text is None:
        return True
    places = (raw.get(name, {}).get("S", "") for name in ("note", "counterparty_label"))
    return any(text.casefold() in place.casefold() for place in places)
