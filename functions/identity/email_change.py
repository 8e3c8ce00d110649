"""Binding a mail address: notices go there as well, and support knows who writes from there. It
proves nothing about who somebody is.

The code is sent to the new address; the old one, and the phone, are told.
"""

from pynamodb.expressions.update import Action

from functions.identity import cool_down
from functions.identity.contacts import email_of, phone_of, sealed_email
from functions.identity.directory import leaving_email, taking_email
from functions.identity.models import EmailChange, EmailCodeSent
from functions.identity.notices import Notice, telling
from functions.identity.origin import Origin
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import PendingEmail, User, pending_email_key
from functions.identity.sealed import open_sealed, place, seal
from functions.identity.security_events import Happening, record
from functions.identity.targets import Mail
from functions.identity.verification_code import CodeExpired, proven, send_code, using
from shared import clock, mail
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.table import Cancelled, Write, update, write


def ask_to_bind(
    user: User, request: EmailChange, *, language: str, origin: Origin
) -> EmailCodeSent:
    """Sends a code to a new mail address, which takes the place of one that still waits for its.

    Raises InvalidField, WrongPassword, AccountLocked, TooManyRequests, ServiceUnavailable.
    """
    email = mail.normalised(request.email)
    phone = phone_of(user)
    if not proves(request.password, phone=phone, user=user, origin=origin):
        raise WrongPassword
    write(*forgiving(phone, origin))
    sent = send_code(
        target=Mail(email),
        purpose="confirm_email",
        language=language,
        address=origin.address,
        asked_by=user.user_id,
    )
    key = pending_email_key(user.user_id)
    PendingEmail(
        *key[1:],
        email=seal(email, of=place(key, "email")),
        verification_id=sent.verification_id,
        ttl=clock.seconds() + sent.expires_in,
    ).save()
    return EmailCodeSent(
        email=mail.masked(email), expires_in=sent.expires_in, resend_after=sent.resend_after
    )


def bind(user: User, pending: PendingEmail | None, code: str, *, origin: Origin) -> None:
    """Binds the address that the code was sent to; the same code again is a success.

    Raises WrongCode, CodeExpired, TooManyRequests, ServiceUnavailable.
    """
    if pending is None:
        raise CodeExpired
    email = open_sealed(pending.email, of=place(pending_email_key(user.user_id), "email"))
    verification = proven(
        target=Mail(email),
        purpose="confirm_email",
        verification_id=pending.verification_id,
        code=code,
    )
    if verification.used_by:
        if email_of(user) != email:
            raise CodeExpired
        return
    changes: list[Action] = [User.email.set(sealed_email(user.user_id, email))]
    along: list[Write] = [taking_email(user.user_id, email)]
    before = email_of(user)
    if before is not None:
        begun = cool_down.starting(user.user_id)
        changes.append(begun.user)
        along.append(begun.account)
        if mail.lookup_digest(before) != mail.lookup_digest(email):
            along.append(leaving_email(user.user_id, before))
    as_read = User.email.does_not_exist() if user.email is None else User.email == user.email
    change = update(User(user.pk, user.sk), changes, User.pk.exists() & as_read)
    event = record(user.user_id, Happening.EMAIL_CHANGED, origin=origin)
    told = telling(user, Notice.EMAIL_CHANGED, email=mail.masked(email))
    used = using(verification, user.user_id)
    try:
        write(used, change, event, told.writing, *along)
    except Cancelled as cancelled:
        if cancelled.failed(used):
            raise CodeExpired from cancelled
        # Another address was bound meanwhile: that one is to be told.
        raise ServiceUnavailable from cancelled
    logger.info("email_changed", extra={"user_id": user.user_id})
    count("EmailsChanged")
    told.send()
