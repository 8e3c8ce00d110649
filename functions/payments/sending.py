"""One POST to an address that a stranger has named, so that it can reach nothing of ours.

The name is resolved here, once; every address that it has must be a public one, and the connection
goes to the very address that was looked at. No redirect is followed, nothing is read but the status
of the answer, and all of it together has a bounded time.
"""

import http.client
import ipaddress
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from shared.settings import settings
from shared.wire import tls_context

CONNECT_SECONDS = 3
TOTAL_SECONDS = 8
ADDRESS_REFUSED, NAME_UNKNOWN = "ADDRESS_REFUSED", "NAME_UNKNOWN"
NO_CONNECTION, TLS_FAILED, NO_ANSWER = "NO_CONNECTION", "TLS_FAILED", "NO_ANSWER"
_PORTS = {"https": 443, "http": 80}


class Sent(NamedTuple):
    """What came of it: the status that was answered, or else why there was none."""

    duration_ms: int
    status: int | None = None
    failure: str | None = None


class _Failed(Exception):
    """There is no answer; the message is why."""


def send(url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
    """Posts `body` and tells what came of it. Raises nothing for what the other side does."""
    begun = time.monotonic()
    status, failure = None, None
    try:
        status = _posted(urlsplit(url), body, headers)
    except _Failed as failed:
        failure = str(failed)
    return Sent(int((time.monotonic() - begun) * 1000), status, failure)


def _posted(url: SplitResult, body: bytes, headers: Mapping[str, str]) -> int:
    host, port = str(url.hostname), url.port or _PORTS[url.scheme]
    with _connected(_checked_address(host, port), port) as plain:
        try:
            is_secure = url.scheme == "https"
            wire = tls_context().wrap_socket(plain, server_hostname=host) if is_secure else plain
        except OSError as error:
            raise _Failed(TLS_FAILED) from error
        connection = http.client.HTTPConnection(host, port)
        connection.sock = wire
        target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        try:
            connection.request("POST", target, body=body, headers=dict(headers))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise _Failed(NO_ANSWER) from error
        finally:
            wire.close()


def _checked_address(host: str, port: int) -> str:
    """The first address of a host, when all are such as anybody may reach."""
    try:
        found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise _Failed(NAME_UNKNOWN) from error
    addresses = [str(address[0]) for *_, address in found]
    if not all(map(_may_be_reached, addresses)):
        raise _Failed(ADDRESS_REFUSED)
    return addresses[0]


def _may_be_reached(address: str) -> bool:
    parsed = ipaddress.IPv4Address(address)
    is_public = parsed.is_global and not parsed.is_multicast
    return is_public or settings().notify_private_addresses == "on"


@contextmanager
def _connected(address: str, port: int) -> Iterator[socket.socket]:
    try:
        plain = socket.create_connection((address, port), CONNECT_SECONDS)
    except OSError as error:
        raise _Failed(NO_CONNECTION) from error
    # A socket's time-out is of each read alone: who answers byte by byte would never end.
    plain.settimeout(TOTAL_SECONDS)
    end = Timer(TOTAL_SECONDS, _shut, [plain])
    end.daemon = True
    end.start()
    try:
        yield plain
    finally:
        end.cancel()
        plain.close()


def _shut(plain: socket.socket) -> None:
    try:
        plain.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has been closed meanwhile
        return
