"""A new password for whoever has forgotten the old one and still holds the phone.

It is also the way back in for an owner whom a stranger has locked out by wrong guesses. The device
that it is done on, if it has a secret, is known from then on, for what it takes is no less than the
second step of a sign-in: so the stranger can't lock its owner out again. It does not go round the
second factor. An unknown phone is answered as a known one with a wrong code, for
nobody was told the code that was made for it.
"""

from typing import cast

from functions.identity import passwords, two_factor
from functions.identity.devices import recognise
from functions.identity.directory import owner_of
from functions.identity.models import PasswordReset
from functions.identity.notices import Notice, telling
from functions.identity.origin import Origin
from functions.identity.password_proof import forgiving_all
from functions.identity.records import User, Verification
from functions.identity.security_events import Happening, record
from functions.identity.sign_in_change import change_sign_in
from functions.identity.targets import Phone
from functions.identity.verification_code import CodeExpired, proven, using
from shared import clock
from shared.observability import count, logger
from shared.table import Cancelled


def reset_password(request: PasswordReset, *, phone: str, origin: Origin) -> None:
    """Sets a new password for the owner of a phone (E.164), and signs all devices out.

    The answer to the first request may have been lost. So the same code with the same password,
    while it is valid, is a success again and changes nothing.
    Raises WeakPassword, WrongCode, CodeExpired, TooManyRequests, ServiceUnavailable, and what
    `two_factor` raises.
    """
    passwords.check_strength(request.new_password, phone=phone, field="new_password")
    verification = proven(
        target=Phone(phone),
        purpose="reset_password",
        verification_id=request.verification_id,
        code=request.code,
    )
    user = owner_of(phone)
    if user is None:
        raise CodeExpired
    if verification.used_by:
        _check_same(verification, user, request.new_password)
        return
    _reset(user, request, phone, verification, origin)


def _reset(
    user: User, request: PasswordReset, phone: str, verification: Verification, origin: Origin
) -> None:
    second = two_factor.verify(user, request.second_factor, origin=origin)
    used = using(verification, user.user_id)
    changes = [
        User.password_hash.set(passwords.hash_of(request.new_password)),
        User.password_changed_at.set(clock.seconds()),
    ]
    event = record(user.user_id, Happening.PASSWORD_RESET, origin=origin)
    told = telling(user, Notice.PASSWORD_RESET)
    parts = [used, *second, event, told.writing, *forgiving_all(phone)]
    if origin.device_proof is not None:
        device = recognise(user.user_id, origin)
        parts += device.remembering
        if device.is_new:
            parts.append(record(user.user_id, Happening.NEW_DEVICE, origin=origin))
    try:
        change_sign_in(user, changes, keep_session=None, together_with=parts)
    except Cancelled as cancelled:
        standing = cast("Verification | None", cancelled.standing(used))
        current = owner_of(phone)
        if standing is None or current is None:
            raise CodeExpired from cancelled
        _check_same(standing, current, request.new_password)
        return
    logger.info("password_reset", extra={"user_id": user.user_id})
    count("PasswordsReset")
    told.send()


def _check_same(verification: Verification, user: User, password: str) -> None:
    """Raises CodeExpired unless this code has set this very password."""
    is_same = verification.used_by == user.user_id
    if not is_same or not passwords.matches(password, user.password_hash):
        raise CodeExpired
