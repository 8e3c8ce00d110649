"""Changing what an owner signs in by: the change, the end of the sessions that began before it, and
the cool-down are one write.
"""

from collections.abc import Sequence

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.identity import cool_down
from functions.identity.records import User, user_key
from functions.identity.sessions import all_sessions
from shared.errors import ServiceUnavailable
from shared.table import Cancelled, Write, delete, read, update, write

_TRIES = 5


def change_sign_in(
    user: User,
    changes: Sequence[Action],
    *,
    keep_session: str | None,
    together_with: Sequence[Write],
    account_changes: Sequence[Action] = (),
    account_condition: Condition | None = None,
) -> None:
    """Writes `changes` to a user as it was proven: with the phone and the password of `user`.

    keep_session: the one session that goes on, if one does.
    account_changes: what changes in the ledger account along with it, under account_condition.
    Raises Cancelled when a condition of `together_with` fails, ServiceUnavailable when the user has
    changed in a way that takes a new proof.
    """
    proven = (user.phone, user.password_hash)
    for _ in range(_TRIES):
        try:
            begun = cool_down.starting(user.user_id, *account_changes, condition=account_condition)
            _write(user, [*changes, begun.user], keep_session, [begun.account, *together_with])
            return
        except Cancelled as cancelled:
            if any(cancelled.failed(part) for part in together_with):
                raise
        # Somebody signed in meanwhile, and that session must end as well.
        key = user_key(user.user_id)
        standing = read([key]).one(User, key)
        if standing is None or (standing.phone, standing.password_hash) != proven:
            break
        user = standing
    raise ServiceUnavailable


def _write(
    user: User,
    changes: Sequence[Action],
    keep_session: str | None,
    together_with: Sequence[Write],
) -> None:
    ended = [one for one in all_sessions(user.user_id) if one.session_id != keep_session]
    change = update(User(user.pk, user.sk), changes, _as_proven(user))
    write(change, *together_with, *(delete(session) for session in ended))


def _as_proven(user: User) -> Condition:
    """Who was unlocked by support has no password until it is reset."""
    condition: Condition = (User.phone == user.phone) & (User.sign_ins == user.sign_ins)
    if user.password_hash:
        condition &= User.password_hash == user.password_hash
    else:
        condition &= User.password_hash.does_not_exist()
    return condition
