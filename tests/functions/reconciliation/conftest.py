"""A bank with empty books for each test, for the file of a day is of all that it has done."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.bank import get_bank
from shared.settings import settings
from tests.clock import TestClock
from tests.ledger_accounts import ANN, fund, open_users
from tests.sandbox.running import RunningBank, running_bank


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningBank]:
    """The bank, as the wallet is configured to reach it."""
    with running_bank(tmp_path / "bank") as running:
        monkeypatch.setenv("BANK_URL", running.url)
        _forget()
        yield running
        monkeypatch.undo()
        _forget()


@pytest.fixture
def ground(cloud: None, test_clock: TestClock, bank: RunningBank) -> None:
    """Ann has 10,000, and the wallet's clock begins with the bank's, which no test can move."""
    test_clock.seconds = float(int(time.time()))
    open_users(ANN)
    fund(ANN, 10_000)


def _forget() -> None:
    settings.cache_clear()
    get_bank.cache_clear()
