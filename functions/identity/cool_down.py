"""The day after a change of what an owner proves oneself by: small amounts only.

Whoever has stolen a password or a phone changes it first, and the owner, who is told of it on the
old contact, needs time to act. The end of that time is written with the change itself: in the user,
and in the ledger account, where money operations see it without another read.
"""

from typing import NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.identity.records import User
from shared import clock
from shared.errors import Problem, Texts
from shared.ledger import Limit
from shared.ledger.records import Account, account_key
from shared.money import display
from shared.settings import settings
from shared.table import Write, update


class CoolDown(Problem):
    status = 403
    code = "COOL_DOWN"
    title = Texts("安全冷静期", "Cool-down")
    detail = Texts(
        "您刚更改过账户的安全信息。为保护资金，在 {until} 之前每天最多可转出 {limit_display}。",
        "Something that protects the account was changed. Until {until} at most {limit_display} "
        "a day can be sent.",
    )

    def __init__(self, *, until: int) -> None:
        """until: seconds since 1970."""
        text = clock.text_of(until * 1000)
        limit = settings().unguarded_day_limit_minor
        super().__init__(
            diagnosis={"until": text}, until=text, limit=limit, limit_display=display(limit)
        )


class Begun(NamedTuple):
    """A cool-down, to be written with the change that it is for: an action in the update of the
    user, a write on the account. until: seconds since 1970.
    """

    until: int
    user: Action
    account: Write


def starting(user_id: str, *account_changes: Action, condition: Condition | None = None) -> Begun:
    """A cool-down from now on. account_changes: what else changes in the account with it, under
    `condition`.
    """
    until = clock.seconds() + settings().cool_down_seconds
    account = Account(*account_key(user_id)[1:])
    changes = [Account.cool_down_until.set(until), *account_changes]
    there: Condition = Account.account_id.exists()
    if condition is not None:
        there &= condition
    return Begun(
        until=until,
        user=User.cool_down_until.set(until),
        account=update(account, changes, there),
    )


def check(account: Account, amount: int, *, limit: Limit) -> None:
    """Raises CoolDown when `amount` minor units, with what counts in `limit` today, are too much.

    The money must be written under the condition that the account is as it was read.
    """
    until = account.cool_down_until or 0
    if until <= clock.seconds():
        return
    if limit.used_by(account) + amount > settings().unguarded_day_limit_minor:
        raise CoolDown(until=until)
