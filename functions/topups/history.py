"""Top-ups as their owner sees them: one, or the list of all."""

from collections.abc import Iterator
from itertools import islice

from functions.topups.models import (
    AlipaySource,
    CardUsed,
    Checkout,
    TopUpsView,
    TopUpView,
    WechatPaySource,
)
from functions.topups.records import (
    EXPIRED,
    FAILED,
    LISTING_PREFIX,
    PENDING,
    Listing,
    TopUp,
    list_of,
    top_up_key,
)
from shared import clock
from shared.errors import NotFound, Problem
from shared.table import read
from shared.web.listing import newest_first
from shared.web.pages import PageQuery

_READ_AT_ONCE = 100


def view(top_up: TopUp, *, as_pending: bool = False) -> TopUpView:
    """A top-up as it stands, or as it was while nobody knew its outcome."""
    status = PENDING if as_pending else top_up.status
    refused = status in (FAILED, EXPIRED)
    return TopUpView(
        top_up_id=top_up.top_up_id,
        status=status,  # type: ignore[arg-type]  # our four words
        amount=top_up.amount,
        currency="CNY",
        source=_source(top_up),
        created_at=top_up.created_at,
        checkout=_checkout(top_up) if status == PENDING else None,
        reason=Problem.from_record(top_up.refusal).code if refused else None,
        refund=None if as_pending else top_up.refund_status,  # type: ignore[arg-type]  # of three
    )


def own(top_up: TopUp | None, user_id: str) -> TopUp:
    """A top-up that was found by its id, for its owner. Raises NotFound."""
    if top_up is None or top_up.user_id != user_id:
        raise NotFound
    return top_up


def top_up_of(user_id: str, top_up_id: str) -> TopUp:
    """Strongly consistent. Raises NotFound as `own` does."""
    key = top_up_key(top_up_id)
    return own(read([key]).one(TopUp, key), user_id)


def any_pending(user_id: str) -> bool:
    """Whether money may still come for a top-up that was begun. Reads all there are of a user."""
    lines = Listing.query(
        list_of(user_id), Listing.sk.startswith(LISTING_PREFIX), consistent_read=True
    )
    return any(top_up.status == PENDING for top_up in _listed(lines))


def newest(user_id: str, limit: int) -> list[TopUp]:
    """Up to `limit` of a user's top-ups, the newest first, strongly consistent."""
    lines = Listing.query(
        list_of(user_id),
        Listing.sk.startswith(LISTING_PREFIX),
        consistent_read=True,
        scan_index_forward=False,
        limit=limit,
    )
    return list(_listed(lines))


def history(user_id: str, query: PageQuery) -> TopUpsView:
    """A page of a user's top-ups, the newest first. Raises InvalidCursor."""
    lines, next_cursor = newest_first(
        Listing,
        list_of(user_id),
        prefix=LISTING_PREFIX,
        query=query,
        of=f"top-ups {user_id}",
    )
    items = [view(top_up) for top_up in _listed(iter(lines))]
    return TopUpsView(items=items, next_cursor=next_cursor)


def _listed(lines: Iterator[Listing]) -> Iterator[TopUp]:
    """The top-ups of some lines, in their order. What stands in a list is never deleted."""
    while keys := [top_up_key(line.top_up_id) for line in islice(lines, _READ_AT_ONCE)]:
        found = read(keys)
        for key in keys:
            top_up = found.one(TopUp, key)
            if top_up is None:
                raise NotFound
            yield top_up


def _source(top_up: TopUp) -> CardUsed | AlipaySource | WechatPaySource:
    if top_up.platform is None:
        return CardUsed(card_id=top_up.card_id, bank=top_up.bank, last4=top_up.last4)
    return AlipaySource() if top_up.platform == "alipay" else WechatPaySource()


def _checkout(top_up: TopUp) -> Checkout | None:
    if not top_up.checkout_url:
        return None
    return Checkout(url=top_up.checkout_url, expires_at=clock.text_of(top_up.expires_at * 1000))
