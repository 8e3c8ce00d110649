"""Cursors: opaque, bound to one list of one user, and refused when they were not made here."""

import base64
import binascii
import hmac

from shared.secrets import keyed_digest
from shared.web.problems import InvalidCursor

_SEAL_BYTES = 16


def seal(position: str, *, of: str) -> str:
    """Makes a cursor for `position` in the list `of` (name, user and filters in one text)."""
    mark = keyed_digest("cursor", f"{of}\x00{position}")[:_SEAL_BYTES]
    return base64.urlsafe_b64encode(mark + position.encode()).decode().rstrip("=")


def open_cursor(cursor: str, *, of: str) -> str:
    """The position in a cursor. Raises InvalidCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = raw[_SEAL_BYTES:].decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    mark = keyed_digest("cursor", f"{of}\x00{position}")[:_SEAL_BYTES]
    if not hmac.compare_digest(mark, raw[:_SEAL_BYTES]):
        raise InvalidCursor
    return position
