"""A second step that somebody must take: at a sign-in, or before a sum of money moves.

A challenge belongs to one user and one purpose, is passed once, used once, and ends by itself. Its
tries are counted before a code is looked at. It is answered with the second factor where the user
has one, else with a code by SMS, which is the second way for the others too.
"""

from typing import Literal

import msgspec
from pynamodb.expressions.condition import Condition

from functions.identity import two_factor
from functions.identity.contacts import phone_of
from functions.identity.models import AnyPurpose, ChallengeAnswer, ChallengeStarted, SecondFactor
from functions.identity.origin import Origin
from functions.identity.records import Challenge, TwoFactor, User, challenge_key, user_key
from functions.identity.security_events import Happening, note
from functions.identity.targets import Phone
from functions.identity.two_factor import WrongSecondFactor
from functions.identity.verification_code import WrongCode, proven, send_code
from functions.identity.verification_code import using as using_code
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.identifiers import new_id
from shared.observability import count
from shared.settings import settings
from shared.table import Cancelled, Write, change, put, read, update, write

SIGN_IN, STEP_UP = "sign_in", "step_up"
_PURPOSE: AnyPurpose = "second_step"
Method = Literal["totp", "recovery", "sms"]


class ChallengeEnded(Problem):
    """Unknown, passed, used, tried too often or too old: all one."""

    status = 422
    code = "CHALLENGE_ENDED"
    title = Texts("验证已失效", "Challenge ended")
    detail = Texts("验证已失效，请重新发起操作。", "This challenge is over. Please start again.")


def start(
    user: User,
    kind: str,
    *,
    origin: Origin,
    language: str,
    bound: str,
    standing: TwoFactor | None,
    challenge_id: str | None = None,
) -> ChallengeStarted:
    """Makes a challenge; without a second factor the code is sent at once.

    bound: what exactly it allows. standing: the second factor of the user, if there is one.
    challenge_id: where it is to be, when it takes the place of one that is over.
    Raises TooManyRequests, ServiceUnavailable.
    """
    challenge_id = challenge_id or new_id("ch")
    ends_at = clock.seconds() + settings().challenge_seconds
    challenge = Challenge(
        *challenge_key(challenge_id)[1:],
        challenge_id=challenge_id,
        user_id=user.user_id,
        kind=kind,
        bound=bound,
        device=None if origin.device is None else msgspec.to_builtins(origin.device),
        device_proof=origin.device_proof,
        expires_at=ends_at,
        ttl=ends_at,
    )
    if standing is None:
        challenge.verification_id = _send(user, origin, language)
    over = (
        (Challenge.expires_at <= clock.seconds())
        | (Challenge.tries >= settings().code_tries)
        | Challenge.used.exists()
    )
    try:
        write(put(challenge, Challenge.pk.does_not_exist() | over))
    except Cancelled as cancelled:
        raise ServiceUnavailable from cancelled
    count("ChallengesStarted", kind=kind)
    return ChallengeStarted(challenge_id=challenge_id, methods=methods(standing))


def methods(standing: TwoFactor | None) -> list[Method]:
    """How a user may answer, by the second factor that they have, if any."""
    return ["sms"] if standing is None else ["totp", "recovery", "sms"]


def send_by_sms(
    challenge_id: str, kind: str, *, origin: Origin, language: str, user_id: str | None = None
) -> None:
    """Sends a code to the user's phone, for whoever has no second factor at hand.

    user_id: of the signed-in user, where there is one.
    Raises ChallengeEnded, TooManyRequests, ServiceUnavailable.
    """
    challenge, user = opened(challenge_id, kind, user_id=user_id)
    if challenge.passed_at:
        raise ChallengeEnded
    verification_id = _send(user, origin, language)
    own = Challenge(challenge.pk, challenge.sk)
    sent = [Challenge.verification_id.set(verification_id)]
    if not change(own, sent, Challenge.challenge_id.exists() & Challenge.used.does_not_exist()):
        raise ChallengeEnded


