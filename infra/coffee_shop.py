"""A small shop with a server of its own: it orders, hears of payments by webhook, and refunds.

It believes nothing but what the wallet has signed. It can go down and come back, at the same port.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from infra.merchant_client import MerchantClient, is_from_wallet


class CoffeeShop:
    """statuses: what the shop knows of its orders, by its own numbers; only webhooks change it.

    heard: the ids of all events that came, the forged ones not. forged: how many of those came.
    """

    def __init__(self, client: MerchantClient) -> None:
        self.statuses: dict[str, str] = {}
        self.heard: list[str] = []
        self.forged = 0
        self._client = client
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    def open(self) -> None:
        """Listens, from the second time on where it listened before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_port
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Hears nothing any more."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def hook(self) -> str:
        return f"http://127.0.0.1:{self._port}/hooks"

    def sell(self, number: str, amount: int) -> str:
        """Orders, and gives the id that the customer pays."""
        body = {
            "merchant_order_id": number,
            "amount": amount,
            "currency": "CNY",
            "subject": "Two coffees",
            "notify_url": self.hook,
        }
        self.statuses[number] = "open"
        return str(self.must(201, "POST", "/v1/merchant/orders", body)["order_id"])

    def refund(self, order_id: str, amount: int, *, number: str) -> None:
        body = {"merchant_refund_id": number, "amount": amount}
        self.must(201, "POST", f"/v1/merchant/orders/{order_id}/refunds", body)

    def events(self) -> list[dict[str, Any]]:
        """What the wallet says to have told it, the newest first."""
        items: list[dict[str, Any]] = self.must(200, "GET", "/v1/merchant/events")["items"]
        return items

    def must(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """The body of an answer that has to have this status. Raises Unexpected."""
        return self._client.must(status, method, path, body)

    def hear(self, signature: str, body: bytes) -> int:
        """Takes a webhook in; the status to answer."""
        if not is_from_wallet(signature, body, secret=self._client.secret):
            self.forged += 1
            return 401
        event = json.loads(body)
        if event["event_id"] not in self.heard:
            self.heard.append(event["event_id"])
            order = event["order"]
            self.statuses[order["merchant_order_id"]] = order["status"]
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(shop.hear(self.headers["U-Wallet-Signature"] or "", body))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler
