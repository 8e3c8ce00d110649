"""What operators do with agents, by invoking a function: only who may invoke it is an operator.

They say what they want as `{"do": "add", "email": ..., "roles": [...], "operator": ...}`, and get
`{"done": {...}}` or, for what is refused, `{"refused": {"code": ..., "detail": ...}}`.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from functions.agents import accounts
from functions.agents.accounts import Invited
from functions.agents.actor import Actor
from shared.errors import Problem
from shared.web.body import convert

Text = Annotated[str, msgspec.Meta(max_length=300)]


class OperatorWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """operator: who asks, for the audit trail; CloudTrail knows it better."""

    operator: Text


W = TypeVar("W", bound=OperatorWish)


def answered(
    event: dict[str, Any],
    wish_type: type[W],
    do: Callable[[W, Actor], dict[str, Any]],
    *,
    request_id: str,
) -> dict[str, Any]:
    """Does what an operator wishes. Neither wish nor answer is logged: there is a secret in it."""
    try:
        wish = convert(event, wish_type)
        return {"done": do(wish, Actor(f"operator {wish.operator}", request_id))}
    except Problem as problem:
        detail = problem.detail.in_language("en", problem.values)
        return {"refused": {"code": problem.code, "detail": detail}}


class Wish(OperatorWish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    do: Literal["add", "invite", "change_roles", "link_user", "disable", "list"]
    email: Text = ""
    roles: list[Text] = []  # msgspec copies it for each wish
    user_id: Text = ""


def administer(event: dict[str, Any], *, request_id: str) -> dict[str, Any]:
    """Does what an operator wishes with agents."""
    return answered(event, Wish, _done, request_id=request_id)


def _done(wish: Wish, by: Actor) -> dict[str, Any]:
    match wish.do:
        case "add":
            return _invited(accounts.add(wish.email, wish.roles, by=by))
        case "invite":
            return _invited(accounts.invite(wish.email, by=by))
        case "change_roles":
            return {"agent_id": accounts.change_roles(wish.email, wish.roles, by=by)}
        case "link_user":
            return {"agent_id": accounts.link_user(wish.email, wish.user_id, by=by)}
        case "disable":
            return {"agent_id": accounts.disable(wish.email, by=by)}
        case "list":
            return {"agents": msgspec.to_builtins(accounts.list_agents())}


def _invited(invited: Invited) -> dict[str, Any]:
    return invited._asdict()
