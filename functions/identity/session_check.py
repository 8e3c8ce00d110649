"""Who asks: from a bearer token to a user on a device, without a call of its own to AWS."""

import hmac
from typing import cast

from functions.identity.records import Session, session_key
from functions.identity.tokens import ACCESS, hashed, located
from shared import clock
from shared.table import Key, Record
from shared.web.operation import Principal
from shared.web.problems import Unauthenticated


class SessionCheck:
    """Implements `shared.web.operation.SignInCheck`."""

    def user_id(self, token: str) -> str:
        return located(token, ACCESS).user_id

    def key(self, token: str) -> Key:
        return session_key(*located(token, ACCESS))

    def principal(self, record: Record | None, token: str) -> Principal:
        session = cast("Session | None", record)
        if session is None or not hmac.compare_digest(session.access_hash, hashed(token)):
            raise Unauthenticated
        if min(int(session.access_ends_at), int(session.ends_at)) <= clock.seconds():
            raise Unauthenticated
        return Principal(*located(token, ACCESS))


session_check = SessionCheck()
