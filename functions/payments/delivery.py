"""Delivering events to merchants: at least once, over three days, until one is taken.

A schedule looks for what is due, and stays to look for more, so that a shop hears within seconds.
Shops that do not answer hold up nobody: all are called at once, and one that was silent is not
called again in the same run. Each attempt is recorded with its outcome before the next one is due.
"""

import hmac
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from urllib.parse import urlsplit

from pynamodb.expressions.update import Action

from functions.payments.merchants import find_merchant, secrets_of
from functions.payments.records import (
    DELIVERED,
    DELIVERY,
    FAILED,
    Delivery,
    Event,
    EventLine,
    delivery_key,
    event_line_key,
)
from functions.payments.sending import Sent, send
from shared import clock
from shared.errors import NotFound
from shared.observability import count
from shared.settings import settings
from shared.sweep import sweep
from shared.table import Cancelled, Write, due_shards, put, update, write

# How long after each attempt the next one comes; after the last, three days have passed.
WAITS_SECONDS = (
    *(15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400),
    *(21_600, 28_800, 36_000, 43_200, 50_400, 50_925),
)
_SILENT_SECONDS = 60
# So that even where no shop answers a look is over before the next run begins.
_AT_ONCE, _PER_LOOK = 24, 48
_LOOK_PAUSE_SECONDS = 2


def deliver_due() -> int:
    """Delivers what is due, and what becomes due meanwhile; how many events were dealt with.

    Raises SweepIncomplete.
    """
    handled, until = 0, time.monotonic() + settings().event_watch_seconds
    while True:
        found = list(islice(_due_events(), _PER_LOOK))
        handled += _deliver(found) if found else 0
        if time.monotonic() >= until:
            return handled
        if not found:
            time.sleep(_LOOK_PAUSE_SECONDS)


def _due_events() -> Iterator[Event]:
    for shard in due_shards(DELIVERY):
        yield from Event.due.query(shard, Event.due_at <= clock.seconds(), page_size=_PER_LOOK)


def _deliver(events: Sequence[Event]) -> int:
    silent: set[str] = set()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sent = {event.event_id: pool.submit(_sent, event, silent) for event in events}
    return sweep(
        "deliver_merchant_events", events, lambda event: _record(event, sent[event.event_id])
    )


def _sent(event: Event, silent: set[str]) -> Sent | None:
    """None where the server is one of the silent, so that nothing was tried."""
    server = urlsplit(event.url).netloc
    if server in silent:
        return None
    sent = send(event.url, event.body.encode(), _headers(event))
    if sent.status is None:
        silent.add(server)
    return sent


def signature(secrets: Sequence[str], timestamp: int, body: str) -> str:
    """`t=...,v1=...`, with a `v1` for each secret that the merchant may still go by."""
    signed = f"{timestamp}.{body}".encode()
    marks = [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])


def _headers(event: Event) -> dict[str, str]:
    merchant = find_merchant(event.merchant_id)
    if merchant is None:
        raise NotFound
    return {
        "Content-Type": "application/json",
        "User-Agent": "U-Wallet",
        "U-Wallet-Event": event.event_id,
        "U-Wallet-Signature": signature(secrets_of(merchant), clock.seconds(), event.body),
    }


def _record(event: Event, outcome: "Future[Sent | None]") -> None:
    """Writes down an attempt, and when the next one is, unless another run has."""
    sent = outcome.result()
    if sent is None:
        _write_once(event, [Event.due_at.set(clock.seconds() + _SILENT_SECONDS)])
        return
    tries = event.tries
    is_taken = sent.status is not None and 200 <= sent.status < 300
    actions: list[Action] = [Event.tries.set(tries + 1)]
    if is_taken or tries == len(WAITS_SECONDS):
        actions += [
            Event.status.set(DELIVERED if is_taken else FAILED),
            Event.ended_at.set(clock.now_text()),
            Event.due_shard.remove(),
            Event.due_at.remove(),
        ]
    else:
        actions.append(Event.due_at.set(clock.seconds() + WAITS_SECONDS[tries]))
    listing = [_line(event)] if tries == 0 else []
    if _write_once(event, actions, _attempt(event, sent), *listing):
        outcome_word = "delivered" if is_taken else sent.failure or "refused"
        count("MerchantEvents", outcome=outcome_word)


def _write_once(event: Event, actions: list[Action], *along: Write) -> bool:
    """Changes an event as it was read; False when another run or a replay was faster."""
    as_read = (Event.due_at == event.due_at) & (Event.tries == event.tries)
    own = update(Event(event.pk, event.sk), actions, as_read)
    try:
        write(own, *along)
    except Cancelled as cancelled:
        if not cancelled.failed(own):
            raise
        return False
    return True


def _attempt(event: Event, sent: Sent) -> Write:
    delivery = Delivery(
        *delivery_key(event.event_id, clock.milliseconds())[1:],
        at=clock.now_text(),
        status=sent.status,
        failure=sent.failure,
        duration_ms=sent.duration_ms,
        ttl=event.ttl,
    )
    return put(delivery)


def _line(event: Event) -> Write:
    """Its line in the list of the merchant; after a replay it is there already."""
    line = EventLine(
        *event_line_key(event.merchant_id, event.created_at, event.event_id)[1:],
        event_id=event.event_id,
        ttl=event.ttl,
    )
    same = EventLine.event_id.does_not_exist() | (EventLine.event_id == event.event_id)
    return put(line, same)
