"""The second factor: codes by time (TOTP, RFC 6238) from an app on the owner's device, and ten
recovery codes for when that is lost.

A step of time is used once, and one step of drift either way is allowed for. The secret is sealed,
recovery codes are kept as keyed hashes and used once each. Tries are counted for the user before a
code is looked at, so that neither a new challenge nor another door brings new tries; a right code
gives its try back when it is used up.
"""

import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.identity import cool_down, totp
from functions.identity.contacts import phone_of
from functions.identity.models import RecoveryCodes, SecondFactor, TotpStarted, TwoFactorView
from functions.identity.notices import Notice, Telling, telling
from functions.identity.origin import Origin
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import TwoFactor, User, two_factor_key
from functions.identity.sealed import open_sealed, place, seal
from functions.identity.security_events import Happening, note, record
from functions.identity.sign_in_change import change_sign_in
from functions.identity.verification_code import WrongCode
from shared import clock
from shared.errors import NotFound, Problem, Texts
from shared.observability import count, logger
from shared.phone import masked
from shared.rate_limit import Window, take
from shared.secrets import keyed_hash
from shared.settings import settings
from shared.table import Cancelled, Key, Write, delete, put, read, update, write

PENDING, ENABLED = "pending", "enabled"
_RECOVERY_CODES = 10
_RECOVERY_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_HOUR_SECONDS = 3_600


class SecondFactorRequired(Problem):
    status = 403
    code = "SECOND_FACTOR_REQUIRED"
    title = Texts("需要两步验证", "Second factor required")
    detail = Texts(
        "此账户已开启两步验证，请提供验证器的动态码或恢复码。",
        "This account has a second factor. Give a code of the authenticator, or a recovery code.",
    )


class WrongSecondFactor(WrongCode):
    """Wrong, or used before: both are one."""

    detail = Texts(
        "验证码错误或已被使用，请等待验证器的下一个动态码。",
        "The code is wrong or was used before. Wait for the next one of the authenticator.",
    )


class TwoFactorEnabled(Problem):
    status = 409
    code = "TWO_FACTOR_ENABLED"
    title = Texts("两步验证已开启", "Two-factor already on")
    detail = Texts("两步验证已开启，请先关闭。", "Two-factor is on already. Turn it off first.")


def begin(user: User, password: str, *, origin: Origin) -> TotpStarted:
    """A new secret that counts once a code of it was confirmed.

    Raises WrongPassword, AccountLocked, TwoFactorEnabled, ServiceUnavailable.
    """
    phone = phone_of(user)
    if not proves(password, phone=phone, user=user, origin=origin):
        raise WrongPassword
    secret = totp.new_secret()
    key = two_factor_key(user.user_id)
    pending = TwoFactor(
        key.pk,
        key.sk,
        status=PENDING,
        secret=seal(secret, of=place(key, "secret")),
        always=True,
    )
    starting = put(pending, TwoFactor.pk.does_not_exist() | (TwoFactor.status == PENDING))
    try:
        write(starting, *forgiving(phone, origin))
    except Cancelled as cancelled:
        raise TwoFactorEnabled from cancelled
    return TotpStarted(secret=secret, otpauth_uri=totp.otpauth_uri(secret, masked(phone)))


def confirm(user: User, code: str, *, origin: Origin) -> RecoveryCodes:
    """Turns the second factor on, and shows the recovery codes, once.

    Raises NotFound (nothing was begun), TwoFactorEnabled (also when the answer to this request was
    lost: `renew_recovery_codes` shows codes again), WrongCode, TooManyRequests.
    """
    standing = _read(user.user_id)
    if standing is None:
        raise NotFound
    if standing.status == ENABLED:
        raise TwoFactorEnabled
    tried = _count_try(user.user_id)
    step = _matching_step(standing, code)
    made = _new_recovery_codes(user.user_id)
    enabling = update(
        TwoFactor(standing.pk, standing.sk),
        [
            TwoFactor.status.set(ENABLED),
            TwoFactor.last_step.set(step),
            TwoFactor.recovery_hashes.set(made.hashes),
        ],
        (TwoFactor.status == PENDING) & (TwoFactor.secret == standing.secret),
    )
    event = record(user.user_id, Happening.TWO_FACTOR_ENABLED, origin=origin)
    told = telling(user, Notice.TWO_FACTOR_ENABLED)
    try:
        write(enabling, event, told.writing, tried.giving_back(), *_cooling_down(user))
    except Cancelled as cancelled:
        raise TwoFactorEnabled from cancelled
    _tell(told)
    return RecoveryCodes(recovery_codes=made.codes)


