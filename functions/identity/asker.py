"""The user who asks, as the read of the request found them."""

from collections.abc import Iterable
from typing import Any

from functions.identity.records import User, user_key
from shared.ledger.records import account_key
from shared.table import Key
from shared.web import Call
from shared.web.problems import Unauthenticated


def user_and_account(call: Call[Any]) -> Iterable[Key]:
    """What a request reads for both."""
    yield user_key(call.user_id)
    yield account_key(call.user_id)


def asker(call: Call[Any]) -> User:
    """Raises Unauthenticated when the user is gone."""
    user = call.found.one(User, user_key(call.user_id))
    if user is None:
        raise Unauthenticated
    return user
