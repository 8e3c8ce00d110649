"""Going through what is due: each record by itself, so that one bad one stops no other."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from shared import clock
from shared.observability import count, flush, logger
from shared.table import Record, change

R = TypeVar("R", bound=Record)
_PUT_OFF_SECONDS = 300


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
            logger.exception("sweep_failed", extra={"sweep": name, "key": record.pk})
            _put_off(name, record)
    logger.info("sweep", extra={"sweep": name, "handled": handled, "failed": failed})
    if failed:
        count("SweepFailures", failed, sweep=name)
    flush()
    if failed:
        raise SweepIncomplete(f"{name}: {failed} failed, {handled} handled")
    return handled


def _put_off(name: str, record: Record) -> None:
    """Lets others come first for a while: one run looks at so many, the oldest first."""
    kind = type(record)
    later = kind.due_at.set(clock.seconds() + _PUT_OFF_SECONDS)
    try:
        change(kind(record.pk, record.sk), [later], kind.due_at == record.due_at)
    except Exception:  # the next run meets it again; this one goes on
        logger.exception("sweep_not_put_off", extra={"sweep": name, "key": record.pk})