def renew_recovery_codes(
    user: User, password: str, factor: SecondFactor | None, *, origin: Origin
) -> RecoveryCodes:
    """Ten new recovery codes in the place of what is left of the old.

    It takes the password and the authenticator itself, for one recovery code that was read over a
    shoulder must not become ten. Raises what `disable` raises.
    """
    if factor is not None and factor.method == "recovery":
        raise SecondFactorRequired
    proven = _fully_proven(user, password, factor, origin)
    made = _new_recovery_codes(user.user_id)
    renewing = proven.using(TwoFactor.recovery_hashes.set(made.hashes))
    event = record(user.user_id, Happening.RECOVERY_CODES_RENEWED, origin=origin)
    told = telling(user, Notice.RECOVERY_CODES_RENEWED)
    try:
        write(renewing, *proven.along, event, told.writing, *_cooling_down(user))
    except Cancelled as cancelled:
        raise WrongSecondFactor from cancelled
    _tell(told)
    return RecoveryCodes(recovery_codes=made.codes)


def disable(
    user: User, password: str, factor: SecondFactor | None, *, session_id: str, origin: Origin
) -> None:
    """Turns it off by the full proof: the password and the factor itself. A cool-down begins.

    Raises WrongPassword, AccountLocked, NotFound, SecondFactorRequired, WrongCode, TooManyRequests.
    """
    proven = _fully_proven(user, password, factor, origin)
    event = record(user.user_id, Happening.TWO_FACTOR_DISABLED, origin=origin)
    told = telling(user, Notice.TWO_FACTOR_DISABLED)
    parts = [delete(proven.standing, proven.unused), *proven.along, event, told.writing]
    try:
        change_sign_in(user, [], keep_session=session_id, together_with=parts)
    except Cancelled as cancelled:
        raise WrongSecondFactor from cancelled
    _tell(told)


def choose(
    user: User, password: str, factor: SecondFactor | None, *, always: bool, origin: Origin
) -> None:
    """Whether the factor is asked at each sign-in, or from new devices only.

    It takes the full proof, for a thief would choose less. Raises what `disable` raises.
    """
    proven = _fully_proven(user, password, factor, origin)
    details = {"ask": _asked(always=always)}
    event = record(user.user_id, Happening.TWO_FACTOR_CHANGED, origin=origin, details=details)
    try:
        write(proven.using(TwoFactor.always.set(always)), *proven.along, event)
    except Cancelled as cancelled:
        raise WrongSecondFactor from cancelled


def shown(user_id: str) -> TwoFactorView:
    """How things stand, for the owner to see."""
    standing = enabled(user_id)
    if standing is None:
        return TwoFactorView(enabled=False, ask=None, recovery_codes_left=0)
    return TwoFactorView(
        enabled=True,
        ask=_asked(always=bool(standing.always)),
        recovery_codes_left=len(standing.recovery_hashes or ()),
    )


def enabled(user_id: str) -> TwoFactor | None:
    """The factor of a user who has one that counts."""
    standing = _read(user_id)
    return standing if standing is not None and standing.status == ENABLED else None


def forgetting(user_id: str) -> list[Write]:
    """What takes the factor from somebody who has lost it; support has made sure of them."""
    return [delete(TwoFactor(*two_factor_key(user_id)[1:]))]


def verify(user: User, factor: SecondFactor | None, *, origin: Origin) -> list[Write]:
    """The writes that use a given factor up; none for a user without one.

    They go into the same transaction as what the factor proves; the condition of one fails when the
    code was used meanwhile. Raises SecondFactorRequired, WrongCode, TooManyRequests.
    """
    standing = enabled(user.user_id)
    if standing is None:
        return []
    proven = _proven(user.user_id, standing, _needed(factor), origin)
    return [proven.using(), *proven.along]


class _Proven(NamedTuple):
    """A factor with a code that is right.

    unused: the condition that it is still this factor, and this code not used. taking: what uses
    the code up. along: what is written with that.
    """

    standing: TwoFactor
    unused: Condition
    taking: Action
    along: list[Write]

    def using(self, *changes: Action) -> Write:
        own = TwoFactor(self.standing.pk, self.standing.sk)
        return update(own, [self.taking, *changes], self.unused)


class _RecoveryCodes(NamedTuple):
    codes: list[str]
    hashes: set[str]


