"""Personal fields, sealed so that they open at no other place than the one they were written for.

Each field has a data key of its own (envelope encryption). KMS binds the key to its place by the
encryption context, AES-256-GCM binds the text to the same: what was copied to another user, record
or field does not open, and neither does what was changed. To forget a text for good it is enough
to delete what is sealed: its key is nowhere else.

A sealed text is `v1.` and, in base64url: the length of the wrapped key in two bytes, the wrapped
key, twelve bytes of chance, the ciphertext with its tag.
"""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple, cast

from shared import clock
from shared.aws import client
from shared.errors import ServiceUnavailable
from shared.settings import settings
from shared.table import Key

_VERSION = "v1"
_NONCE_BYTES, _TAG_BYTES = 12, 16
KEYS_KEPT = 100
_FOREIGN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class SealBroken(Exception):
    """What stands at a place was not sealed for it, or was changed since."""


class _Parts(NamedTuple):
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes


def place(key: Key, field: str) -> str:
    """The one place where a field stands: `records/USER#u_x/USER/phone`."""
    return f"records/{key.pk}/{key.sk}/{field}"


def seal(text: str, *, of: str) -> str:
    """Encrypts `text` for the place `of`, under a new data key. Raises ServiceUnavailable."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 30 ms that few requests pay.

    with _answering_kms(of):
        made = client("kms").generate_data_key(
            KeyId=settings().data_key, KeySpec="AES_256", EncryptionContext={"of": of}
        )
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = AESGCM(made["Plaintext"]).encrypt(nonce, text.encode(), of.encode())
    wrapped = cast(bytes, made["CiphertextBlob"])
    raw = len(wrapped).to_bytes(2, "big") + wrapped + nonce + ciphertext
    return f"{_VERSION}.{base64.urlsafe_b64encode(raw).decode()}"


def open_sealed(sealed: str, *, of: str) -> str:
    """The text that was sealed for the place `of`. Raises SealBroken, ServiceUnavailable."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parts = _parts(sealed, of)
    period = clock.seconds() // settings().data_key_seconds
    key = _unwrapped(parts.wrapped_key, of, period)
    try:
        return AESGCM(key).decrypt(parts.nonce, parts.ciphertext, of.encode()).decode()
    except InvalidTag as error:
        raise SealBroken(of) from error


def forget() -> None:
    """Drops the data keys of this container."""
    _unwrapped.cache_clear()


@lru_cache(maxsize=KEYS_KEPT)
def _unwrapped(wrapped_key: bytes, of: str, period: int) -> bytes:
    """A data key in clear. It is kept for its place alone, and asked for anew each `period`."""
    with _answering_kms(of):
        answer = client("kms").decrypt(
            KeyId=settings().data_key, CiphertextBlob=wrapped_key, EncryptionContext={"of": of}
        )
    return cast(bytes, answer["Plaintext"])


@contextmanager
def _answering_kms(of: str) -> Iterator[None]:
    """KMS, for calls that may be made again. Missing rights and keys are ours to mend: a 500."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except BotoCoreError as error:
        raise ServiceUnavailable from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _FOREIGN:
            raise SealBroken(of) from error
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= 500 or code == "ThrottlingException":
            raise ServiceUnavailable from error
        raise


def _parts(sealed: str, of: str) -> _Parts:
    version, _, encoded = sealed.partition(".")
    try:
        raw = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except ValueError as error:
        raise SealBroken(of) from error
    end = 2 + int.from_bytes(raw[:2], "big")
    parts = _Parts(raw[2:end], raw[end : end + _NONCE_BYTES], raw[end + _NONCE_BYTES :])
    if version != _VERSION or not parts.wrapped_key or len(parts.ciphertext) < _TAG_BYTES:
        raise SealBroken(of)
    return parts
