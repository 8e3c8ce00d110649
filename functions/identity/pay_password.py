"""The pay password: six digits that the owner must know to spend.

Kept in the ledger account as a keyed hash: 10^6 tries are nothing to whoever has the table, so what
protects it is a key from outside the table. A wrong guess raises the count of failures under the
condition that the count is as it was read, and the transfer itself is written under the same. So of
many guesses at once only the first to land has counted; the others look at the account again.
Failures older than a lock lasts are forgotten.
"""

import hmac
from collections.abc import Callable, Sequence

from functions.identity import cool_down
from functions.identity.contacts import phone_of
from functions.identity.notices import Notice, Telling, telling, telling_to
from functions.identity.origin import Origin
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import User
from functions.identity.security_events import Happening, record
from shared import clock
from shared.dynamodb import pause
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.ledger.accounts import change_proof, find_account
from shared.ledger.errors import AccountClosed
from shared.ledger.records import Account
from shared.observability import count, logger
from shared.secrets import keyed_hash
from shared.settings import settings
from shared.table import Write, update

_TRIES = 10
_TRIVIAL = frozenset({"123456", "654321", *(6 * digit for digit in "0123456789")})


class WeakPayPassword(Problem):
    status = 422
    code = "WEAK_PAY_PASSWORD"
    title = Texts("支付密码太简单", "Weak pay password")
    detail = Texts(
        "支付密码不能是六个相同的数字、123456 或 654321。",
        "A pay password can't be one digit six times, 123456 or 654321.",
    )


class PayPasswordNotSet(Problem):
    status = 422
    code = "PAY_PASSWORD_NOT_SET"
    title = Texts("未设置支付密码", "No pay password")
    detail = Texts("请先设置支付密码。", "Set a pay password first.")


class WrongPayPassword(Problem):
    status = 403
    code = "WRONG_PAY_PASSWORD"
    title = Texts("支付密码错误", "Wrong pay password")
    detail = Texts(
        "支付密码错误，还可尝试 {tries_left} 次。",
        "The pay password is wrong. Tries left: {tries_left}.",
    )


class PayPasswordLocked(Problem):
    status = 423
    code = "PAY_PASSWORD_LOCKED"
    title = Texts("支付已锁定", "Payments locked")
    detail = Texts(
        "支付密码错误次数过多，请在 {minutes} 分钟后重试，或用登录密码重设支付密码。",
        "Too many wrong pay passwords. Try again in {minutes} minutes, "
        "or set a new pay password with the password for signing in.",
    )

    def __init__(self, *, retry_after: int) -> None:
        until = clock.text_of((clock.seconds() + retry_after) * 1000)
        super().__init__(retry_after=retry_after, minutes=-(-retry_after // 60), until=until)


# What else a refusal for a wrong pay password writes, in the write that counts it.
Noting = Callable[[Problem], Sequence[Write]]


def authorize(
    pay_password: str, *, origin: Origin | None = None, noting: Noting | None = None
) -> Callable[[Account], None]:
    """What the ledger asks of each state of the account that is to be spent from."""
    return lambda account: check(account, pay_password, origin=origin, noting=noting)


def check_usable(account: Account) -> None:
    """Raises PayPasswordNotSet, PayPasswordLocked where no pay password would be looked at now."""
    if account.proof is None:
        raise PayPasswordNotSet
    if _recent_failures(account) >= settings().pay_password_tries:
        raise PayPasswordLocked(retry_after=_lock_end(account) - clock.seconds())


def check(
    account: Account,
    pay_password: str,
    *,
    origin: Origin | None = None,
    noting: Noting | None = None,
) -> None:
    """Raises PayPasswordNotSet, PayPasswordLocked, WrongPayPassword, ServiceUnavailable.

    noting: what a wrong one writes beside the count. None of its conditions may ever fail.

    Whoever spends on the strength of this must write under the condition that `proof_failures` is
    still as it is in `account`.
    """
    for attempt in range(_TRIES):
        check_usable(account)
        failures = _recent_failures(account)
        if hmac.compare_digest(str(account.proof), _proof(account.account_id, pay_password)):
            return
        failing = [
            Account.proof_failures.set(failures + 1),
            Account.proof_failed_at.set(clock.seconds()),
        ]
        wrong = WrongPayPassword(tries_left=settings().pay_password_tries - failures - 1)
        told = _telling_of_lock(account.account_id, failures + 1)
        parts = [
            _failure(account.account_id, failures + 1, origin),
            *(noting(wrong) if noting else ()),
        ]
        if change_proof(account, failing, together_with=[*parts, *(one.writing for one in told)]):
            logger.warning("pay_password_refused", extra={"user_id": account.account_id})
            count("PayPasswordsRefused")
            for one in told:
                one.send()
            wrong.noted = noting is not None
            raise wrong
        pause(attempt)
        account = _found(account.account_id)
    raise ServiceUnavailable


def set_pay_password(user: User, *, password: str, pay_password: str, origin: Origin) -> None:
    """Sets or replaces the pay password, and ends a lock; `password` is the one for signing in.

    Raises WeakPayPassword, WrongPassword, AccountLocked, AccountClosed, ServiceUnavailable.
    """
    if pay_password in _TRIVIAL:
        raise WeakPayPassword(field="pay_password")
    phone = phone_of(user)
    if not proves(password, phone=phone, user=user, origin=origin):
        raise WrongPassword
    proof = _proof(user.user_id, pay_password)
    setting = [
        Account.proof.set(proof),
        Account.proof_failures.set(0),
        Account.proof_failed_at.set(0),
    ]
    for attempt in range(_TRIES):
        account = _found(user.user_id)
        # The same one again, as after a lost answer, is no change either.
        is_change = account.proof not in (None, proof)
        happened = Happening.PAY_PASSWORD_CHANGED if is_change else Happening.PAY_PASSWORD_SET
        actions = list(setting)
        parts = [*forgiving(phone, origin), record(user.user_id, happened, origin=origin)]
        told = telling(user, Notice.PAY_PASSWORD_CHANGED)
        if is_change:
            begun = cool_down.starting(user.user_id)
            actions.append(Account.cool_down_until.set(begun.until))
            cooling = update(User(user.pk, user.sk), [begun.user], User.pk.exists())
            parts += [cooling, told.writing]
        if change_proof(account, actions, together_with=parts):
            logger.info("pay_password_set", extra={"user_id": user.user_id})
            count("PayPasswordsSet")
            if is_change:
                told.send()
            return
        pause(attempt)
    raise ServiceUnavailable


def _telling_of_lock(user_id: str, failures: int) -> list[Telling]:
    if failures < settings().pay_password_tries:
        return []
    minutes = str(settings().pay_password_lock_seconds // 60)
    return [telling_to(user_id, Notice.PAY_PASSWORD_LOCKED, minutes=minutes)]


def _failure(user_id: str, failures: int, origin: Origin | None) -> Write:
    locked = failures >= settings().pay_password_tries
    kind = Happening.PAY_PASSWORD_LOCKED if locked else Happening.PAY_PASSWORD_REFUSED
    return record(user_id, kind, origin=origin)


def _proof(user_id: str, pay_password: str) -> str:
    return keyed_hash("pay_password", f"{user_id}:{pay_password}")


def _lock_end(account: Account) -> int:
    return account.proof_failed_at + settings().pay_password_lock_seconds


def _recent_failures(account: Account) -> int:
    return account.proof_failures if _lock_end(account) > clock.seconds() else 0


def _found(account_id: str) -> Account:
    account = find_account(account_id)
    if account is None:
        raise AccountClosed
    return account
