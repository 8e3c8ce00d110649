"""Letting an owner in again whom support has made sure of: after a lock, a lost second factor, or
"this wasn't me".

The old password is good no more and every session ends, so what comes next is a reset by a code to
the phone. All of it is one write, under the condition that the user and the account are as they
were when the owner proved the phone: what was changed or disputed since makes it void.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.identity import two_factor
from functions.identity.directory import user_of
from functions.identity.dispute import closing, open_reports
from functions.identity.notices import Notice, telling
from functions.identity.records import KnownDevice, User, device_key
from functions.identity.security_events import Happening, record
from functions.identity.sign_in_change import change_sign_in
from functions.identity.tries import forgetting_all_tries
from shared import clock
from shared.errors import Problem, Texts
from shared.ledger.accounts import find_account
from shared.ledger.errors import AccountClosed
from shared.ledger.records import ACTIVE, CLOSED, FROZEN, Account
from shared.observability import count, logger
from shared.table import Write, delete

_DEVICES_LIMIT = 40
_WITHOUT_FACTOR = Texts("两步验证已关闭，请重新开启。", "Two-factor is off; turn it on again.")
_WITH_FACTOR = Texts("", "")


class UnlockOutdated(Problem):
    status = 409
    code = "UNLOCK_OUTDATED"
    title = Texts("解锁申请已过时", "Unlock request outdated")
    detail = Texts(
        "申请之后账户已有变更，请重新申请。",
        "The account has changed since this was asked for. It must be asked for again.",
    )


class Standing(NamedTuple):
    """How an account stands, for agents. frozen_by_owner: by "this wasn't me" and nobody since."""

    status: str
    disputed: bool
    frozen_by_owner: bool
    second_factor: bool


def as_proven(user: User) -> str:
    """A user as they stand, to tell later whether anything was changed or disputed since."""
    parts = (user.phone, user.email, user.password_hash, user.disputed_at, user.closed_at)
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()


def standing(user: User) -> Standing:
    account = _account(user)
    return Standing(
        status=account.status,
        disputed=bool(user.disputed_at),
        frozen_by_owner=_frozen_by_owner(user, account),
        second_factor=two_factor.enabled(user.user_id) is not None,
    )


def unlock(
    user_id: str,
    *,
    proven: str,
    phone_digest: str,
    remove_second_factor: bool,
    together_with: Sequence[Write],
) -> None:
    """Opens the account; its owner must reset the password. What an operator froze stays frozen.

    proven: of `as_proven`. Raises UnlockOutdated, AccountClosed, ServiceUnavailable, and Cancelled
    when a condition of `together_with` fails.
    """
    user = user_of(user_id)
    if user is None or as_proven(user) != proven:
        raise UnlockOutdated
    account = _account(user)
    reopened = [Account.status.set(ACTIVE)] if _frozen_by_owner(user, account) else []
    told = telling(user, Notice.UNLOCKED, factor=_factor_text(removed=remove_second_factor))
    changes: list[Action] = [User.password_hash.remove(), User.disputed_at.remove()]
    change_sign_in(
        user,
        changes,
        keep_session=None,
        together_with=[
            *together_with,
            record(user_id, Happening.UNLOCKED, details={"by": "support"}),
            told.writing,
            *forgetting_all_tries(phone_digest),
            *(closing(report) for report in open_reports(user_id)),
            *_forgotten(user, remove_second_factor=remove_second_factor),
        ],
        account_changes=reopened,
        account_condition=_as_read(account),
    )
    logger.info("unlocked", extra={"user_id": user_id})
    count("AccountsUnlocked", second_factor="removed" if remove_second_factor else "kept")


def _account(user: User) -> Account:
    account = find_account(user.user_id)
    if account is None or account.status == CLOSED:
        raise AccountClosed
    return account


def _frozen_by_owner(user: User, account: Account) -> bool:
    """An operator who froze it later had a reason of their own."""
    if account.status != FROZEN or not user.disputed_at or not account.frozen_at:
        return False
    return clock.seconds_of(account.frozen_at) <= user.disputed_at


def _as_read(account: Account) -> Condition:
    condition: Condition = Account.status == account.status
    if account.frozen_at:
        condition &= Account.frozen_at == account.frozen_at
    else:
        condition &= Account.frozen_at.does_not_exist()
    return condition


def _forgotten(user: User, *, remove_second_factor: bool) -> list[Write]:
    """What a thief may have left behind, where the owner has spoken of one; and the factor."""
    gone = two_factor.forgetting(user.user_id) if remove_second_factor else []
    if not user.disputed_at:
        return gone
    _, pk, beginning = device_key(user.user_id, "")
    devices = KnownDevice.query(
        pk, KnownDevice.sk.startswith(beginning), consistent_read=True, limit=_DEVICES_LIMIT
    )
    return [*gone, *(delete(device) for device in devices)]


def _factor_text(*, removed: bool) -> Texts:
    return _WITHOUT_FACTOR if removed else _WITH_FACTOR
