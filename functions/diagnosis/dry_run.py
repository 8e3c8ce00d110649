"""Would it pass now? The rules that refuse a request, asked again of the records as they stand.

Nothing is written, nothing is counted, and no pay password is asked for.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from functions.identity import cool_down
from functions.identity.origin import Seen, seen
from functions.identity.pay_password import check_usable
from functions.risk.decision import decide
from functions.risk.facts import of_money
from functions.risk.guard import Action, RiskBlocked
from functions.risk.rules import Kind, rules
from shared.errors import Problem
from shared.ledger import FromUser, Limit, allowance
from shared.ledger.errors import AccountClosed
from shared.ledger.records import Account, account_key
from shared.web.operation import Call

Rule = Callable[[], object]


class Asker(NamedTuple):
    """Who asks, as far as it matters to the rules. seen: of the session; country: as `CN`."""

    account: Account | None
    seen: Seen = Seen("", 0, 0)
    country: str = ""


def asker_of(call: Call[Any]) -> Asker:
    """Who asks by a request that has read the account."""
    account = call.found.one(Account, account_key(call.user_id))
    return Asker(account, seen(call), call.country)


class Foreseen(NamedTuple):
    """What stands in the way, in the order in which it would be refused; step_up: it would ask for
    one more step of verification.
    """

    in_the_way: list[Problem]
    step_up: bool = False


def foresee(
    kind: Kind,
    amount: int,
    *,
    by: Asker,
    limit: Limit,
    own_rules: Sequence[Rule] = (),
    total: int | None = None,
    new_payee: bool = False,
) -> Foreseen:
    """What would refuse a movement of `amount` minor units that counts in `limit`.

    own_rules: what else may refuse this kind; each raises its Problem. total: what must be there
    for it, with a fee.
    """
    account = by.account
    if account is None:
        return Foreseen([AccountClosed()])
    facts = of_money(
        kind,
        amount,
        account=account,
        limit=limit,
        country=by.country,
        seen=by.seen,
        new_payee=new_payee,
    )
    decision = decide(facts, rules())
    in_the_way = refused_by(
        lambda: check_usable(account),
        *own_rules,
        *_of_account(kind, amount, total or amount, account, limit),
    )
    if decision.action is Action.BLOCK:
        in_the_way.append(RiskBlocked(decision_id=""))
    return Foreseen(in_the_way, decision.asks_for(Action.STEP_UP))


def _of_account(kind: Kind, amount: int, total: int, account: Account, limit: Limit) -> list[Rule]:
    if kind == "top_up":
        return [lambda: allowance.foresee(account, amount, limit=limit)]
    rules: list[Rule] = [
        # Twice, for a limit that is exceeded would hide that the money is not there either.
        lambda: FromUser(account, limit=limit, counted=amount).foresee(total),
        lambda: FromUser(account).foresee(total),
    ]
    if kind != "withdrawal":  # those wait for the end of a cool-down
        rules.insert(0, lambda: cool_down.check(account, amount, limit=limit))
    return rules


def refused_by(*asked: Rule) -> list[Problem]:
    """The refusals of some rules, one of each kind."""
    found: dict[type[Problem], Problem] = {}
    for rule in asked:
        try:
            rule()
        except Problem as problem:
            found.setdefault(type(problem), problem)
    return list(found.values())
