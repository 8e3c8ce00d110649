"""What an operation of the bank can end with beside its result, and the bank's own time."""

import time
from datetime import UTC, datetime


class Refusal(Exception):
    """The bank says no. `status` is HTTP's, `code` is stable; nothing was done."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class NoAnswer(Exception):
    """The caller is left waiting: what was done, if anything, stands in the books."""


def moment() -> float:
    """Unix seconds. The bank has a clock of its own, which no test of the wallet can move."""
    return time.time()


def now() -> int:
    return int(moment())


def text_of(seconds: int) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
