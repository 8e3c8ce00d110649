"""What merchants hear of: events, each written together with what it tells of.

Because an event is a part of that write, there is none for what did not happen, and none is missing
for what did. `delivery.py` sends them.
"""

from enum import StrEnum
from typing import Any

import msgspec

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


def announcing(happened: Happened, order: Order, refund: Refund | None = None) -> list[Write]:
    """The write of the event, to go into the transaction that makes it true; none where the
    merchant has named no address.

    order: as it is then.
    """
    if not order.notify_url:
        return []
    event_id = derived_id("ev", happened, refund.refund_id if refund else order.order_id)
    now = clock.seconds()
    event = Event(
        *event_key(event_id)[1:],
        event_id=event_id,
        merchant_id=order.merchant_id,
        type=happened.value,
        order_id=order.order_id,
        url=order.notify_url,
        body=_body(event_id, happened, order, refund),
        since=now,
        created_at=clock.now_text(),
        due_shard=due_shard(DELIVERY, event_id),
        due_at=now,
        ttl=now + settings().events_kept_seconds,
    )
    return [put(event)]


def _body(event_id: str, happened: Happened, order: Order, refund: Refund | None) -> str:
    told: dict[str, Any] = {
        "event_id": event_id,
        "type": happened.value,
        "created_at": clock.now_text(),
        "merchant_id": order.merchant_id,
        "order": merchant_order(order),
    }
    if refund:
        told["refund"] = refund_view(refund)
    return msgspec.json.encode(told).decode()
