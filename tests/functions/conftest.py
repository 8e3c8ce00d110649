"""The bank of the tests: the real sandbox service, on a free port, once per session."""

import time
from collections.abc import Iterator

import pytest

from shared.aws import client
from shared.bank import get_bank
from shared.settings import settings
from tests.clock import TestClock
from tests.conftest import stored_platforms
from tests.functions.bank_cards import unused_phone
from tests.people import Person, register
from tests.sandbox.platforms import RunningPlatforms
from tests.sandbox.running import RunningBank, running_bank


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBank]:
    credentials = ("--client-id", "u-wallet", "--key", "ab" * 32)
    with running_bank(
        tmp_path_factory.mktemp("bank"), *credentials, "--hold-seconds", "0.1"
    ) as bank:
        yield bank


@pytest.fixture
def bank(running: RunningBank, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningBank]:
    """The bank, as the wallet is configured to reach it."""
    monkeypatch.setenv("BANK_URL", running.url)
    _forget_bank()
    yield running
    running.operator("DELETE", "/faults")
    running.operator("DELETE", "/notification-faults")
    monkeypatch.undo()
    _forget_bank()


@pytest.fixture
def platforms(
    cloud: None, running: RunningBank, test_clock: TestClock
) -> Iterator[RunningPlatforms]:
    """The platforms, with their keys as the operator has stored them. They reach nobody by
    themselves: a test brings their notifications in. The wallet's clock begins with theirs, by
    which they judge when an order is over; so take this before people who sign in.
    """
    test_clock.seconds = float(int(time.time()))
    offered = RunningPlatforms(running)
    with stored_platforms(offered.credentials() | {"notify_url": "http://127.0.0.1:9"}):
        yield offered
    offered.forget_faults()


@pytest.fixture
def ana(cloud: None, test_clock: TestClock, bank: RunningBank) -> Person:
    return register(unused_phone())


@pytest.fixture
def bo(cloud: None, test_clock: TestClock, bank: RunningBank) -> Person:
    return register(unused_phone())


@pytest.fixture
def statement_places(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where statement files lie and wait, in moto."""
    s3, sqs, bucket = client("s3"), client("sqs"), "test-statements"
    if bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        here = {"LocationConstraint": "ap-southeast-1"}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=here)
    queue = sqs.create_queue(QueueName="wanted")["QueueUrl"]
    monkeypatch.setenv("STATEMENT_BUCKET", bucket)
    monkeypatch.setenv("STATEMENT_QUEUE", queue)
    settings.cache_clear()
    yield
    sqs.delete_queue(QueueUrl=queue)
    monkeypatch.undo()
    settings.cache_clear()


def _forget_bank() -> None:
    settings.cache_clear()
    get_bank.cache_clear()
