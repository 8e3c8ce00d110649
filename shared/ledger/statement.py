"""The statement of an account: newest first, strongly consistent, a page at a time."""

from itertools import islice
from typing import NamedTuple

from shared.ledger.records import Entry, account_key

_READS_PER_PAGE_LIMIT = 5
_FILTERED_READ_SIZE = 400
_LAST_MS = 9_999_999_999_999  # of the thirteen digits that sort as times do: the year 2286


class Page(NamedTuple):
    """Entries of one page, and the sort key to go on after (None at the end)."""

    entries: list[Entry]
    last_key: str | None


def page(
    account_id: str,
    *,
    limit: int,
    kind: str | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    after: str | None = None,
) -> Page:
    """Up to `limit` entries, newest first.

    kind: only entries of this kind. from_ms, to_ms: times in milliseconds since 1970, from
    inclusive, to exclusive. after: the `last_key` of the page before.
    Reading is bounded: with a rare kind a page may be short, or empty, and still have a `last_key`.
    """
    pk = account_key(account_id).pk
    lowest = f"ENTRY#{min(from_ms or 0, _LAST_MS):013d}"
    highest = "ENTRY#~" if to_ms is None else f"ENTRY#{min(to_ms, _LAST_MS):013d}"
    if highest <= lowest:
        return Page([], None)
    reading = Entry.query(
        pk,
        Entry.sk.between(lowest, highest),
        filter_condition=None if kind is None else Entry.kind == kind,
        consistent_read=True,
        scan_index_forward=False,
        last_evaluated_key=None if after is None else {"pk": {"S": pk}, "sk": {"S": after}},
        page_size=limit + 1 if kind is None else _FILTERED_READ_SIZE,
    )
    entries: list[Entry] = []
    for answer in islice(reading.page_iter, _READS_PER_PAGE_LIMIT):
        entries += [Entry.from_raw_data(raw) for raw in answer["Items"]]
        if len(entries) > limit:
            return Page(entries[:limit], entries[limit - 1].sk)
        last_read = answer.get("LastEvaluatedKey")
        if not last_read:
            return Page(entries, None)
    return Page(entries, last_read["sk"]["S"])
