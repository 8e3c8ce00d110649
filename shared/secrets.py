"""Keys that live outside the database, fetched once per container from Secrets Manager.

One secret holds 64 random characters; each purpose gets a key of its own by HMAC-SHA256, so that
a hash made for one purpose says nothing about another.
"""

import hashlib
import hmac
import json
from functools import cache
from typing import NamedTuple

from shared.aws import client
from shared.errors import ServiceUnavailable
from shared.settings import settings


class BankCredentials(NamedTuple):
    client_id: str
    key: bytes


def keyed_digest(purpose: str, text: str) -> bytes:
    """HMAC-SHA256 of `text` under the key of `purpose`: 32 bytes."""
    return hmac.digest(_key(purpose), text.encode(), "sha256")


def keyed_hash(purpose: str, text: str) -> str:
    """The same in 64 hexadecimal digits."""
    return keyed_digest(purpose, text).hex()


@cache
def bank_credentials() -> BankCredentials:
    """What the bank knows us by. Raises KeyError when the operator has not set them."""
    stored = json.loads(_secret(settings().bank_secret))
    return BankCredentials(client_id=stored["client_id"], key=bytes.fromhex(stored["key"]))


def platforms_secret() -> str:
    """What the operator has stored of the platforms, as JSON."""
    return _secret(settings().platforms_secret)


def social_secret() -> str:
    """What the operator has stored of social networks, as JSON."""
    return _secret(settings().social_secret)


def forget() -> None:
    """Fetches all keys anew when they are next needed, as a new container does."""
    for cached in (bank_credentials, _key, _secret):
        cached.cache_clear()


@cache
def _key(purpose: str) -> bytes:
    master = _secret(settings().keys_secret).encode()
    return hmac.digest(master, f"u-wallet/{purpose}/1".encode(), hashlib.sha256)


@cache
def _secret(secret_id: str) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = client("secretsmanager").get_secret_value(SecretId=secret_id)
    except BotoCoreError as error:
        raise ServiceUnavailable from error
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= 500 or error.response["Error"]["Code"] == "ThrottlingException":
            raise ServiceUnavailable from error
        # A wrong name or missing rights are ours to mend, and stay a 500.
        raise
    return str(found["SecretString"])
