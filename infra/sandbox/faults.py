"""Faults that an operator orders for the next calls, whatever their card says."""

from collections import deque
from typing import Literal

# unavailable: 503, and nothing is done.
# lost: nothing is done, and the connection is cut.
# dropped: it is done, and the connection is cut.
# silent: it is done, and no answer comes until the caller gives up.
# forged: it is done, and the signature of the answer is wrong.
Fault = Literal["unavailable", "lost", "dropped", "silent", "forged"]
PLANNED_LIMIT = 1_000


class Faults:
    """A queue: each signed call takes one. It is empty after a restart."""

    def __init__(self) -> None:
        self._planned: deque[Fault] = deque(maxlen=PLANNED_LIMIT)

    def plan(self, fault: Fault, *, times: int) -> None:
        self._planned.extend([fault] * times)

    def forget(self) -> None:
        self._planned.clear()

    def next(self) -> Fault | None:
        return self._planned.popleft() if self._planned else None
