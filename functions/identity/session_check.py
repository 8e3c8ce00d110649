"""Who asks: from a bearer token to a user on a device, without a call of its own to AWS."""

import hmac

from chalice.app import Request

from functions.identity.records import Session, session_key
from functions.identity.tokens import USERS, Family, Place, hashed, opened_by
from shared import clock
from shared.table import Found, Key
from shared.web.operation import Principal, bearer_token
from shared.web.problems import Unauthenticated


class SessionCheck:
    """Implements `shared.web.operation.SignInCheck` for the owners of one family of tokens."""

    scheme = "bearer"
    roles: frozenset[str] = frozenset()

    def __init__(self, family: Family) -> None:
        self._family = family

    def proof(self, request: Request) -> str:
        return bearer_token(request)

    def user_id(self, token: str) -> str:
        return opened_by(token, self._family).owner_id

    def keys(self, token: str) -> list[Key]:
        return self.keys_of(opened_by(token, self._family))

    def principal(self, found: Found, token: str) -> Principal:
        place = opened_by(token, self._family)
        session = found.one(Session, session_key(*place))
        if session is None or not hmac.compare_digest(session.access_hash, hashed(token)):
            raise Unauthenticated
        if self.access_ends_at(found, place) <= clock.seconds():
            raise Unauthenticated
        return self.standing(found, place)

    def keys_of(self, place: Place) -> list[Key]:
        """What must be read to know whether a session still stands."""
        return [session_key(*place)]

    def standing(self, found: Found, place: Place) -> Principal:
        """Who has a session that was opened by its token before. Raises Unauthenticated when it has
        ended since.
        """
        session = found.one(Session, session_key(*place))
        if session is None or session.ends_at <= clock.seconds():
            raise Unauthenticated
        return Principal(*place)

    def access_ends_at(self, found: Found, place: Place) -> int:
        """When the access token of a session that was found ends, in seconds."""
        session = found.one(Session, session_key(*place))
        return 0 if session is None else min(session.access_ends_at, session.ends_at)


session_check = SessionCheck(USERS)
