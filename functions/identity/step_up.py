"""A second step before money moves: for sums and payees that call for one.

The refused request names a challenge. When it is passed, the same request is sent again with the
header `Step-Up`; the challenge is bound to user, operation, payee and amount, and is used up in the
very transaction that moves the money.
"""

from typing import Any

from functions.identity import challenge, two_factor
from functions.identity.challenge import ChallengeEnded, is_over, opened, passing, proof, redeeming
from functions.identity.models import ChallengeAnswer, ChallengeStarted
from functions.identity.origin import Origin
from functions.identity.records import Challenge, User, challenge_key, user_key
from functions.identity.security_events import Happening, record
from functions.identity.two_factor import WrongSecondFactor
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.money import Money
from shared.observability import count
from shared.settings import settings
from shared.table import Cancelled, Write, read, write
from shared.web.operation import Call


class StepUpRequired(Problem):
    status = 403
    code = "STEP_UP_REQUIRED"
    title = Texts("需要再次验证", "One more step")
    detail = Texts(
        "为保护资金，请先完成验证，再用 Step-Up 请求头重发同一个请求。",
        "To protect your money, pass the challenge first, then send the same request again with "
        "the header Step-Up.",
    )


def bound_to(operation: str, *, payee: str, amount: Money) -> str:
    """What a challenge allows, in one text: that operation, to that payee, of that amount."""
    return f"{operation}|{payee}|{amount.amount}|{amount.currency}"


def redemption(call: Call[Any], bound: str, *, origin: Origin) -> Write:
    """The write that uses up the challenge which the request names.

    Its condition fails unless that challenge was passed for just this; then `demand` one.
    Raises StepUpRequired when the request names none.
    """
    if not call.step_up:
        raise demand(call, bound, origin=origin)
    return redeeming(call.step_up, user_id=call.user_id, bound=bound)


def demand(call: Call[Any], bound: str, *, origin: Origin) -> StepUpRequired:
    """The refusal that names the challenge of this request.

    A request that is sent again, as after a lost answer, is named the same one while it lasts, and
    no second message is sent. Raises TooManyRequests, ServiceUnavailable.
    """
    challenge_id = derived_id("ch", call.user_id, bound, call.idempotency_key)
    its_key, own_key = user_key(call.user_id), challenge_key(challenge_id)
    found = read([its_key, own_key])
    user, earlier = found.one(User, its_key), found.one(Challenge, own_key)
    if user is None:
        raise ServiceUnavailable
    standing = two_factor.enabled(call.user_id)
    if earlier is not None and _can_be_taken(earlier):
        started = ChallengeStarted(challenge_id=challenge_id, methods=challenge.methods(standing))
    else:
        started = challenge.start(
            user,
            challenge.STEP_UP,
            origin=origin,
            language=call.language,
            bound=bound,
            standing=standing,
            challenge_id=challenge_id,
        )
    return StepUpRequired(
        diagnosis={"challenge_id": started.challenge_id, "methods": started.methods}
    )


def take_step(challenge_id: str, answer: ChallengeAnswer, *, user_id: str, origin: Origin) -> None:
    """Passes a challenge of the signed-in user; one that is passed already stays so.

    Raises ChallengeEnded, WrongCode, CodeExpired, TooManyRequests.
    """
    step, user = opened(challenge_id, challenge.STEP_UP, user_id=user_id)
    if step.passed_at:
        # The answer to the first request was lost. Nothing is compared, and nothing is gained.
        return
    using = proof(step, user, answer, origin=origin)
    own = passing(step)
    event = record(user_id, Happening.STEP_UP_PASSED, origin=origin)
    try:
        write(own, *using, event)
    except Cancelled as cancelled:
        if cancelled.failed(own):
            raise ChallengeEnded from cancelled
        raise WrongSecondFactor from cancelled
    count("StepUpsPassed", method=answer.method)


def _can_be_taken(earlier: Challenge) -> bool:
    left = earlier.tries < settings().code_tries or earlier.passed_at
    return bool(left) and not is_over(earlier)
