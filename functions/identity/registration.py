"""Signing up: one write makes the user, the ledger account and the first session, and uses the
code up; or nothing is made.
"""

from typing import cast

from functions.identity import passwords, verification_code
from functions.identity.directory import PhoneEntry, directory_key, guessed_user_id
from functions.identity.models import RegisterRequest, SignedIn
from functions.identity.records import User, Verification, user_key
from functions.identity.sessions import Origin, new_session
from functions.identity.sign_in import start_session
from functions.identity.verification_code import CodeExpired
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.identifiers import new_id
from shared.ledger.accounts import opening
from shared.observability import count, logger
from shared.phone import masked
from shared.table import Cancelled, put, read, write


class PhoneRegistered(Problem):
    """Told only to whoever has proven to hold the phone."""

    status = 409
    code = "PHONE_REGISTERED"
    title = Texts("手机号已注册", "Phone already registered")
    detail = Texts(
        "此手机号已有账户，请直接登录或重设密码。",
        "This phone already has an account. Sign in, or reset the password.",
    )


def register(request: RegisterRequest, *, phone: str, origin: Origin, language: str) -> SignedIn:
    """Makes a user of whoever holds the phone (E.164).

    The answer to the first request may have been lost. So the same code, with the same password,
    while it is valid, signs in the user it has made; that user stays the only one.
    Raises WeakPassword, WrongCode, CodeExpired, TooManyRequests, PhoneRegistered.
    """
    passwords.check_strength(request.password, phone=phone, field="password")
    verification = verification_code.proven(
        phone=phone,
        purpose="register",
        verification_id=request.verification_id,
        code=request.code,
    )
    if verification.used_by:
        return _again(verification, request.password, origin)
    password_hash = passwords.hash_of(request.password)
    # The phone may have had an owner before, who keeps the id that is derived from it.
    for user_id in (guessed_user_id(phone), new_id("u")):
        user = User(
            *user_key(user_id)[1:],
            user_id=user_id,
            phone=phone,
            password_hash=password_hash,
            language=language,
            created_at=clock.now_text(),
            sign_ins=1,
        )
        if signed_in := _entered(user, verification, request.password, origin):
            return signed_in
    raise ServiceUnavailable


def _entered(
    user: User, verification: Verification, password: str, origin: Origin
) -> SignedIn | None:
    """Writes the user and all that comes along; None when the user id is taken."""
    session = new_session(user.user_id, origin)
    used = verification_code.using(verification, user.user_id)
    entry = put(PhoneEntry(*directory_key(user.phone)[1:], user_id=user.user_id))
    account = opening(user.user_id, label=masked(user.phone))
    try:
        write(used, entry, put(user), account, session.starting)
    except Cancelled as cancelled:
        if cancelled.failed(used):
            standing = cast("Verification | None", cancelled.standing(used))
            return _again(standing, password, origin)
        if cancelled.failed(entry):
            raise PhoneRegistered from cancelled
        return None
    logger.info("registered", extra={"user_id": user.user_id})
    count("Registrations")
    return SignedIn(user_id=user.user_id, tokens=session.tokens)


def _again(verification: Verification | None, password: str, origin: Origin) -> SignedIn:
    """A session for the user whom this code has made before. Raises CodeExpired."""
    if verification is None or not verification.used_by:
        raise CodeExpired
    key = user_key(verification.used_by)
    user = read([key]).one(User, key)
    if user is None or not passwords.matches(password, user.password_hash):
        raise CodeExpired
    return start_session(user, origin)
