"""Tells the merchant of orders that were paid, and tells it again until it was taken."""

import asyncio
import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import urllib3
from urllib3.exceptions import HTTPError

from infra.sandbox.faults import NotificationFault, Planned
from infra.sandbox.outbox import (
    DUPLICATE_COPIES,
    FIRST_PAUSE_SECONDS,
    LATE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    REORDERED_SECONDS,
    TRIES_LIMIT,
)
from infra.sandbox.outcome import now
from infra.sandbox.platforms.orders import Kind, Order
from infra.sandbox.platforms.voice import Voice

ANSWER_SECONDS = 5
SENT_AT_ONCE = 8
log = logging.getLogger(__name__)


class Messenger:
    """What it has not told when the sandbox ends is never told: the merchant must ask."""

    def __init__(self, voices: Mapping[Kind, Voice], faults: Planned[NotificationFault]) -> None:
        self._voices = voices
        self._faults = faults
        self._http = urllib3.PoolManager(maxsize=SENT_AT_ONCE, retries=False)
        self._threads = ThreadPoolExecutor(SENT_AT_ONCE)
        self._at_work: set[asyncio.Task[None]] = set()
        self._another_was_taken = asyncio.Event()

    def tell(self, order: Order) -> None:
        """The faults are those of the bank's notifications; `early` means nothing here."""
        fault = self._faults.next()
        if fault == "withheld":
            return
        task = asyncio.get_running_loop().create_task(self._tell(order, fault))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _tell(self, order: Order, fault: NotificationFault | None) -> None:
        if fault == "late":
            await asyncio.sleep(LATE_SECONDS)
        if fault == "reordered":
            await self._wait_for_another()
        if fault == "forged":
            await self._send(order, wrongly=True)
        for _ in range(DUPLICATE_COPIES if fault == "duplicate" else 1):
            await self._send_until_taken(order)
        self._another_was_taken.set()
        self._another_was_taken.clear()

    async def _wait_for_another(self) -> None:
        try:
            await asyncio.wait_for(self._another_was_taken.wait(), REORDERED_SECONDS)
        except TimeoutError:
            log.info(json.dumps({"event": "no_other_notification"}))

    async def _send_until_taken(self, order: Order) -> None:
        for tries in range(TRIES_LIMIT):
            if await self._send(order):
                return
            await asyncio.sleep(
                min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries, 10))
            )

    async def _send(self, order: Order, *, wrongly: bool = False) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._post, order, wrongly)

    def _post(self, order: Order, wrongly: bool) -> bool:
        voice = self._voices[order.kind]
        headers, body = voice.notification(order, at=now(), wrongly=wrongly)
        try:
            answer = self._http.request(
                "POST", order.notify_url, body=body, headers=headers, timeout=ANSWER_SECONDS
            )
        except HTTPError:
            return False
        taken = voice.is_taken(answer.status, answer.data)
        told = {"event": "notified", "kind": order.kind, "status": answer.status, "taken": taken}
        log.info(json.dumps(told))
        return taken
