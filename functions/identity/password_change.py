"""Changing the sign-in password ends every other session, in the same write."""

from functions.identity import passwords
from functions.identity.contacts import phone_of
from functions.identity.models import PasswordChange
from functions.identity.notices import Notice, telling
from functions.identity.origin import Origin
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import User
from functions.identity.security_events import Happening, record
from functions.identity.sign_in_change import change_sign_in
from shared import clock
from shared.observability import count, logger


def change_password(
    user: User, request: PasswordChange, *, session_id: str, origin: Origin
) -> None:
    """Sets a new password; `session_id` is the session that goes on.

    Sent again after a lost answer it is refused, for the password it names is the old one: nothing
    but a second comparison for each try could tell this from a guess. The new password is in force.
    Raises WeakPassword, WrongPassword, AccountLocked, ServiceUnavailable.
    """
    phone = phone_of(user)
    passwords.check_strength(request.new_password, phone=phone, field="new_password")
    if not proves(request.current_password, phone=phone, user=user, origin=origin):
        raise WrongPassword
    changes = [
        User.password_hash.set(passwords.hash_of(request.new_password)),
        User.password_changed_at.set(clock.seconds()),
    ]
    event = record(user.user_id, Happening.PASSWORD_CHANGED, origin=origin)
    told = telling(user, Notice.PASSWORD_CHANGED)
    parts = [*forgiving(phone, origin), event, told.writing]
    change_sign_in(user, changes, keep_session=session_id, together_with=parts)
    logger.info("password_changed", extra={"user_id": user.user_id})
    count("PasswordsChanged")
    told.send()
