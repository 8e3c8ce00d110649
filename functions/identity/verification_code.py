"""Codes: six digits that prove who holds a phone or a mail address, for one purpose, once.

Known and unknown phones are treated alike: the same reads and writes, the same answer, and always
one message, so that nothing and no delay tells a stranger which phones are registered. Only the
owner of the phone reads the difference: where a code can't be of use, the message says why instead
(there is an account already, or there is none), and the code that was made is told to nobody. It
costs a message, but a stranger can cause one anyway by asking for a code to register.
"""

import hmac
import secrets
from typing import NamedTuple

from functions.identity.code_limits import check_country, sending_limits
from functions.identity.directory import directory_key
from functions.identity.models import AnyPurpose, CodeSent
from functions.identity.records import Verification, verification_key
from functions.identity.targets import Target
from shared import clock, rate_limit
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.identifiers import new_id
from shared.observability import count, logger
from shared.rate_limit import Window
from shared.secrets import keyed_hash
from shared.settings import settings
from shared.table import Cancelled, Write, delete, put, read, update

_DAY_SECONDS = 86_400
_FOR_USERS = frozenset({"sign_in", "reset_password", "unlock", "hotline"})
_FOR_NEW_PHONES = frozenset({"register", "change_phone"})

_CODE = Texts(
    "【U钱包】验证码 {code}，用于{purpose_zh}，{minutes} 分钟内有效。请勿告诉任何人。",
    "U Wallet: {code} is your code to {purpose_en}, good for {minutes} minutes. Tell it to nobody.",
)
_HAS_ACCOUNT = Texts(
    "【U钱包】此手机号已有账户，请直接登录，或在登录页重设密码。如非本人操作请忽略。",
    "U Wallet: this phone already has an account. Sign in, or reset your password. "
    "If this was not you, ignore it.",
)
_NO_ACCOUNT = Texts(
    "【U钱包】此手机号还没有账户，请先注册。如非本人操作请忽略。",
    "U Wallet: this phone has no account yet. Register first. If this was not you, ignore it.",
)
_PURPOSES: dict[AnyPurpose, Texts] = {
    "register": Texts("注册", "register"),
    "sign_in": Texts("登录", "sign in"),
    "reset_password": Texts("重设密码", "reset your password"),
    "change_phone": Texts("更换手机号", "change your phone"),
    "unlock": Texts("解锁账户", "unlock your account"),
    "hotline": Texts("向客服热线核实身份（请在电话中按键输入）", "type in on the hotline"),
    "leave_phone": Texts("停用此手机号", "give up this phone for your account"),
    "second_step": Texts("确认本次操作", "confirm what you are doing"),
    "confirm_email": Texts("绑定此邮箱", "bind this mail address"),
    "unlock_email": Texts(
        "证明此邮箱以解锁账户", "prove this mail address and unlock your account"
    ),
}


class WrongCode(Problem):
    status = 422
    code = "WRONG_CODE"
    title = Texts("验证码错误", "Wrong code")
    detail = Texts(
        "验证码错误，还可尝试 {tries_left} 次。", "The code is wrong. Tries left: {tries_left}."
    )


class CodeExpired(Problem):
    """Too old, used, tried too often, or never made for this phone and purpose: all one."""

    status = 422
    code = "CODE_EXPIRED"
    title = Texts("验证码已失效", "Code no longer valid")
    detail = Texts(
        "验证码已过期、已使用或尝试次数过多，请重新获取。",
        "The code is too old, was used, or was tried too often. Ask for a new one.",
    )


class _Made(NamedTuple):
    verification: Verification
    code: str


def send_code(
    *,
    target: Target,
    purpose: AnyPurpose,
    language: str,
    address: str | None,
    asked_by: str | None = None,
    instead: Texts | None = None,
) -> CodeSent:
    """Sends a message to a phone or mail address.

    Raises CountryNotServed, TooManyRequests, ServiceUnavailable.
    address: of the network that asks, None for none. asked_by: the user who does, when somebody is
    signed in.
    instead: what its owner is told in the place of a code that would be of no use.
    When the message is not taken, nothing counts as sent.
    """
    check_country(target, purpose)
    misfit = instead or _misfit(target, purpose)
    made = _made(target, purpose)
    limits = sending_limits(target, purpose, address=address, asked_by=asked_by)
    rate_limit.take(limits, together_with=[put(made.verification)])
    text = _code_text(purpose, made.code, language)
    if misfit is not None:
        text = misfit.in_language(language, {})
    try:
        target.send(text, language=language)
    except ServiceUnavailable:
        rate_limit.give_back(limits, together_with=[delete(made.verification)])
        raise
    logger.info("code_sent", extra={"purpose": purpose})
    count("CodesSent", purpose=purpose)
    return CodeSent(
        verification_id=made.verification.verification_id,
        expires_in=settings().code_valid_seconds,
        resend_after=settings().code_resend_seconds,
    )


