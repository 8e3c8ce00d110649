"""Going through what is due: each record by itself, so that one bad one stops no other."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from shared.observability import count, flush, logger

R = TypeVar("R")


class SweepIncomplete(Exception):
    """Some records could not be dealt with. The function fails, so that its alarm rings."""


def sweep(name: str, records: Iterable[R], handle: Callable[[R], Any]) -> int:
    """Calls `handle` for each record; how many were dealt with. Raises SweepIncomplete last."""
    handled = failed = 0
    for record in records:
        try:
            handle(record)
            handled += 1
        except Exception:  # told at the end; the others must not wait for this one
            failed += 1
            logger.exception(
                "sweep_failed", extra={"sweep": name, "key": getattr(record, "pk", "")}
            )
    logger.info("sweep", extra={"sweep": name, "handled": handled, "failed": failed})
    if failed:
        count("SweepFailures", failed, sweep=name)
    flush()
    if failed:
        raise SweepIncomplete(f"{name}: {failed} failed, {handled} handled")
    return handled
