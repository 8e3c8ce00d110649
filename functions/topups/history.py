"""Top-ups as their owner sees them: one, or the list of all."""

from functions.topups.models import CardUsed, TopUpsView, TopUpView
from functions.topups.records import (
    EXPIRED,
    FAILED,
    LISTING_PREFIX,
    PENDING,
    Listing,
    TopUp,
    top_up_key,
)
from shared.errors import NotFound, Problem
from shared.table import read
from shared.web.listing import newest_first
from shared.web.pages import PageQuery


def view(top_up: TopUp | None, *, as_pending: bool = False) -> TopUpView:
    """A top-up as it stands, or as it was while nobody knew its outcome. Raises NotFound."""
    if top_up is None:
        raise NotFound
    refused = top_up.status in (FAILED, EXPIRED) and not as_pending
    return TopUpView(
        top_up_id=top_up.top_up_id,
        status=PENDING if as_pending else top_up.status,  # type: ignore[arg-type]  # our four words
        amount=int(top_up.amount),
        currency="CNY",
        source=CardUsed(card_id=top_up.card_id, bank=top_up.bank, last4=top_up.last4),
        created_at=top_up.created_at,
        reason=Problem.from_record(top_up.refusal).code if refused else None,
    )


def any_pending(user_id: str) -> bool:
    """Whether money may still come for a top-up that was begun. Reads all there are of a user."""
    key = top_up_key(user_id, "")
    waiting = TopUp.status == PENDING
    found = TopUp.query(
        key.pk, TopUp.sk.startswith(key.sk), filter_condition=waiting, consistent_read=True
    )
    return any(True for _ in found)


def history(user_id: str, query: PageQuery) -> TopUpsView:
    """A page of a user's top-ups, the newest first. Raises InvalidCursor."""
    pk, of = top_up_key(user_id, "").pk, f"top-ups {user_id}"
    lines, next_cursor = newest_first(Listing, pk, prefix=LISTING_PREFIX, query=query, of=of)
    keys = [top_up_key(user_id, line.top_up_id) for line in lines]
    found = read(keys) if keys else None
    items = [view(found.one(TopUp, key)) for key in keys] if found else []
    return TopUpsView(items=items, next_cursor=next_cursor)
