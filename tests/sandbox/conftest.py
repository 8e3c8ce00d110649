from collections.abc import Iterator

import pytest

from tests.sandbox.receiver import Receiver, receiver
from tests.sandbox.running import RunningBank, running_bank


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBank]:
    with running_bank(tmp_path_factory.mktemp("bank"), "--hold-seconds", "0.2") as running:
        yield running


@pytest.fixture
def wallet(bank: RunningBank) -> Iterator[Receiver]:
    """Where the bank sends its notifications."""
    with receiver() as running:
        bank.send_notifications_to(running.url)
        yield running
        bank.operator("DELETE", "/notification-faults")
