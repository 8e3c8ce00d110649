"""Two requests at once, in an order that a test decides."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults import Attempt, intercepted


def _any_transaction(attempt: Attempt) -> bool:
    return attempt.operation == "TransactWriteItems"


@contextmanager
def meanwhile(
    other: Callable[[], Any], *, at: Callable[[Attempt], bool] = _any_transaction
) -> Iterator[list[Any]]:
    """Does something else right before the next transaction; what comes of it is in the list.

    at: before which call instead.
    """
    came: list[Any] = []

    def answer(attempt: Attempt) -> Any:
        if at(attempt) and not came:
            came.append(None)
            came[0] = other()
        return attempt.make()

    with intercepted(answer):
        yield came