def opened(challenge_id: str, kind: str, *, user_id: str | None = None) -> tuple[Challenge, User]:
    """A challenge that is not over, and its user. Raises ChallengeEnded.

    user_id: whose it has to be, where somebody is signed in.
    """
    key = challenge_key(challenge_id)
    challenge = read([key]).one(Challenge, key)
    if (
        challenge is None
        or challenge.kind != kind
        or is_over(challenge)
        or user_id not in (None, challenge.user_id)
    ):
        raise ChallengeEnded
    of_user = user_key(challenge.user_id)
    user = read([of_user]).one(User, of_user)
    if user is None:
        raise ChallengeEnded
    return challenge, user


def is_over(challenge: Challenge) -> bool:
    """Whether it was used, or its time is over."""
    return bool(challenge.used) or challenge.expires_at <= clock.seconds()


def proof(
    challenge: Challenge, user: User, answer: ChallengeAnswer, *, origin: Origin
) -> list[Write]:
    """The writes that use up the code which answers a challenge.

    The caller writes them together with `passing` or `ending`; a condition fails when the code was
    used meanwhile. Raises ChallengeEnded, WrongCode, CodeExpired, TooManyRequests.
    """
    _count_try(challenge)
    if answer.method == "sms":
        return _proof_by_sms(challenge, user, answer, origin)
    factor = SecondFactor(method=answer.method, code=answer.code)
    using = two_factor.verify(user, factor, origin=origin)
    if not using:
        # There is no factor, or none any more: nothing to be right about.
        raise WrongSecondFactor
    return using


def passing(challenge: Challenge) -> Write:
    """Marks a challenge as passed, once."""
    return update(
        Challenge(challenge.pk, challenge.sk),
        [Challenge.passed_at.set(clock.seconds())],
        Challenge.passed_at.does_not_exist() & _is_open(),
    )


def ending(challenge: Challenge) -> Write:
    """Uses up a challenge that is passed and used at the same moment."""
    return update(Challenge(challenge.pk, challenge.sk), [Challenge.used.set(True)], _is_open())


def redeeming(challenge_id: str, *, user_id: str, bound: str) -> Write:
    """Uses a passed challenge for what it is bound to, in the transaction of just that."""
    return update(
        Challenge(*challenge_key(challenge_id)[1:]),
        [Challenge.used.set(True)],
        (Challenge.user_id == user_id)
        & (Challenge.bound == bound)
        & (Challenge.kind == STEP_UP)
        & Challenge.passed_at.exists()
        & _is_open(),
    )


def _is_open() -> Condition:
    condition: Condition = Challenge.used.does_not_exist()
    condition &= Challenge.expires_at > clock.seconds()
    return condition


def _proof_by_sms(
    challenge: Challenge, user: User, answer: ChallengeAnswer, origin: Origin
) -> list[Write]:
    try:
        verification = proven(
            target=Phone(phone_of(user)),
            purpose=_PURPOSE,
            verification_id=challenge.verification_id or "",
            code=answer.code,
        )
    except WrongCode:
        note(user.user_id, Happening.SECOND_FACTOR_REFUSED, origin=origin)
        raise
    return [using_code(verification, user.user_id)]


def _send(user: User, origin: Origin, language: str) -> str:
    sent = send_code(
        target=Phone(phone_of(user)),
        purpose=_PURPOSE,
        language=language,
        address=origin.address,
        asked_by=user.user_id,
    )
    return sent.verification_id


def _count_try(challenge: Challenge) -> None:
    counting = update(
        Challenge(challenge.pk, challenge.sk),
        [Challenge.tries.add(1)],
        (Challenge.tries < settings().code_tries) & _is_open(),
    )
    try:
        write(counting)
    except Cancelled as cancelled:
        raise ChallengeEnded from cancelled
