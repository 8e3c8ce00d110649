from collections.abc import Iterator

import pytest

from shared.bank.signed_http import SandboxBank
from tests.sandbox.running import CLIENT_ID, KEY, RunningBank, running_bank


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBank]:
    with running_bank(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def bank(sandbox: RunningBank) -> SandboxBank:
    """The wallet's side of the sandbox, which gives up on a silent bank sooner than in earnest."""
    return SandboxBank(url=sandbox.url, client_id=CLIENT_ID, key=KEY, read_timeout_seconds=0.3)
