"""How answers get to a social network."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from functions.support.channels import TryLater

_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS = 1.0, 4.0
_ANSWER_LIMIT_BYTES = 65_536
_BUSY = frozenset({408, 425, 429})


def post(
    url: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of an answer, `{}` where it is none. Raises TryLater when the network
    is busy, or does not answer: whether it has sent the message then, nobody knows.
    """
    sent = {"Content-Type": "application/json", "Connection": "close", **(headers or {})}
    try:
        with _http().request(
            "POST",
            url,
            body=msgspec.json.encode(body),
            headers=sent,
            redirect=False,
            preload_content=False,
        ) as answer:
            status, text = answer.status, answer.read(_ANSWER_LIMIT_BYTES)
    except HTTPError as error:
        raise TryLater from error
    if status >= 500 or status in _BUSY:
        raise TryLater
    try:
        return status, msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return status, {}


@cache
def _http() -> PoolManager:
    timeout = Timeout(connect=_CONNECT_TIMEOUT_SECONDS, read=_READ_TIMEOUT_SECONDS)
    return PoolManager(timeout=timeout, retries=False)
