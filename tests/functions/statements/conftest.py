"""Where statement files lie and wait, in moto."""

from collections.abc import Iterator

import boto3
import pytest

from shared.settings import settings

BUCKET = "test-statements"


@pytest.fixture(autouse=True)
def _places(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    here = {"LocationConstraint": "ap-southeast-1"}
    if BUCKET not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=here)
    queue = sqs.create_queue(QueueName="wanted")["QueueUrl"]
    monkeypatch.setenv("STATEMENT_BUCKET", BUCKET)
    monkeypatch.setenv("STATEMENT_QUEUE", queue)
    settings.cache_clear()
    yield
    sqs.delete_queue(QueueUrl=queue)
    monkeypatch.undo()
    settings.cache_clear()
