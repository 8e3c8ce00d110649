"""AWS clients, each built once per container and only when it is first used."""

from functools import cache
from typing import Any

# An address for others to read by opens what KMS has encrypted only when it is signed the new way,
# and only at the bucket's own region.
_S3: dict[str, Any] = {"signature_version": "s3v4", "s3": {"addressing_style": "virtual"}}


@cache
def client(service: str, endpoint_url: str | None = None) -> Any:
    """A boto3 client of `service` with short time-outs and a bounded number of tries.

    endpoint_url: of a service that is at an address of our own.
    """
    import boto3  # 40 ms that a request without this service does not pay.
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=2,
            read_timeout=5,
            retries={"total_max_attempts": 3, "mode": "standard"},
            **(_S3 if service == "s3" else {}),
        ),
    )
