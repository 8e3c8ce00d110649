"""Moving an account to another phone.

It takes the password, a code to the new phone, and proof of the old one: a code to that, or the
second factor where it is turned on. The directory of phones, the user and the label of the ledger
account change in one write, so that at no moment two phones open the account, or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.identity import two_factor
from functions.identity.contacts import phone_of, sealed_phone
from functions.identity.directory import PhoneEntry, directory_key
from functions.identity.models import CodeSent, PhoneChange
from functions.identity.notices import Notice, telling
from functions.identity.origin import Origin
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import User, Verification
from functions.identity.registration import PhoneRegistered
from functions.identity.security_events import Happening, record
from functions.identity.sign_in_change import change_sign_in
from functions.identity.targets import Phone
from functions.identity.verification_code import CodeExpired, proven, send_code, using
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.ledger.records import Account
from shared.observability import count, logger
from shared.phone import masked
from shared.table import Cancelled, Write, delete, put, write


class OldPhoneUnproven(Problem):
    status = 403
    code = "OLD_PHONE_UNPROVEN"
    title = Texts("未验证原手机号", "Old phone not proven")
    detail = Texts(
        "请提供发送到原手机号的验证码。", "Send the code that came to the phone of the account."
    )


@dataclass(frozen=True, kw_only=True)
class _Move:
    """A user who goes from an old phone to a new one, both E.164."""

    user: User
    old: str
    new: str
    session_id: str
    origin: Origin


def send_leaving_code(user: User, *, language: str, address: str) -> CodeSent:
    """Sends a code to the phone that the account has. Raises TooManyRequests."""
    return send_code(
        target=Phone(phone_of(user)),
        purpose="leave_phone",
        language=language,
        address=address,
        asked_by=user.user_id,
    )


def change_phone(
    user: User, request: PhoneChange, *, phone: str, session_id: str, origin: Origin
) -> None:
    """Moves the account to `phone` (E.164); `session_id` is the session that goes on.

    Sent again with the same code after a lost answer it is a success and changes nothing.
    Raises WrongPassword, AccountLocked, WrongCode, CodeExpired, TooManyRequests, OldPhoneUnproven,
    PhoneRegistered (only to whoever holds that phone), ServiceUnavailable, and what `two_factor`
    raises.
    """
    old = phone_of(user)
    if not proves(request.password, phone=old, user=user, origin=origin):
        raise WrongPassword
    # Now, as what follows may be refused for a mistyped code: that is no wrong password.
    write(*forgiving(old, origin))
    new_code = proven(
        target=Phone(phone),
        purpose="change_phone",
        verification_id=request.verification_id,
        code=request.code,
    )
    if new_code.used_by:
        if new_code.used_by != user.user_id or old != phone:
            raise CodeExpired
        return
    proof = _proof_of_old(user, old, request, origin)
    used = using(new_code, user.user_id)
    move = _Move(user=user, old=old, new=phone, session_id=session_id, origin=origin)
    told = telling(user, Notice.PHONE_CHANGED, phone=masked(phone))
    _write(move, used, proof, told.writing)
    logger.info("phone_changed", extra={"user_id": user.user_id})
    count("PhonesChanged")
    told.send()


def _proof_of_old(
    user: User, old_phone: str, request: PhoneChange, origin: Origin
) -> Sequence[Write]:
    """What uses the proof of the old phone up."""
    if second := two_factor.verify(user, request.second_factor, origin=origin):
        return second
    if request.old_phone is None:
        raise OldPhoneUnproven(field="old_phone")
    verification: Verification = proven(
        target=Phone(old_phone),
        purpose="leave_phone",
        verification_id=request.old_phone.verification_id,
        code=request.old_phone.code,
    )
    return [using(verification, user.user_id)]


def _write(move: _Move, used: Write, proof_of_old: Sequence[Write], telling: Write) -> None:
    user, old, new = move.user, move.old, move.new
    taken = put(PhoneEntry(*directory_key(new)[1:], user_id=user.user_id))
    released = delete(PhoneEntry(*directory_key(old)[1:]), PhoneEntry.user_id == user.user_id)
    details = {"from": masked(old), "to": masked(new)}
    event = record(user.user_id, Happening.PHONE_CHANGED, origin=move.origin, details=details)
    try:
        change_sign_in(
            user,
            [User.phone.set(sealed_phone(user.user_id, new))],
            keep_session=move.session_id,
            together_with=[used, *proof_of_old, taken, released, event, telling],
            account_changes=[Account.label.set(masked(new))],
        )
    except Cancelled as cancelled:
        if cancelled.failed(used):
            # By the same request at the same time, most likely: sent again it will know.
            raise ServiceUnavailable from cancelled
        if any(cancelled.failed(proof) for proof in proof_of_old):
            raise CodeExpired from cancelled
        raise PhoneRegistered from cancelled
