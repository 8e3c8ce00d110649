"""Kinds of proposals as tests of approvals need them, and the requests around these."""

from collections.abc import Sequence
from typing import Any

from functions.agents.actor import Actor, system
from functions.agents.approvals import Approved, Proposal, Subject, action, propose
from shared.errors import Problem, Texts
from shared.ledger import FromSystem, Movement, ToUser, post
from shared.ledger.accounts import BANK_SETTLEMENT, find_account
from shared.money import Money
from shared.table import Write
from tests.agents import APPROVALS, Agent
from tests.faults import Attempt, ProcessDied
from tests.ledger_accounts import ANN

SYSTEM = system("sys-1")
AMOUNT = 250


class Impossible(Problem):
    status = 422
    code = "IMPOSSIBLE"
    title = Texts("不可能", "Impossible")
    detail = Texts("不可能。", "It can never be done.")


class Elsewhere:
    """Something that has its effect outside, and can fail; tests look at `done`."""

    done: list[str] = []  # noqa: RUF012  # of the class: an action is registered once
    failing: list[Exception] = []  # noqa: RUF012


@action("test_credit", title=Texts("入账", "Credit"), role="finance")
def credit(approved: Approved, done: Sequence[Write]) -> None:
    """Moves money to a user, and the state in the same transaction."""
    account = find_account(approved.subject_id)
    assert account is not None
    movement = Movement(
        transfer_id=f"t_{approved.approval_id}",
        kind="correction",
        amount=Money(amount=approved.what["amount"]),
    )
    post(movement, debit=FromSystem(BANK_SETTLEMENT), credit=ToUser(account), together_with=done)


@action("test_elsewhere", title=Texts("别处", "Elsewhere"), role="agent", lasts_seconds=3_600)
def elsewhere(approved: Approved, done: Sequence[Write]) -> None:
    """Has its effect elsewhere, safe to repeat."""
    if Elsewhere.failing:
        raise Elsewhere.failing.pop(0)
    Elsewhere.done.append(approved.approval_id)


def proposal(kind: str = "test_credit", **changed: Any) -> Proposal:
    """By which a user would get money."""
    wished: dict[str, Any] = {
        "kind": kind,
        "key": "line-1",
        "subject": Subject("account", ANN),
        "what": {"amount": AMOUNT, "currency": "CNY", "why": "missing in the books"},
        "owners": (ANN,),
    }
    return Proposal(**{**wished, **changed})


def proposed(kind: str = "test_credit", *, by: Actor = SYSTEM, **changed: Any) -> str:
    """The id of a proposal that was made."""
    return propose(proposal(kind, **changed), by=by)


def as_actor(agent: Agent, *roles: str, user_id: str | None = None) -> Actor:
    """An agent as a route of another domain would have them propose."""
    return Actor(agent.agent_id, "req-1", "203.0.113.7", frozenset(roles), user_id)


def dies_before_money(attempt: Attempt) -> Any:
    """For `intercepted`: what was approved is then not executed yet."""
    if attempt.operation == "TransactWriteItems" and "TRANSFER#" in str(attempt.request):
        raise ProcessDied
    return attempt.make()


def state_of(agent: Agent, approval_id: str) -> str:
    return str(agent.call("GET", f"{APPROVALS}/{approval_id}").json["state"])


def listed(agent: Agent, state: str = "proposed") -> list[str]:
    items = agent.call("GET", f"{APPROVALS}?state={state}").json["items"]
    return [one["approval_id"] for one in items]
