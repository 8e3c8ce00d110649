"""The two tables as the template makes them, for engines that are not deployed to."""

from typing import Any


def create_tables(dynamodb: Any, *, ledger: str, records: str) -> None:
    """Creates both tables through a boto3 client."""
    for name in (ledger, records):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_keys("pk", "sk"),
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": kind}
                for attribute, kind in (
                    ("pk", "S"),
                    ("sk", "S"),
                    ("due_shard", "S"),
                    ("due_at", "N"),
                )
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": _keys("due_shard", "due_at"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )


def _keys(hash_name: str, range_name: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_name, "KeyType": "HASH"},
        {"AttributeName": range_name, "KeyType": "RANGE"},
    ]
