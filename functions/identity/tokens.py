"""Tokens: 256 random bits that open a session, behind the place where the session is.

`uwa_<user><session><secret>` for access of a user, `uwr_...` for refresh, `uaa_...` and `uar_...`
for an agent: the letters of the two ids, 26 each, then the secret in base64url. So a session is
found by its key, a token of one family opens nothing of another, and a token in a log or a
repository is recognised for what it is.
"""

import base64
import hashlib
import re
import secrets
from typing import NamedTuple

from shared.secrets import keyed_digest
from shared.web.problems import Unauthenticated

_SECRET_BYTES = 32
_FORM = re.compile(r"([a-z]{3})_([a-z2-7]{26})([a-z2-7]{26})([A-Za-z0-9_-]{43})")


class Family(NamedTuple):
    """Whose tokens they are: how both kinds begin, and the ids of their owners."""

    access: str
    refresh: str
    owner: str


USERS = Family("uwa", "uwr", "u")
AGENTS = Family("uaa", "uar", "a")
_FAMILIES = {family.owner: family for family in (USERS, AGENTS)}


class Place(NamedTuple):
    """The session that a token is of. owner_id: of a user or an agent."""

    owner_id: str
    session_id: str

    @property
    def family(self) -> Family:
        return _FAMILIES[self.owner_id.partition("_")[0]]


class Pair(NamedTuple):
    access: str
    refresh: str


def new_pair(place: Place) -> Pair:
    """Two tokens out of nothing but chance."""
    return Pair(
        _token(place.family.access, place, secrets.token_bytes(_SECRET_BYTES)),
        _token(place.family.refresh, place, secrets.token_bytes(_SECRET_BYTES)),
    )


def new_secret() -> str:
    """The secret part alone, for what is found by another name than a session."""
    return _letters(secrets.token_bytes(_SECRET_BYTES))


def new_salt() -> str:
    return secrets.token_hex(_SECRET_BYTES)


def next_pair(refresh_token: str, place: Place, salt: str) -> Pair:
    """The tokens that follow a refresh token: for the same salt the same, again and again.

    They hold the 256 random bits of the salt. To know them takes the key from Secrets Manager, the
    salt from the table, and the token before, which only the device has.
    """
    made = f"{refresh_token}\x00{salt}"
    return Pair(
        _token(place.family.access, place, keyed_digest("next_access_token", made)),
        _token(place.family.refresh, place, keyed_digest("next_refresh_token", made)),
    )


def opened_by(access_token: str, family: Family) -> Place:
    """Which session a token claims to open. Raises Unauthenticated for what is none of these."""
    return _located(access_token, family.access, family)


def renewed_by(refresh_token: str, family: Family) -> Place:
    """Which session a token claims to keep alive. Raises Unauthenticated likewise."""
    return _located(refresh_token, family.refresh, family)


def hashed(token: str) -> str:
    """What is stored of a token. A plain hash does: there are too many tokens to try them."""
    return hashlib.sha256(token.encode()).hexdigest()


def _located(token: str, kind: str, family: Family) -> Place:
    found = _FORM.fullmatch(token)
    if not found or found[1] != kind:
        raise Unauthenticated
    return Place(f"{family.owner}_{found[2]}", f"s_{found[3]}")


def _token(kind: str, place: Place, secret: bytes) -> str:
    owner, session = (name.partition("_")[2] for name in place)
    return f"{kind}_{owner}{session}{_letters(secret)}"


def _letters(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")
