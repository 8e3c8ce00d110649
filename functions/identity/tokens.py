"""Tokens: 256 random bits that open a session, behind the place where the session is.

`uwa_<user><session><secret>` for access, `uwr_...` for refresh: the letters of the two ids, 26
each, then the secret in base64url. So a session is found by its key, and a token in a log or a
repository is recognised for what it is.
"""

import base64
import hashlib
import re
import secrets
from typing import NamedTuple

from shared.secrets import keyed_digest
from shared.web.problems import Unauthenticated

ACCESS, REFRESH = "uwa", "uwr"
_SECRET_BYTES = 32
_FORM = re.compile(r"(uwa|uwr)_([a-z2-7]{26})([a-z2-7]{26})([A-Za-z0-9_-]{43})")


class Place(NamedTuple):
    """The session that a token is of."""

    user_id: str
    session_id: str


class Pair(NamedTuple):
    access: str
    refresh: str


def new_pair(place: Place) -> Pair:
    """Two tokens out of nothing but chance."""
    return Pair(
        _token(ACCESS, place, secrets.token_bytes(_SECRET_BYTES)),
        _token(REFRESH, place, secrets.token_bytes(_SECRET_BYTES)),
    )


def new_salt() -> str:
    return secrets.token_hex(_SECRET_BYTES)


def next_pair(refresh_token: str, salt: str) -> Pair:
    """The tokens that follow a refresh token: for the same salt the same, again and again.

    They hold the 256 random bits of the salt. To know them takes the key from Secrets Manager, the
    salt from the table, and the token before, which only the device has.
    """
    place = located(refresh_token, REFRESH)
    made = f"{refresh_token}\x00{salt}"
    return Pair(
        _token(ACCESS, place, keyed_digest("next_access_token", made)),
        _token(REFRESH, place, keyed_digest("next_refresh_token", made)),
    )


def located(token: str, kind: str) -> Place:
    """Whose session a token claims to open. Raises Unauthenticated for what is no token."""
    found = _FORM.fullmatch(token)
    if not found or found[1] != kind:
        raise Unauthenticated
    return Place(f"u_{found[2]}", f"s_{found[3]}")


def hashed(token: str) -> str:
    """What is stored of a token. A plain hash does: there are too many tokens to try them."""
    return hashlib.sha256(token.encode()).hexdigest()


def _token(kind: str, place: Place, secret: bytes) -> str:
    user, session = (name.partition("_")[2] for name in place)
    return f"{kind}_{user}{session}{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"
