"""Logs, metrics and traces. Events with fields, never sentences with values, never a secret."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from aws_lambda_powertools.metrics.base import MetricManager

from shared.settings import settings


class _Lines(threading.local):
    """What Powertools' `single_metric` makes anew, and slowly, for each line."""

    def __init__(self) -> None:
        self.manager = MetricManager(namespace="UWallet")


logger = Logger(service="u-wallet", utc=True, use_rfc3339=True, log_uncaught_exceptions=False)
metrics = Metrics(namespace="UWallet", service="u-wallet")
_lines = _Lines()


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Adds to a business metric, in a line of its own when it has dimensions (EMF)."""
    _record(name, MetricUnit.Count, value, dimensions)


def measure_amount(name: str, amount_minor: int, **dimensions: str) -> None:
    """Records an amount of money in minor units as a metric."""
    _record(name, MetricUnit.NoUnit, amount_minor, dimensions)


def measure_seconds(name: str, seconds: int, **dimensions: str) -> None:
    """Records how long something took as a metric."""
    _record(name, MetricUnit.Seconds, seconds, dimensions)


def flush() -> None:
    """Writes out the metrics of one request or event."""
    if metrics.metric_set:
        metrics.flush_metrics()


@contextmanager
def traced(operation: str) -> Iterator[None]:
    """A segment of X-Ray for what an operation does, where TRACING is on."""
    if settings().tracing != "on":
        yield
        return
    with _tracer().provider.in_subsegment(operation):
        yield


@cache
def _tracer() -> Any:
    from aws_lambda_powertools import Tracer  # 200 ms that only a traced stage pays.

    return Tracer(service="u-wallet", patch_modules=["botocore"])


def _record(name: str, unit: MetricUnit, value: int, dimensions: dict[str, str]) -> None:
    if not dimensions:
        metrics.add_metric(name, unit, value)
        return
    line = _lines.manager
    line.add_metric(name, unit, value)
    for dimension, text in dimensions.items():
        line.add_dimension(dimension, text)
    line.flush_metrics()
