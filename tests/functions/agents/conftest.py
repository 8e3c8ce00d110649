"""Every test of agents has an empty world and a clock that stands still."""

from collections.abc import Iterator

import pytest

from shared.settings import settings
from tests.clock import TestClock


@pytest.fixture(autouse=True)
def ground(cloud: None, test_clock: TestClock) -> None:
    """Nothing but the two."""


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """How often one address may try in an hour: three times, so that a test sees the end of it."""
    monkeypatch.setenv("AGENT_TRIES_PER_ADDRESS_PER_HOUR", "3")
    settings.cache_clear()
    yield 3
    monkeypatch.undo()
    settings.cache_clear()
