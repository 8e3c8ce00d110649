"""Faults that an operator orders for what comes next, whatever its card says."""

from collections import deque
from typing import Generic, Literal, TypeVar

# Of a call:
# unavailable: 503, and nothing is done.
# lost: nothing is done, and the connection is cut.
# dropped: it is done, and the connection is cut.
# silent: it is done, and no answer comes until the caller gives up.
# forged: it is done, and the signature of the answer is wrong.
CallFault = Literal["unavailable", "lost", "dropped", "silent", "forged"]
# Of a notification; outbox.py says what they do.
NotificationFault = Literal["forged", "duplicate", "late", "early", "reordered", "withheld"]
PLANNED_LIMIT = 1_000

T = TypeVar("T", CallFault, NotificationFault)


class Planned(Generic[T]):
    """A queue: each signed call takes one of its faults, each order that will be told of one of
    the other. It is empty after a restart.
    """

    def __init__(self) -> None:
        self._planned: deque[T] = deque(maxlen=PLANNED_LIMIT)

    def plan(self, fault: T, *, times: int) -> None:
        self._planned.extend([fault] * times)

    def forget(self) -> None:
        self._planned.clear()

    def next(self) -> T | None:
        return self._planned.popleft() if self._planned else None
