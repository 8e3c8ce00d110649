from collections.abc import Iterator

import pytest

from tests.sandbox.running import RunningBank, running_bank


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBank]:
    with running_bank(tmp_path_factory.mktemp("bank"), "--hold-seconds", "0.2") as running:
        yield running