def proven(*, target: Target, purpose: AnyPurpose, verification_id: str, code: str) -> Verification:
    """The verification that this code proves. Its use is written by `using`, with what it allows.

    A try is counted before the code is looked at: against this code, and against the target and the
    purpose for a day, so that a new code brings no new tries. A right one counts as well, for
    nobody knows it before; of these there are never more than codes that were sent.
    Raises WrongCode, CodeExpired, TooManyRequests.
    """
    key = verification_key(verification_id)
    verification = read([key]).one(Verification, key)
    if verification is None or not _is_open(verification, target, purpose):
        raise CodeExpired
    _count_try(verification)
    given = _code_hash(verification_id, target, purpose, code)
    if not hmac.compare_digest(verification.code_hash, given):
        logger.warning("code_refused", extra={"purpose": purpose})
        count("CodesRefused", purpose=purpose)
        raise WrongCode(tries_left=settings().code_tries - verification.tries - 1)
    return verification


def using(verification: Verification, user_id: str) -> Write:
    """Uses a code up. Its condition fails when it was used before, and `used_by` stands there."""
    return update(
        Verification(verification.pk, verification.sk),
        [Verification.used_by.set(user_id)],
        Verification.code_hash.exists() & Verification.used_by.does_not_exist(),
    )


def _made(target: Target, purpose: AnyPurpose) -> _Made:
    code = f"{secrets.randbelow(1_000_000):06d}"
    verification_id = new_id("v")
    expires_at = clock.seconds() + settings().code_valid_seconds
    verification = Verification(
        *verification_key(verification_id)[1:],
        verification_id=verification_id,
        purpose=purpose,
        target_digest=target.digest,
        code_hash=_code_hash(verification_id, target, purpose, code),
        expires_at=expires_at,
        ttl=expires_at,
    )
    return _Made(verification, code)


def _code_hash(verification_id: str, target: Target, purpose: AnyPurpose, code: str) -> str:
    """Under a key from outside the table: six digits alone could be tried out."""
    parts = (verification_id, target.address, purpose, code)
    return keyed_hash("verification_code", "\x00".join(parts))


def _misfit(target: Target, purpose: AnyPurpose) -> Texts | None:
    """Why a code would be of no use to the owner of a phone, if it would not."""
    if purpose not in _FOR_USERS | _FOR_NEW_PHONES:
        return None
    entry_key = directory_key(target.address)
    known = read([entry_key]).get(entry_key) is not None
    if known == (purpose in _FOR_USERS):
        return None
    return _HAS_ACCOUNT if known else _NO_ACCOUNT


def _code_text(purpose: AnyPurpose, code: str, language: str) -> str:
    what = _PURPOSES[purpose]
    values = {
        "code": code,
        "purpose_zh": what.zh,
        "purpose_en": what.en,
        "minutes": settings().code_valid_seconds // 60,
    }
    return _CODE.in_language(language, values)


def _is_open(verification: Verification, target: Target, purpose: AnyPurpose) -> bool:
    return (
        verification.target_digest == target.digest
        and verification.purpose == purpose
        and verification.expires_at > clock.seconds()
        and verification.tries < settings().code_tries
    )


def _count_try(verification: Verification) -> None:
    tries_today = Window(
        name="code_tries",
        subject=f"{verification.purpose}#{verification.target_digest}",
        maximum=settings().code_failures_per_day,
        seconds=_DAY_SECONDS,
    )
    counting = update(
        Verification(verification.pk, verification.sk),
        [Verification.tries.add(1)],
        Verification.tries < settings().code_tries,
    )
    try:
        rate_limit.take([tries_today], together_with=[counting])
    except Cancelled as cancelled:
        raise CodeExpired from cancelled
