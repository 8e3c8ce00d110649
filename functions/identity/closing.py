"""Closing an account for good: only an empty one, and by the full proof.

One write does all that must be so at once: the ledger takes nothing in any more, nobody can sign
in, every session ends, the phone is free for somebody to register anew, and the user waits in the
index `due` for what `closed_accounts` does with the rest.
"""

from collections.abc import Sequence
from contextlib import suppress

from functions.identity import closed_accounts, pay_password, two_factor
from functions.identity.contacts import email_of, phone_of
from functions.identity.directory import PhoneEntry, directory_key, leaving_email
from functions.identity.models import Closing
from functions.identity.notices import Notice, telling
from functions.identity.origin import Origin
from functions.identity.password_proof import WrongPassword, forgiving, proves
from functions.identity.records import User, user_key
from functions.identity.security_events import Happening, record
from functions.identity.sessions import all_sessions
from functions.topups.history import any_pending
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.ledger.accounts import closing
from shared.ledger.errors import AccountClosed, AccountFrozen
from shared.ledger.records import CLOSED, FROZEN, Account
from shared.observability import count, logger
from shared.table import Cancelled, Write, delete, read, update, write
from shared.web.body import REQUIRED
from shared.web.problems import InvalidField

_TRIES = 5


class AccountNotEmpty(Problem):
    status = 409
    code = "ACCOUNT_NOT_EMPTY"
    title = Texts("账户仍有资金", "Account not empty")
    detail = Texts(
        "账户仍有余额、冻结资金、处理中的提现或充值，请处理完毕后再注销。",
        "There is money in the account, on hold, or on its way by a withdrawal or a top-up. "
        "Take it out first, or wait until it has arrived.",
    )


def close(user: User, account: Account | None, request: Closing, *, origin: Origin) -> None:
    """Closes the account of a user. Whoever sends it again is signed out, and told so (401).

    Raises AccountClosed, AccountFrozen, AccountNotEmpty, WrongPassword, AccountLocked,
    InvalidField, ServiceUnavailable, and what `pay_password.check` and `two_factor.verify` raise.
    """
    account = _closable(account)
    phone = phone_of(user)
    if not proves(request.password, phone=phone, user=user, origin=origin):
        raise WrongPassword
    told = telling(user, Notice.ACCOUNT_CLOSED)
    proofs = _beside_password(user, account, request, origin)
    email = email_of(user)
    found_no_more = [leaving_email(user.user_id, email)] if email else []
    along = [*forgiving(phone, origin), told.writing, *proofs, *found_no_more]
    _write(user, account, phone, origin, along)
    logger.info("account_closed", extra={"user_id": user.user_id})
    count("AccountsClosed")
    told.send()
    with suppress(ServiceUnavailable):  # a bank that is away: the schedule goes on with it
        closed_accounts.forget_access(user.user_id)


def _closable(account: Account | None) -> Account:
    if account is None or account.status == CLOSED:
        raise AccountClosed
    if account.status == FROZEN:
        raise AccountFrozen
    pending = any_pending(account.account_id)
    if account.balance or pending:
        raise AccountNotEmpty(
            diagnosis={
                "available": account.available,
                "held": account.held,
                "top_up_pending": pending,
            }
        )
    return account


def _beside_password(
    user: User, account: Account, request: Closing, origin: Origin
) -> Sequence[Write]:
    """What uses the second proof up. Of a pay password it is the ledger's own condition."""
    using = two_factor.verify(user, request.second_factor, origin=origin)
    if not using and account.proof is not None:
        if request.pay_password is None:
            raise InvalidField(field="pay_password", reason=REQUIRED)
        pay_password.check(account, request.pay_password, origin=origin)
    return using


def _write(
    user: User, account: Account, phone: str, origin: Origin, together_with: Sequence[Write]
) -> None:
    proven = (user.phone, user.password_hash)
    releasing = delete(PhoneEntry(*directory_key(phone)[1:]), PhoneEntry.user_id == user.user_id)
    event = record(user.user_id, Happening.ACCOUNT_CLOSED, origin=origin)
    emptied = closing(account)
    for _ in range(_TRIES):
        leaving = _leaving(user)
        ended = [delete(session) for session in all_sessions(user.user_id)]
        try:
            write(leaving, emptied, releasing, event, *together_with, *ended)
            return
        except Cancelled as cancelled:
            if not cancelled.failed(leaving):
                # Money has come, or somebody tried a proof: asked again, that is told.
                raise ServiceUnavailable from cancelled
        # Somebody signed in meanwhile, and that session must end as well.
        key = user_key(user.user_id)
        standing = read([key]).one(User, key)
        if standing is None or (standing.phone, standing.password_hash) != proven:
            break
        user = standing
    raise ServiceUnavailable


def _leaving(user: User) -> Write:
    now = clock.seconds()
    return update(
        User(user.pk, user.sk),
        [User.closed_at.set(now), User.password_hash.remove(), *closed_accounts.waiting(user, now)],
        (User.phone == user.phone)
        & (User.password_hash == user.password_hash)
        & (User.sign_ins == user.sign_ins),
    )
