"""The ground of all tests on moto: tables, secrets, a clock that can be moved."""

import io
import logging
import os

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="ap-southeast-1",
    AWS_REGION="ap-southeast-1",
    LEDGER_TABLE="test-ledger",
    RECORDS_TABLE="test-records",
    KEYS_SECRET="test-keys",
    BANK_SECRET="test-bank",
    WEB_ORIGINS="https://wallet.example",
    POWERTOOLS_METRICS_NAMESPACE="UWallet",
)

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto import mock_aws

from shared import aws, clock, dynamodb, secrets
from shared.observability import logger
from tests.clock import TestClock
from tests.tables import create_tables


@contextmanager
def fresh_aws() -> Iterator[None]:
    """An empty account in moto, with what the template would have made in it."""
    with mock_aws():
        create_tables(boto3.client("dynamodb"), ledger="test-ledger", records="test-records")
        keys = boto3.client("secretsmanager")
        keys.create_secret(Name="test-keys", SecretString="0123456789abcdef" * 4)
        keys.create_secret(
            Name="test-bank", SecretString='{"client_id": "u-wallet", "key": "' + "ab" * 32 + '"}'
        )
        forget_clients()
        yield
    forget_clients()


def empty_tables() -> None:
    """Takes away all records, in a world that `fresh_aws` has made."""
    database = aws.client("dynamodb")
    for name in ("test-ledger", "test-records"):
        database.delete_table(TableName=name)
    create_tables(database, ledger="test-ledger", records="test-records")


def forget_clients() -> None:
    """What a new container starts without."""
    aws.client.cache_clear()
    dynamodb.connection().forget()
    secrets.forget()


@pytest.fixture
def cloud() -> Iterator[None]:
    with fresh_aws():
        yield


@pytest.fixture
def log_text() -> Iterator[io.StringIO]:
    """All that the app logs, one JSON object a line."""
    written = io.StringIO()
    (handler,) = (one for one in logger.handlers if isinstance(one, logging.StreamHandler))
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.fixture
def test_clock() -> Iterator[TestClock]:
    moved = TestClock()
    clock.set_source(moved)
    yield moved
    clock.set_source(None)
