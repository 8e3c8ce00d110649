"""The statement of a wallet: newest first, a page at a time."""

from functions.wallet.models import Counterparty, EntriesQuery, EntriesView, EntryView
from shared.identifiers import derived_id
from shared.ledger.accounts import SYSTEM_ACCOUNTS
from shared.ledger.records import IN, Entry
from shared.ledger.statement import Wanted, page
from shared.web.cursor import open_cursor, seal


def statement(user_id: str, query: EntriesQuery) -> EntriesView:
    """A page of a user's entries. Raises InvalidCursor."""
    wanted = Wanted(kind=query.kind, min_amount=query.min, max_amount=query.max, text=query.q)
    of = f"entries {user_id} {[*wanted]} {query.from_ms} {query.to_ms}"
    entries, last_key = page(
        user_id,
        limit=query.limit,
        wanted=wanted,
        from_ms=query.from_ms,
        to_ms=query.to_ms,
        after=open_cursor(query.cursor, of=of) if query.cursor is not None else None,
    )
    return EntriesView(
        items=[_view(entry) for entry in entries],
        next_cursor=seal(last_key, of=of) if last_key else None,
    )


def _view(entry: Entry) -> EntryView:
    return EntryView(
        id=derived_id("e", entry.pk, entry.sk),
        kind=entry.kind,
        direction="in" if entry.direction == IN else "out",
        amount=entry.amount,
        currency="CNY",
        balance_after=entry.balance_after,
        counterparty=_counterparty(entry),
        note=entry.note,
        created_at=entry.created_at,
        reference=entry.reference or entry.transfer_id,
    )


def _counterparty(entry: Entry) -> Counterparty | None:
    """The house's own accounts stay inside, but what one stands for may have a name: a bank."""
    account_id = str(entry.counterparty)
    if account_id in SYSTEM_ACCOUNTS and not entry.counterparty_label:
        return None
    is_user = account_id.startswith("u_")
    return Counterparty(user_id=account_id if is_user else None, name=entry.counterparty_label)
