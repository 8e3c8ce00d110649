"""What merchants hear of: events, each written together with what it tells of.

Because an event is a part of that write, there is none for what did not happen, and none is missing
for what did. `delivery.py` sends them.
"""

from enum import StrEnum
from typing import Any

import msgspec

from functions.payments.merchants import find_merchant
from functions.payments.records import DELIVERY, Event, Order, Refund, event_key
from functions.payments.views import merchant_order, refund_view
from shared import clock
from shared.identifiers import derived_id
from shared.settings import settings
from shared.table import Write, due_shard, put


class Happened(StrEnum):
    PAYMENT_SUCCEEDED = "payment.succeeded"
    REFUND_SUCCEEDED = "refund.succeeded"
    ORDER_CLOSED = "order.closed"
    ORDER_EXPIRED = "order.expired"
    SETTLEMENT_PAID = "settlement.paid"
    SETTLEMENT_FAILED = "settlement.failed"
    SETTLEMENT_REVERSED = "settlement.reversed"


def announcing(happened: Happened, order: Order, refund: Refund | None = None) -> list[Write]:
    """The write of the event, to go into the transaction that makes it true; none where the
    merchant has named no address.

    order: as it is then.
    """
    told: dict[str, Any] = {"order": merchant_order(order)}
    if refund:
        told["refund"] = refund_view(refund)
    event_id = derived_id("ev", happened, refund.refund_id if refund else order.order_id)
    return _event(
        event_id, happened, order.merchant_id, order.notify_url, told, order_id=order.order_id
    )


def announcing_settlement(
    happened: Happened, merchant_id: str, *, settlement_id: str, settlement: Any
) -> list[Write]:
    """The same of money that goes to the merchant's bank card.

    settlement: as the merchant sees it then.
    """
    merchant = find_merchant(merchant_id)
    return _event(
        derived_id("ev", happened, settlement_id),
        happened,
        merchant_id,
        None if merchant is None else merchant.notify_url,
        {"settlement": settlement},
        settlement_id=settlement_id,
    )


def _event(
    event_id: str,
    happened: Happened,
    merchant_id: str,
    url: str | None,
    told: dict[str, Any],
    **about: str,
) -> list[Write]:
    if not url:
        return []
    now = clock.seconds()
    event = Event(
        *event_key(event_id)[1:],
        event_id=event_id,
        merchant_id=merchant_id,
        type=happened.value,
        **about,
        url=url,
        body=_body(event_id, happened, merchant_id, told),
        since=now,
        created_at=clock.now_text(),
        due_shard=due_shard(DELIVERY, event_id),
        due_at=now,
        ttl=now + settings().events_kept_seconds,
    )
    return [put(event)]


def _body(event_id: str, happened: Happened, merchant_id: str, told: dict[str, Any]) -> str:
    whole = {
        "event_id": event_id,
        "type": happened.value,
        "created_at": clock.now_text(),
        "merchant_id": merchant_id,
        **told,
    }
    return msgspec.json.encode(whole).decode()
