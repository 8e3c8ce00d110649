"""A server in the bank's place, which gives one prepared answer to everything."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.sandbox.running import KEY


@dataclass
class Impostor:
    """signed_for: the nonce in its signature; `own` is the request's, None means unsigned."""

    status: int
    body: bytes
    signed_for: str | None = "own"
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    calls: int = 0

    def signature(self, nonce: str) -> str:
        own = nonce if self.signed_for == "own" else self.signed_for
        lines = ["1700000000", own or "", str(self.status), hashlib.sha256(self.body).hexdigest()]
        return hmac.new(KEY, "\n".join(lines).encode(), "sha256").hexdigest()


@contextmanager
def running(impostor: Impostor) -> Iterator[Impostor]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            impostor.calls += 1
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(impostor.status)
            for name, value in impostor.headers.items():
                self.send_header(name, value)
            if impostor.signed_for is not None:
                self.send_header("Bank-Timestamp", "1700000000")
                self.send_header("Bank-Signature", impostor.signature(self.headers["Bank-Nonce"]))
            self.end_headers()
            self.wfile.write(impostor.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        impostor.calls = 0
        impostor.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(
            target=server.serve_forever, args=[0.01]
        )  # seconds between looks for the end
        thread.start()
        try:
            yield impostor
        finally:
            server.shutdown()
            thread.join()
