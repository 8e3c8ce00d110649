"""Comparisons as finance sees them: one with the address of its report, or the list of all."""

import msgspec

from functions.reconciliation.models import CountsView, ReconciliationPage, ReconciliationView
from functions.reconciliation.records import DAY_PREFIX, Reconciliation, reconciliation_key
from functions.reconciliation.report import address_of
from shared.errors import NotFound
from shared.table import read
from shared.web.listing import newest_first
from shared.web.pages import PageQuery


def list_reconciliations(query: PageQuery) -> ReconciliationPage:
    """A page of them, the newest first. Raises InvalidCursor."""
    pk = reconciliation_key("").pk
    records, next_cursor = newest_first(Reconciliation, pk, prefix=DAY_PREFIX, query=query, of=pk)
    return ReconciliationPage(items=[_view(one) for one in records], next_cursor=next_cursor)


def show_reconciliation(day: str) -> ReconciliationView:
    """One day. Raises NotFound."""
    key = reconciliation_key(day)
    record = read([key]).one(Reconciliation, key)
    if record is None:
        raise NotFound
    url = address_of(record.report_key) if record.report_key else None
    return msgspec.structs.replace(_view(record), report_url=url)


def _view(record: Reconciliation) -> ReconciliationView:
    return ReconciliationView(
        day=record.day,
        status=record.status,  # type: ignore[arg-type]  # our three words
        why=record.why,
        counts=msgspec.convert(record.counts, CountsView) if record.counts else None,
        done_at=record.done_at,
    )
