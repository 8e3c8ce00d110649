"""What the rules say to an operation that moves money, and what must be written because of it.

They are asked when all else allows the operation, so that nobody takes a step for what would be
refused. What they said must still hold when the money moves: it is looked at again whenever the
account turns out to have changed.
"""

from collections.abc import Callable
from typing import Any, Literal

from functions.identity import step_up
from functions.identity.origin import origin_of, seen
from functions.risk.decision import decide
from functions.risk.facts import of_money
from functions.risk.guard import Action, Facts, guard
from functions.risk.rules import rules
from shared.errors import ServiceUnavailable
from shared.ledger import Limit
from shared.ledger.records import Account
from shared.ledger.sides import Authorize
from shared.money import Money
from shared.table import Cancelled, Write
from shared.web.operation import Call


class MoneyGuard:
    """The decision on one operation, made on an account as it was read.

    unguarded: all amounts of the day are small together. together_with: what must be written with
    the money: the step that was taken is used up.
    """

    def __init__(
        self,
        kind: Literal["transfer", "top_up", "withdrawal", "payment"],
        call: Call[Any],
        amount: Money,
        *,
        subject: str,
        payee: str,
        account: Account,
        limit: Limit,
        authorize: Authorize,
        foresee: Callable[[], None],
        new_payee: bool = False,
    ) -> None:
        """subject: the id of what is decided on. payee: whom a step is bound to.

        authorize: what the account must allow in any case. foresee: raises what is refused anyway.
        Raises RiskBlocked, StepUpRequired, TooManyRequests, ServiceUnavailable.
        """
        self._kind, self._call, self._amount = kind, call, amount
        self._account, self._limit, self._new_payee = account, limit, new_payee
        self._authorize, self._origin = authorize, origin_of(call)
        self._bound = step_up.bound_to(kind, payee=payee, amount=amount)
        facts = self._facts(account)
        self.unguarded = facts.unguarded
        if not facts.unguarded:
            foresee()
        self.decision = guard(facts, user_id=call.user_id, subject=subject, origin=self._origin)
        self.together_with: list[Write] = []
        if self.decision.asks_for(Action.STEP_UP):
            redeeming = step_up.redemption(call, self._bound, origin=self._origin)
            self.together_with.append(redeeming)

    def authorize(self, account: Account) -> None:
        """What the ledger asks of each state of the account.

        Raises ServiceUnavailable when the rules, asked now, would say something else: the same
        request sent again gets that answer.
        """
        self._authorize(account)
        if account is not self._account and decide(self._facts(account), rules()) != self.decision:
            raise ServiceUnavailable

    def refusal(self, cancelled: Cancelled) -> Exception:
        """What to raise when the step that was taken is not good for this: another is asked for."""
        if any(cancelled.failed(redeeming) for redeeming in self.together_with):
            return step_up.demand(self._call, self._bound, origin=self._origin)
        return cancelled

    def _facts(self, account: Account) -> Facts:
        return of_money(
            self._kind,
            self._amount.amount,
            account=account,
            limit=self._limit,
            country=self._call.country,
            seen=seen(self._call),
            new_payee=self._new_payee,
        )
