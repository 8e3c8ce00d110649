"""How requests get to a platform, and what is known when none gets back."""

from collections.abc import Mapping
from typing import NamedTuple

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from shared.platforms.port import PaymentUnknown, PlatformUnavailable

CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 5.0
ANSWER_LIMIT_BYTES = 65_536


class Answer(NamedTuple):
    """headers: by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes


class Carrier:
    def __init__(self, *, read_timeout_seconds: float = READ_TIMEOUT_SECONDS) -> None:
        timeout = Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=read_timeout_seconds)
        self._http = PoolManager(timeout=timeout, retries=False)

    def send(self, method: str, url: str, *, body: str, headers: Mapping[str, str]) -> Answer:
        """One attempt. Raises PlatformUnavailable when nothing was sent, PaymentUnknown when
        nothing came back."""
        try:
            with self._http.request(
                method,
                url,
                body=body.encode(),
                # A Lambda sleeps between calls, and a connection dies in its sleep.
                headers={**headers, "Connection": "close"},
                preload_content=False,
            ) as response:
                received = {name.lower(): text for name, text in response.headers.items()}
                return Answer(response.status, received, response.read(ANSWER_LIMIT_BYTES))
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise PlatformUnavailable("no connection") from error
        except HTTPError as error:
            raise PaymentUnknown("no answer") from error
