"""Changing the sign-in password ends every other session, in the same write."""

from functions.identity import passwords
from functions.identity.models import PasswordChange
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import User, user_key
from functions.identity.sessions import all_sessions
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.table import Cancelled, delete, read, update, write

_TRIES = 5


def change_password(user: User, request: PasswordChange, *, session_id: str) -> None:
    """Sets a new password; `session_id` is the session that goes on.

    Sent again after a lost answer it is refused, for the password it names is the old one: nothing
    but a second comparison for each try could tell this from a guess. The new password is in force.
    Raises WeakPassword, WrongPassword, AccountLocked, ServiceUnavailable.
    """
    phone = user.phone
    passwords.check_strength(request.new_password, phone=phone, field="new_password")
    if not proves(request.current_password, phone=phone, user=user):
        raise WrongPassword
    new_hash = passwords.hash_of(request.new_password)
    proven_hash = user.password_hash
    for _ in range(_TRIES):
        if _written(user, new_hash, session_id):
            logger.info("password_changed", extra={"user_id": user.user_id})
            count("PasswordsChanged")
            return
        # Somebody signed in meanwhile, and that session must end as well.
        key = user_key(user.user_id)
        standing = read([key]).one(User, key)
        if standing is None or standing.password_hash != proven_hash:
            break
        user = standing
    raise ServiceUnavailable


def _written(user: User, new_hash: str, session_id: str) -> bool:
    """Changes the password and ends the other sessions; False when the user has changed."""
    others = [one for one in all_sessions(user.user_id) if one.session_id != session_id]
    change = update(
        User(user.pk, user.sk),
        [User.password_hash.set(new_hash)],
        (User.password_hash == user.password_hash) & (User.sign_ins == user.sign_ins),
    )
    try:
        write(change, forgiving(user.phone), *(delete(session) for session in others))
    except Cancelled:
        return False
    return True
