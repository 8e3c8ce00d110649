"""Proving who one is by the sign-in password.

Tries are counted by phone, not by user: a phone that nobody registered locks in the same way, after
the same work and in the same words.

Whoever can be told from a stranger has tries of one's own, which strangers can't use up: a device
that shows the secret it is known by, and a session. So nobody who merely knows the phone can keep
its owner from signing in, or from changing a password that somebody else knows.
"""

from pynamodb.expressions.update import Action

from functions.identity import devices, passwords
from functions.identity.directory import guessed_user_id
from functions.identity.origin import Origin
from functions.identity.records import Tries, User
from functions.identity.security_events import Happening, note, note_nothing
from functions.identity.tries import ANYBODY, count_try, forgetting_all_tries, forgetting_tries
from shared import clock
from shared.errors import Problem, Texts
from shared.observability import count, logger
from shared.phone import lookup_digest
from shared.table import Write, due_shard

NOBODY = "nobody"
TELLING_OF_LOCK = "tell_of_lock"
# The last try may be the right one: then its success deletes the entry first.
_TOLD_AFTER_SECONDS = 5


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


def proves(
    password: str,
    *,
    phone: str,
    user: User | None,
    origin: Origin,
    failing: Happening = Happening.PASSWORD_REFUSED,
) -> bool:
    """Whether it is the password of `user`, who may be nobody. Raises AccountLocked.

    When it is, the caller writes `forgiving(phone, origin)` with what it does next. When it is not,
    the owner finds `failing` among the security events.
    """
    digest = lookup_digest(phone).hex()
    by = _who_tries(guessed_user_id(phone) if user is None else user.user_id, origin)
    locked_seconds = count_try(digest, by=by, with_last=_telling_of_lock(digest, user))
    matched = passwords.matches(password, None if user is None else user.password_hash)
    if locked_seconds:
        _record_refusal("locked", user)
        raise AccountLocked(retry_after=locked_seconds)
    if not matched:
        _record_refusal("wrong", user)
        if user is None:
            note_nothing(digest, failing, origin=origin)
        else:
            note(user.user_id, failing, origin=origin)
    return matched


def forgiving(phone: str, origin: Origin) -> list[Write]:
    """Forgets the tries of strangers and of who asks, for the owner of the phone has succeeded."""
    digest = lookup_digest(phone).hex()
    return [forgetting_tries(digest, by=by) for by in {ANYBODY, _who_would_try(origin)}]


def forgiving_all(phone: str) -> list[Write]:
    """Forgets the tries of everybody: what locks there are for a phone end."""
    return forgetting_all_tries(lookup_digest(phone).hex())


def _who_tries(user_id: str, origin: Origin) -> str:
    """Whose try it is counted as."""
    by = _who_would_try(origin)
    if by == ANYBODY or origin.session_id or devices.shows_its_secret(user_id, origin):
        return by
    return ANYBODY


def _who_would_try(origin: Origin) -> str:
    """The same, if what a device says of itself is true."""
    if origin.session_id:
        return f"SESSION#{origin.session_id}"
    if origin.device is None or origin.device.id is None or origin.device_proof is None:
        return ANYBODY
    return f"DEVICE#{devices.digest_of(origin.device)}"


def _telling_of_lock(digest: str, user: User | None) -> list[Action]:
    """The entry by which the owner is told of a lock, written with the last try that may be made.


    A success deletes it, and nobody's phone gets one as well: there is nothing to tell one from the
    other by.
    """
    return [
        Tries.user_id.set(NOBODY if user is None else user.user_id),
        Tries.due_shard.set(due_shard(TELLING_OF_LOCK, digest)),
        Tries.due_at.set(clock.seconds() + _TOLD_AFTER_SECONDS),
    ]


def _record_refusal(reason: str, user: User | None) -> None:
    user_id = user.user_id if user else None
    logger.warning("password_refused", extra={"reason": reason, "user_id": user_id})
    count("PasswordsRefused", reason=reason)