def _fully_proven(
    user: User, password: str, factor: SecondFactor | None, origin: Origin
) -> _Proven:
    standing = enabled(user.user_id)
    if standing is None:
        raise NotFound
    # An app that did not know must not lose a try of the password by it.
    given = _needed(factor)
    phone = phone_of(user)
    if not proves(password, phone=phone, user=user, origin=origin):
        raise WrongPassword
    proven = _proven(user.user_id, standing, given, origin)
    return proven._replace(along=[*proven.along, *forgiving(phone, origin)])


def _needed(factor: SecondFactor | None) -> SecondFactor:
    """Raises SecondFactorRequired.

    A code by SMS proves the phone, which whoever asks for a factor beside it has seen already.
    """
    if factor is None or factor.method == "sms":
        raise SecondFactorRequired
    return factor


def _proven(user_id: str, standing: TwoFactor, factor: SecondFactor, origin: Origin) -> _Proven:
    tried = _count_try(user_id)
    try:
        if factor.method == "recovery":
            return _by_recovery_code(user_id, standing, factor.code, tried, origin)
        step = _matching_step(standing, factor.code)
    except WrongSecondFactor:
        note(user_id, Happening.SECOND_FACTOR_REFUSED, origin=origin)
        count("SecondFactorsRefused", method=factor.method)
        raise
    unused = _same(standing) & (TwoFactor.last_step < step)
    return _Proven(standing, unused, TwoFactor.last_step.set(step), [tried.giving_back()])


def _by_recovery_code(
    user_id: str, standing: TwoFactor, code: str, tried: Window, origin: Origin
) -> _Proven:
    used = _recovery_hash(user_id, code)
    left = standing.recovery_hashes or set()
    if used not in left:
        raise WrongSecondFactor
    unused = _same(standing) & TwoFactor.recovery_hashes.contains(used)
    details = {"left": str(len(left) - 1)}
    event = record(user_id, Happening.RECOVERY_CODES_USED, origin=origin, details=details)
    taking = TwoFactor.recovery_hashes.delete({used})
    return _Proven(standing, unused, taking, [event, tried.giving_back()])


def _same(standing: TwoFactor) -> Condition:
    condition: Condition = TwoFactor.status == ENABLED
    condition &= TwoFactor.secret == standing.secret
    return condition


def _matching_step(standing: TwoFactor, code: str) -> int:
    """The step of time that a code is of, which must be later than the last used."""
    secret = open_sealed(standing.secret, of=place(_key_of(standing), "secret"))
    step = totp.matching_step(secret, code, after=standing.last_step)
    if step is None:
        raise WrongSecondFactor
    return step


def _count_try(user_id: str) -> Window:
    """Counts one more try of this hour, before any code is looked at."""
    tries = Window(
        name="second_factor",
        subject=user_id,
        maximum=settings().second_factor_tries_per_hour,
        seconds=_HOUR_SECONDS,
    )
    take([tries])
    return tries


def _cooling_down(user: User) -> Sequence[Write]:
    """The cool-down of a change; on the first day of an account there is nothing to protect yet.

    An owner of longer standing has one: the factor is what answers step-ups, so whoever turns it on
    with a stolen password would answer their own.
    """
    fresh_until = clock.seconds_of(user.created_at) + settings().cool_down_seconds
    if clock.seconds() < fresh_until:
        return []
    begun = cool_down.starting(user.user_id)
    return [update(User(user.pk, user.sk), [begun.user], User.pk.exists()), begun.account]


def _tell(told: Telling) -> None:
    what = told.record.notice
    logger.info(what, extra={"user_id": told.record.user_id})
    count("TwoFactorChanges", what=what)
    told.send()


def _asked(*, always: bool) -> Literal["always", "new_device"]:
    return "always" if always else "new_device"


def _new_recovery_codes(user_id: str) -> _RecoveryCodes:
    codes = [_new_recovery_code() for _ in range(_RECOVERY_CODES)]
    return _RecoveryCodes(codes, {_recovery_hash(user_id, code) for code in codes})


def _new_recovery_code() -> str:
    letters = "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _recovery_hash(user_id: str, typed: str) -> str:
    plain = "".join(letter for letter in typed.lower() if letter.isalnum())
    return keyed_hash("recovery_code", f"{user_id}:{plain}")


def _key_of(standing: TwoFactor) -> Key:
    return Key(TwoFactor, standing.pk, standing.sk)


def _read(user_id: str) -> TwoFactor | None:
    key = two_factor_key(user_id)
    return read([key]).one(TwoFactor, key)
