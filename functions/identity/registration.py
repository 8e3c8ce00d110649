"""Signing up: one write makes the user, the ledger account and the first session, and uses the
code up; or nothing is made.
"""

from typing import cast

from functions.identity import passwords, verification_code
from functions.identity.contacts import sealed_phone
from functions.identity.devices import recognise
from functions.identity.directory import PhoneEntry, directory_key, guessed_user_id
from functions.identity.models import RegisterRequest, SignedIn
from functions.identity.origin import Origin
from functions.identity.records import User, Verification, user_key
from functions.identity.security_events import Happening, record
from functions.identity.sessions import new_session
from functions.identity.sign_in import start_session
from functions.identity.targets import Phone
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
    Raises WeakPassword, WrongCode, CodeExpired, TooManyRequests, PhoneRegistered,
    ServiceUnavailable.
    """
    passwords.check_strength(request.password, phone=phone, field="password")
    verification = verification_code.proven(
        target=Phone(phone),
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
            phone=sealed_phone(user_id, phone),
            password_hash=password_hash,
            language=language,
            created_at=clock.now_text(),
            sign_ins=1,
            last_sign_in_at=clock.seconds(),
            last_country=origin.country or None,
        )
        if signed_in := _entered(user, phone, verification, request.password, origin):
            return signed_in
    raise ServiceUnavailable


def _entered(
    user: User, phone: str, verification: Verification, password: str, origin: Origin
) -> SignedIn | None:
    """Writes the user and all that comes along; None when the user id is taken."""
    device = recognise(user.user_id, origin)
    session = new_session(user.user_id, origin, device_since=device.since)
    used = verification_code.using(verification, user.user_id)
    entry = put(PhoneEntry(*directory_key(phone)[1:], user_id=user.user_id))
    account = opening(user.user_id, label=masked(phone))
    event = record(user.user_id, Happening.REGISTERED, origin=origin)
    try:
        write(used, entry, put(user), account, session.starting, event, *device.remembering)
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
