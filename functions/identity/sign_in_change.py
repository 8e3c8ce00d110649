"""Changing what an owner signs in by: the change, the end of the sessions that began before it, and
the cool-down are one write.
"""

from collections.abc import Sequence

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
) -> None:
    """Writes `changes` to a user as it was proven: with the phone and the password of `user`.

    keep_session: the one session that goes on, if one does.
    account_changes: what changes in the ledger account along with it.
    Raises Cancelled when a condition of `together_with` fails, ServiceUnavailable when the user has
    changed in a way that takes a new proof.
    """
    proven = (user.phone, user.password_hash)
    for _ in range(_TRIES):
        try:
            _write(user, changes, keep_session, together_with, account_changes)
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
    account_changes: Sequence[Action],
) -> None:
    begun = cool_down.starting(user.user_id, *account_changes)
    as_proven = (User.phone == user.phone) & (User.password_hash == user.password_hash)
    change = update(
        User(user.pk, user.sk),
        [*changes, begun.user],
        as_proven & (User.sign_ins == user.sign_ins),
    )
    ended = [one for one in all_sessions(user.user_id) if one.session_id != keep_session]
    write(change, begun.account, *together_with, *(delete(session) for session in ended))
