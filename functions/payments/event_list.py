"""What a merchant was told: the list, each attempt, and telling it again."""

import json
from itertools import islice
from typing import Any

from functions.payments.models import (
    DeliveryView,
    EventDetailView,
    EventsQuery,
    EventsView,
    EventView,
)
from functions.payments.records import (
    DELIVERY,
    DELIVERY_PREFIX,
    WAITING,
    Delivery,
    Event,
    EventLine,
    event_key,
    event_line_key,
)
from shared import clock
from shared.errors import NotFound
from shared.settings import settings
from shared.table import change, due_shard, read
from shared.web.cursor import open_cursor, seal

_DELIVERIES_SHOWN = 50


def event_of(merchant_id: str, event: Event | None) -> Event:
    """An event for its merchant's eyes. Raises NotFound to all others, in the same words."""
    if event is None or event.merchant_id != merchant_id:
        raise NotFound
    return event


def events(merchant_id: str, query: EventsQuery) -> EventsView:
    """A page of a merchant's events, the newest first. Raises InvalidCursor."""
    of = f"merchant events {merchant_id}"
    pk = event_line_key(merchant_id, "", "").pk
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    lines = list(
        EventLine.query(
            pk,
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    shown = lines[: query.limit]
    keys = [event_key(line.event_id) for line in shown]
    found = [event for key in keys if (event := read(keys).one(Event, key))] if keys else []
    return EventsView(
        items=[view(event) for event in found],
        next_cursor=seal(shown[-1].sk, of=of) if len(lines) > len(shown) else None,
    )


def detail(event: Event) -> EventDetailView:
    """An event with its body and the latest attempts."""
    attempts = Delivery.query(
        event.pk,
        Delivery.sk.startswith(DELIVERY_PREFIX),
        consistent_read=True,
        scan_index_forward=False,
        limit=_DELIVERIES_SHOWN,
    )
    return EventDetailView(
        **_shown(event),
        body=json.loads(event.body),
        deliveries=[_delivery_view(one) for one in islice(attempts, _DELIVERIES_SHOWN)],
    )


def replay(event: Event) -> EventView:
    """Has an event delivered again, with all the attempts of a new one. It keeps id and body."""
    now = clock.seconds()
    change(
        event,
        [
            Event.status.set(WAITING),
            Event.tries.set(0),
            Event.since.set(now),
            Event.ended_at.remove(),
            Event.due_shard.set(due_shard(DELIVERY, event.event_id)),
            Event.due_at.set(now),
            Event.ttl.set(now + settings().events_kept_seconds),
        ],
        Event.event_id == event.event_id,
    )
    return view(event)


def view(event: Event) -> EventView:
    return EventView(**_shown(event))


def _shown(event: Event) -> dict[str, Any]:
    due_at = event.due_at
    return {
        "event_id": event.event_id,
        "type": event.type,
        "order_id": event.order_id,
        "settlement_id": event.settlement_id,
        "url": event.url,
        "status": event.status,
        "tries": event.tries,
        "next_try_at": None if due_at is None else clock.text_of(due_at * 1000),
        "created_at": event.created_at,
    }


def _delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        at=delivery.at,
        status=delivery.status,
        failure=delivery.failure,
        duration_ms=delivery.duration_ms,
    )
