"""What makes a second request the same request: its key, and the fingerprint of its body."""

import hashlib
import re

import msgspec

from shared.errors import Texts
from shared.web.problems import IdempotencyKeyRequired, InvalidField

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_PROOFS = frozenset({"pay_password"})


def checked_key(header: str | None) -> str:
    """The key of a request. Raises IdempotencyKeyRequired, InvalidField."""
    if not header:
        raise IdempotencyKeyRequired
    if not _KEY.fullmatch(header):
        raise InvalidField(
            field="Idempotency-Key",
            reason=Texts(
                "须为 1 至 255 个可见 ASCII 字符", "takes 1 to 255 visible ASCII characters"
            ),
        )
    return header


def fingerprint(body: msgspec.Struct) -> str:
    """A digest of what a body asks for, in 64 hexadecimal digits.

    The pay password is left out. It proves who asks and is no part of what is asked for; and a
    stored digest of six digits, or an answer that depends on them, could be tried out.
    """
    asked = {
        name: value for name, value in msgspec.to_builtins(body).items() if name not in _PROOFS
    }
    return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()
