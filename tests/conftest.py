"""The ground of all tests on moto: tables, secrets, a clock that can be moved."""

import gc
import io
import json
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
    PLATFORMS_SECRET="test-platforms",
    SOCIAL_SECRET="test-social",
    SETTLEMENT_BUCKET="test-settlement",
    SUPPORT_BUCKET="test-support",
    SUPPORT_MAIL_DOMAIN="support.u-wallet.example",
    MAIL_BUCKET="test-mail",
    DATA_KEY="alias/test-data",
    WEB_ORIGINS="https://wallet.example",
    CHAT_SOCKETS_URL="https://chat.execute-api.ap-southeast-1.amazonaws.com/api",
    EVENT_WATCH_SECONDS="0",
    POWERTOOLS_METRICS_NAMESPACE="UWallet",
)

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from functions.identity import passwords, sealed
from functions.support.mail.reply_address import support_address
from functions.support.social.networks import network
from shared import aws, clock, dynamodb, secrets
from shared.bank import get_bank
from shared.observability import logger
from shared.platforms import get_platform
from shared.settings import settings
from tests.clock import TestClock
from tests.quick_moto import quicken
from tests.tables import create_tables

# Argon2 takes long by design. Its real parameters are in force in tests/functions/identity/
# test_passwords.py, and wherever a packaged function runs.
FULL_STRENGTH = passwords.MEMORY_KIB, passwords.PASSES
passwords.MEMORY_KIB, passwords.PASSES = 32, 1
QUICK_MOTO = pytest.MonkeyPatch()
quicken(QUICK_MOTO)
# moto makes and drops millions of small objects, none of them in circles.
gc.set_threshold(100_000, 50, 100)


@contextmanager
def fresh_aws() -> Iterator[None]:
    """An empty account in moto, with what the template would have made in it."""
    with mock_aws():
        create_tables(_client("dynamodb"), ledger="test-ledger", records="test-records")
        keys = _client("secretsmanager")
        keys.create_secret(Name="test-keys", SecretString="0123456789abcdef" * 4)
        keys.create_secret(
            Name="test-bank", SecretString='{"client_id": "u-wallet", "key": "' + "ab" * 32 + '"}'
        )
        keys.create_secret(Name="test-platforms", SecretString="{}")
        keys.create_secret(Name="test-social", SecretString="{}")
        kms = _client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/test-data", TargetKeyId=key)
        for bucket in ("test-settlement", "test-support", "test-mail"):
            _client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"}
            )
        for sender in (settings().mail_from, support_address()):
            _client("sesv2").create_email_identity(EmailIdentity=sender)
        # Clients stay: building them takes longer than most tests. What they fetched does not.
        forget_secrets()
        yield
    forget_secrets()


@cache
def _client(service: str) -> Any:
    return boto3.client(service)


@contextmanager
def stored_platforms(credentials: dict[str, Any]) -> Iterator[None]:
    """What the operator has stored of the platforms, in a world that `fresh_aws` has made."""
    before = _client("secretsmanager").get_secret_value(SecretId="test-platforms")["SecretString"]
    _store_platforms(json.dumps(credentials))
    yield
    _store_platforms(before)


def _store_platforms(text: str) -> None:
    _client("secretsmanager").put_secret_value(SecretId="test-platforms", SecretString=text)
    forget_secrets()


@contextmanager
def stored_social(credentials: dict[str, Any]) -> Iterator[None]:
    """What the operator has stored of social networks, in a world that `fresh_aws` has made."""
    _store_social(json.dumps(credentials))
    yield
    _store_social("{}")


def _store_social(text: str) -> None:
    _client("secretsmanager").put_secret_value(SecretId="test-social", SecretString=text)
    forget_secrets()


def empty_tables() -> None:
    """Takes away all records, in a world that `fresh_aws` has made."""
    for table in dynamodb_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].tables.values():
        table.items = defaultdict(dict)


def ledger_items() -> list[dict[str, Any]]:
    """All items of the ledger, out of moto itself: a scan takes fifty times as long."""
    return _items_of("test-ledger")


def record_items() -> list[dict[str, Any]]:
    """All items of the other table, likewise."""
    return _items_of("test-records")


def _items_of(table_name: str) -> list[dict[str, Any]]:
    database = dynamodb_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"]
    return [item.to_json()["Attributes"] for item in database.tables[table_name].all_items()]


def world_state() -> tuple[Any, ...]:
    """All records, and all messages that went out; for `restore_world`."""
    return tuple(dict(part) if isinstance(part, dict) else list(part) for part in _world())


def restore_world(state: tuple[Any, ...]) -> None:
    for part, kept in zip(_world(), state, strict=True):
        part.clear()
        part.update(kept) if isinstance(part, dict) else part.extend(kept)


def _world() -> tuple[Any, ...]:
    return (
        dynamodb_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].tables,
        sns_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sms_messages,
        ses_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sent_messages,
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["test-settlement"].keys,
    )


def forget_secrets() -> None:
    """What a new container must fetch anew."""
    secrets.forget()
    sealed.forget()
    get_bank.cache_clear()
    get_platform.cache_clear()
    network.cache_clear()


def forget_clients() -> None:
    """What a new container starts without."""
    aws.client.cache_clear()
    dynamodb.connection().forget()
    forget_secrets()


@pytest.fixture(scope="module")
def world() -> Iterator[None]:
    """One world for a module, emptied for each test: building it takes longer than most tests."""
    with fresh_aws():
        yield


@pytest.fixture
def cloud(world: None) -> None:
    empty_tables()
    sns_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sms_messages.clear()
    ses_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sent_messages.clear()


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
