"""Goes on with orders when their time has come, and carries notifications to the wallet."""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor

import urllib3
from urllib3.exceptions import HTTPError

from infra.sandbox import signature
from infra.sandbox.orders import Orders
from infra.sandbox.outbox import EARLY_SECONDS, Notification, Outbox
from infra.sandbox.outcome import moment, now

LOOK_SECONDS = 0.05
SENT_AT_ONCE = 16
ANSWER_SECONDS = 5
log = logging.getLogger(__name__)


class Courier:
    """Everything stands in the books, so the next start goes on where this one has ended."""

    def __init__(self, *, orders: Orders, outbox: Outbox, key: bytes) -> None:
        self._orders = orders
        self._outbox = outbox
        self._key = key
        self._http = urllib3.PoolManager(maxsize=SENT_AT_ONCE, retries=False)
        self._threads = ThreadPoolExecutor(SENT_AT_ONCE)
        self._on_the_way: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._orders.take_due_steps()
            for notification in self._outbox.due(moment(), limit=SENT_AT_ONCE):
                self._send(notification)
            await asyncio.sleep(LOOK_SECONDS)

    async def tell_early(self, order_id: str) -> None:
        """Sends what shall come before the answer to the order, and waits a while for its end."""
        self._orders.take_due_steps()
        notification = self._outbox.early_of(order_id)
        if notification:
            await asyncio.wait([self._send(notification)], timeout=EARLY_SECONDS)

    def _send(self, notification: Notification) -> "asyncio.Task[None]":
        """One try at a time."""
        event_id = notification.event_id
        if event_id not in self._on_the_way:
            task = asyncio.create_task(self._carry(notification))
            self._on_the_way[event_id] = task
            task.add_done_callback(lambda _: self._on_the_way.pop(event_id))
        return self._on_the_way[event_id]

    async def _carry(self, notification: Notification) -> None:
        url = f"{self._outbox.notify_url()}/{notification.topic}"
        loop = asyncio.get_running_loop()
        status = await loop.run_in_executor(self._threads, self._post, url, notification)
        taken = status is not None and 200 <= status < 300
        self._outbox.was_sent(notification, taken=taken, now=moment())
        told = {"event": "notified", "topic": notification.topic, "status": status}
        log.info(json.dumps(told))

    def _post(self, url: str, notification: Notification) -> int | None:
        """None when there is no answer."""
        body = notification.body.encode()
        try:
            answer = self._http.request(
                "POST",
                url,
                body=body,
                headers=self._headers(notification, body),
                timeout=ANSWER_SECONDS,
            )
        except HTTPError:
            return None
        return answer.status

    def _headers(self, notification: Notification, body: bytes) -> dict[str, str]:
        timestamp = str(now())
        return {
            "Content-Type": "application/json",
            "Bank-Event-Id": notification.event_id,
            "Bank-Timestamp": timestamp,
            "Bank-Signature": signature.of_notification(
                signature.FORGERS_KEY if notification.fault == "forged" else self._key,
                event_id=notification.event_id,
                timestamp=timestamp,
                digest=signature.digest(body),
            ),
        }
