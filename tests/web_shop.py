"""A web shop's address for webhooks: a real server that keeps what it gets and answers as told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class WebShop:
    """url: where it listens. answers: the statuses of its next answers, then 204 for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def web_shop() -> Iterator[WebShop]:
    """Listens on a free port of this machine until the block ends."""
    shop = WebShop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.got.append((dict(self.headers), body))
            status = shop.answers.pop(0) if shop.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{shop.url}/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop.url = f"http://127.0.0.1:{server.server_port}/hooks"
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield shop
        server.shutdown()
        serving.join()
