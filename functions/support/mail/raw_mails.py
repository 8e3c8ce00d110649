"""The bucket that SES puts raw mails in, and what agents read of them, which lies beside.

A raw mail is never changed, never shown and never sent on: it holds whatever its sender has typed.
"""

from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from shared.aws import client
from shared.errors import NotFound, ServiceUnavailable
from shared.settings import settings

_READABLE = "readable"


class Readable(Struct, frozen=True, kw_only=True):
    """A mail as agents may see it: secrets masked, HTML harmless. `unread`: what it leaves out."""

    text: str
    html: str | None
    unread: tuple[str, ...]


def raw_mail(object_key: str) -> bytes:
    """Raises NotFound, ServiceUnavailable."""
    return _fetch(object_key)


def keep_readable(mail_id: str, readable: Readable) -> None:
    """The same mail gives the same, so once more changes nothing. Raises ServiceUnavailable."""
    try:
        client("s3").put_object(
            **_place(f"{_READABLE}/{mail_id}.json"),
            Body=msgspec.json.encode(readable),
            ContentType="application/json",
        )
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable from error


def readable_of(mail_id: str) -> Readable:
    """Raises NotFound, ServiceUnavailable."""
    return msgspec.json.decode(_fetch(f"{_READABLE}/{mail_id}.json"), type=Readable)


def _fetch(key: str) -> bytes:
    try:
        body = client("s3").get_object(**_place(key))["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            raise NotFound from error
        raise ServiceUnavailable from error
    except BotoCoreError as error:
        raise ServiceUnavailable from error
    return bytes(body)


def _place(key: str) -> dict[str, Any]:
    return {"Bucket": settings().mail_bucket, "Key": key}
