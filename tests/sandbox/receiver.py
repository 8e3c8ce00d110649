"""Stands in the wallet's place where the bank sends its notifications, and can refuse them."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.sandbox.running import KEY
from tests.sandbox.signed_client import sha256, sign

PATIENCE_SECONDS = 15


@dataclass(frozen=True)
class Delivery:
    """headers: by lower-case name. came_at: seconds of a clock that only runs."""

    path: str
    headers: dict[str, str]
    body: bytes
    came_at: float

    @property
    def order(self) -> dict[str, Any]:
        """What it tells of: the charge or the payout."""
        (order,) = json.loads(self.body).values()
        return dict(order)

    @property
    def event_id(self) -> str:
        return self.headers["bank-event-id"]

    def is_signed(self) -> bool:
        lines = (self.event_id, self.headers["bank-timestamp"], sha256(self.body))
        return self.headers["bank-signature"] == sign(KEY, *lines)


@dataclass
class Receiver:
    """refusals: how many of the next deliveries are answered 503."""

    url: str
    deliveries: list[Delivery] = field(default_factory=list)
    refusals: int = 0

    def of(self, reference: object) -> list[Delivery]:
        """In the order in which they came."""
        return [one for one in self.deliveries if one.order["reference"] == reference]

    def statuses_of(self, reference: object) -> list[str]:
        return [one.order["status"] for one in self.of(reference)]

    def wait_for(self, reference: object, count: int = 1) -> list[Delivery]:
        wait_until(lambda: len(self.of(reference)) >= count)
        return self.of(reference)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            running.deliveries.append(Delivery(self.path, headers, body, time.monotonic()))
            refused = running.refusals > 0
            running.refusals -= refused
            self.send_response(503 if refused else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running = Receiver(url=f"http://127.0.0.1:{server.server_port}")
        thread = Thread(
            target=server.serve_forever, args=[0.01]
        )  # seconds between looks for the end
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()
