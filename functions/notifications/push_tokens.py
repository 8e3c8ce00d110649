"""Which phones take push messages for whom: each signed-in device that has given its token.

A message goes to a phone only while the session lives that registered it, and only for whoever
registered it last: somebody who signs in on a used phone must not see what another is told.
"""

from pynamodb.expressions.condition import Condition

from functions.identity.sessions import all_sessions
from functions.notifications.models import PushTokenRequest
from functions.notifications.records import (
    PUSH_PREFIX,
    PushOwner,
    PushTarget,
    push_owner_key,
    push_target_key,
)
from shared import clock, push
from shared.errors import ServiceUnavailable
from shared.observability import logger
from shared.settings import settings
from shared.table import Cancelled, Write, delete, put, read, write

_TRIES = 5
_ANYHOW: Condition = PushTarget.pk.exists() | PushTarget.pk.does_not_exist()


def register(user_id: str, session_id: str, request: PushTokenRequest) -> None:
    """Has push messages for this user go to the phone of this session, and to no other owner's.

    Raises PushUnavailable, InvalidField, ServiceUnavailable.
    """
    endpoint = push.register(request.platform, request.token)
    target = PushTarget(
        *push_target_key(user_id, session_id)[1:],
        session_id=session_id,
        platform=request.platform,
        endpoint=endpoint,
        ttl=clock.seconds() + settings().session_seconds,
    )
    for _ in range(_TRIES):
        try:
            write(put(target, _ANYHOW), *_taking_over(endpoint, user_id, session_id))
        except Cancelled:
            continue
        logger.info("push_registered", extra={"user_id": user_id, "platform": request.platform})
        return
    raise ServiceUnavailable


def unregister(user_id: str, session_id: str) -> None:
    """Ends push messages to the phone of this session. Raises ServiceUnavailable."""
    key = push_target_key(user_id, session_id)
    if target := read([key]).one(PushTarget, key):
        forget(target)


def targets(user_id: str) -> list[PushTarget]:
    """The phones of a user whose sessions live."""
    registered = list(
        PushTarget.query(
            push_target_key(user_id, "").pk,
            PushTarget.sk.startswith(PUSH_PREFIX),
            consistent_read=True,
            limit=settings().sessions_per_user,
        )
    )
    if not registered:
        return []
    alive = {session.session_id for session in all_sessions(user_id)}
    return [target for target in registered if target.session_id in alive]


def forget(target: PushTarget) -> None:
    """Raises ServiceUnavailable."""
    push.forget(target.endpoint)
    write(
        delete(PushTarget(target.pk, target.sk)),
        delete(PushOwner(*push_owner_key(target.endpoint)[1:])),
    )


def _taking_over(endpoint: str, user_id: str, session_id: str) -> list[Write]:
    """What gives an endpoint to this session, and takes it from the one that had it."""
    key = push_owner_key(endpoint)
    owner = PushOwner(
        *key[1:],
        user_id=user_id,
        session_id=session_id,
        ttl=clock.seconds() + settings().session_seconds,
    )
    before = read([key]).one(PushOwner, key)
    if before is None:
        return [put(owner)]
    as_read = PushOwner.session_id == before.session_id
    if before.session_id == session_id:
        return [put(owner, as_read)]
    old_target = PushTarget(*push_target_key(before.user_id, before.session_id)[1:])
    return [put(owner, as_read), delete(old_target)]
