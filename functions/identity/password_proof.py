"""Proving who one is by the sign-in password. A try is counted before the password is looked at,
so of many guesses at once no more than the allowed number is ever compared.

It is counted by phone, not by user: a phone that nobody registered locks in the same way, after the
same work and in the same words. Tries older than a lock lasts are forgotten: waiting for that takes
a guesser as long as the lock would.
"""

from typing import cast

from functions.identity import passwords
from functions.identity.records import Tries, User, tries_key
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.observability import count, logger
from shared.phone import lookup_digest
from shared.settings import settings
from shared.table import Cancelled, Write, delete, update, write


class WrongCredentials(Problem):
    status = 401
    code = "WRONG_CREDENTIALS"
    title = Texts("手机号或密码错误", "Wrong phone or password")
    detail = Texts("手机号或密码错误。", "The phone or the password is wrong.")


class WrongPassword(WrongCredentials):
    """The same for somebody who is signed in: 401 would tell the app to sign in again."""

    status = 403
    title = Texts("登录密码错误", "Wrong password")
    detail = Texts("登录密码错误。", "The password for signing in is wrong.")


class AccountLocked(Problem):
    status = 423
    code = "ACCOUNT_LOCKED"
    title = Texts("账户已锁定", "Account locked")
    detail = Texts(
        "密码错误次数过多，账户已锁定。请在 {minutes} 分钟后重试，或重设密码，或联系客服解锁。",
        "Too many wrong passwords. Try again in {minutes} minutes, reset your password, "
        "or ask support to unlock the account.",
    )

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after, minutes=-(-retry_after // 60))


def proves(password: str, *, phone: str, user: User | None) -> bool:
    """Whether it is the password of `user`, who may be nobody. Raises AccountLocked.

    When it is, the caller writes `forgiving(phone)` with what it does next.
    """
    locked_seconds = _count_try(phone)
    matched = passwords.matches(password, None if user is None else user.password_hash)
    if locked_seconds:
        _record_refusal("locked", user)
        raise AccountLocked(retry_after=locked_seconds)
    if not matched:
        _record_refusal("wrong", user)
    return matched


def forgiving(phone: str) -> Write:
    """Forgets the tries of a phone, for its owner has succeeded."""
    return delete(_tries(phone))


def _count_try(phone: str) -> int:
    """Counts one more try. Gives 0 when it may be made, else the seconds until one may."""
    now, limit = clock.seconds(), settings().sign_in_tries
    forgotten_at = now - settings().sign_in_lock_seconds
    tried_now = [Tries.tried_at.set(now), Tries.ttl.set(now + settings().sign_in_lock_seconds)]
    first = update(
        _tries(phone),
        [Tries.made.set(1), *tried_now],
        Tries.made.does_not_exist() | (Tries.tried_at <= forgotten_at),
    )
    another = update(
        _tries(phone),
        [Tries.made.add(1), *tried_now],
        (Tries.made < limit) & (Tries.tried_at > forgotten_at),
    )
    # Somebody else's success may turn one into the other in between, hence the second round.
    for counting in (first, another, first, another):
        try:
            write(counting)
            return 0
        except Cancelled as cancelled:
            tries = cast("Tries | None", cancelled.standing(counting))
        if tries and tries.made >= limit and tries.tried_at > forgotten_at:
            return int(tries.tried_at) - forgotten_at
    raise ServiceUnavailable


def _tries(phone: str) -> Tries:
    return Tries(*tries_key(lookup_digest(phone).hex())[1:])


def _record_refusal(reason: str, user: User | None) -> None:
    user_id = user.user_id if user else None
    logger.warning("password_refused", extra={"reason": reason, "user_id": user_id})
    count("PasswordsRefused", reason=reason)
