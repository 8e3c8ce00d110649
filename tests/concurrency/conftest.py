"""The ledger's own code against a database that isolates transactions, which moto does not."""

from collections.abc import Iterator

import boto3
import pytest

from infra.local_cloud import local_cloud
from infra.stack import free_port
from tests.conftest import forget_clients
from tests.tables import create_tables

TABLES = {"ledger": "test-ledger", "records": "test-records"}


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an isolated DynamoDB answers."""
    directory = tmp_path_factory.mktemp("engine")
    cloud = local_cloud(port=free_port(0), directory=directory, keep=False, enforce_rights=False)
    with cloud as (place, _):
        assert place.endpoint_url
        yield place.endpoint_url


@pytest.fixture(scope="session")
def keys(engine: str) -> None:
    """What the template would have made beside the tables."""
    secrets = boto3.client("secretsmanager", endpoint_url=engine)
    secrets.create_secret(Name="test-keys", SecretString="0123456789abcdef" * 4)
    kms = boto3.client("kms", endpoint_url=engine)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/test-data", TargetKeyId=key)


@pytest.fixture
def isolated(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty tables on the isolated engine, for all that runs in this process."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    forget_clients()
    database = boto3.client("dynamodb", endpoint_url=engine)
    create_tables(database, **TABLES)
    yield
    for name in TABLES.values():
        database.delete_table(TableName=name)
    forget_clients()
