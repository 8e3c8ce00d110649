"""Opaque ids: a prefix that names the kind, then 26 letters and digits (130 bits)."""

import base64
import hashlib
import secrets


def new_id(prefix: str) -> str:
    return f"{prefix}_{_letters(secrets.token_bytes(17))}"


def derived_id(prefix: str, *parts: str) -> str:
    """The same id for the same parts, in every process and at any time."""
    joined = "\x00".join(parts).encode()
    return f"{prefix}_{_letters(hashlib.sha256(joined).digest())}"


def id_from_digest(prefix: str, digest: bytes) -> str:
    """An id out of at least 17 bytes that are already evenly distributed."""
    return f"{prefix}_{_letters(digest)}"


def _letters(raw: bytes) -> str:
    return base64.b32encode(raw[:20]).decode().lower()[:26]
