"""One signed request and its answer: what DynamoDB needs of HTTP and of AWS Signature Version 4.

botocore's session and signer serve every service, proxies and streams, and take many times the
CPU. The errors raised here are theirs, so that nobody above sees a difference.
"""

import hashlib
import hmac
import os
import select
import socket
import ssl
import time
import weakref
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 3
_LINE_LIMIT_BYTES = 8_192
_HEADERS_LIMIT = 100


class Answer(NamedTuple):
    """An HTTP answer as botocore's `Endpoint` takes it; names of headers are in lower case."""

    status_code: int
    headers: dict[str, str]
    content: bytes


class Wire:
    """Kept connections to one endpoint, in the place of the HTTP session of botocore's `Endpoint`.

    Any number of threads may send; each has a connection to itself meanwhile.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url = url
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = tls_context() if parts.scheme == "https" else None
        self._idle: list[_Connection] = []
        weakref.finalize(self, _close_all, self._idle)

    def send(self, request: Any) -> Answer:
        """Sends an `AWSPreparedRequest` of the one path there is.

        Raises what botocore raises for connections that fail and answers that do not come.
        """
        message = _message(request.method, request.headers, request.body)
        connection = self._connected()
        try:
            answer = connection.exchange(message)
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except (OSError, LookupError, ValueError) as error:
            connection.close()
            raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
        if connection.is_kept:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _connected(self) -> "_Connection":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable():
                return connection
            connection.close()
        try:
            return _Connection(self._host, self._port, self._tls)
        except ssl.SSLError as error:
            raise SSLError(endpoint_url=self._url, error=error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error


class _Connection:
    """`is_kept`: whether the server will take another request after the last answer."""

    is_kept = False

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        plain = socket.create_connection((host, port), CONNECT_TIMEOUT_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        self._socket.settimeout(READ_TIMEOUT_SECONDS)
        self._received = self._socket.makefile("rb")
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)

    def is_usable(self) -> bool:
        """Nothing may come while nothing is asked; what does is the end of the connection."""
        return not self._readable.poll(0)

    def exchange(self, message: bytes) -> Answer:
        """Raises OSError; LookupError or ValueError for what is no answer of known length."""
        self._socket.sendall(message)
        version, status, *_ = self._line().split(" ", 2)
        headers = {}
        for _ in range(_HEADERS_LIMIT):
            name, _, value = self._line().partition(":")
            if not name:
                break
            headers[name.lower()] = value.strip()
        self.is_kept = version == "HTTP/1.1" and headers.get("connection") != "close"
        if headers.get("transfer-encoding") == "chunked":
            content = b"".join(iter(self._chunk, b""))
        else:
            content = self._bytes(int(headers["content-length"]))
        return Answer(int(status), headers, content)

    def close(self) -> None:
        self._received.close()
        self._socket.close()

    def _chunk(self) -> bytes:
        content = self._bytes(int(self._line(), 16))
        self._line()
        return content

    def _bytes(self, count: int) -> bytes:
        found = self._received.read(count)
        if len(found) != count:
            raise ConnectionError("closed within an answer")
        return found

    def _line(self) -> str:
        line = self._received.readline(_LINE_LIMIT_BYTES)
        if not line.endswith(b"\r\n"):
            raise ConnectionError("closed within an answer")
        return line[:-2].decode("latin-1")


def signed_headers(
    credentials: Any, *, host: str, region: str, target: str, body: bytes
) -> dict[str, str]:
    """The headers of a POST of `body` to `/` of DynamoDB, signed by AWS Signature Version 4.

    credentials: botocore's, frozen. The moment is the machine's own, by which AWS judges it.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{moment[:8]}/{region}/dynamodb/aws4_request"
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": host,
        "x-amz-date": moment,
        "x-amz-security-token": credentials.token,
        "x-amz-target": target,
    }
    if not credentials.token:
        del headers["x-amz-security-token"]
    names = ";".join(headers)
    lines = "\n".join([f"{name}:{value}" for name, value in headers.items()])
    canonical = f"POST\n/\n\n{lines}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = _signing_key(credentials.secret_key, moment[:8], region)
    signature = _hmac(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return headers


@lru_cache(maxsize=4)
def _signing_key(secret_key: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "dynamodb", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _message(method: str, headers: Mapping[str, str], body: bytes) -> bytes:
    head = [f"{name}: {value}" for name, value in headers.items()]
    lines = [f"{method} / HTTP/1.1", *head, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def tls_context() -> ssl.SSLContext:
    """As strict as Python's default, with the authorities that botocore trusts."""
    return ssl.create_default_context(
        cafile=os.environ.get("AWS_CA_BUNDLE") or get_cert_path(verify=True)
    )


def _close_all(connections: list[_Connection]) -> None:
    for connection in connections:
        connection.close()
