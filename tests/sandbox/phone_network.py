"""Stands in for SNS: takes text messages over HTTP, and can be out of order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

_PUBLISHED = (
    b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
    b"<MessageId>00000000-0000-0000-0000-000000000000</MessageId></PublishResult></PublishResponse>"
)


@dataclass
class PhoneNetwork:
    url: str
    messages: list[tuple[str, str]] = field(default_factory=list)
    is_down: bool = False


@contextmanager
def phone_network() -> Iterator[PhoneNetwork]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if not network.is_down:
                network.messages.append((sent["PhoneNumber"][0], sent["Message"][0]))
            self.send_response(500 if network.is_down else 200)
            self.send_header("Content-Length", str(len(_PUBLISHED)))
            self.end_headers()
            self.wfile.write(_PUBLISHED)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        network = PhoneNetwork(url=f"http://127.0.0.1:{server.server_port}")
        thread = Thread(
            target=server.serve_forever, args=[0.01]
        )  # seconds between looks for the end
        thread.start()
        try:
            yield network
        finally:
            server.shutdown()
            thread.join()
