"""Every route of agents, every role: who may call it, and that nobody else may."""

import itertools

import pytest

from app import app
from shared.web.operation import Api, Operation
from tests.agents import Agent, at_work
from tests.edge import Answer, call
from tests.functions.identity.asking import PHONE
from tests.people import Person, register

EVERYBODY = {"agent", "supervisor", "finance"}
# Written down a second time: who may call what.
TABLE = {
    "GET /v1/agent/sessions": EVERYBODY,
    "DELETE /v1/agent/sessions/{session_id}": EVERYBODY,
    "GET /v1/agent/me": EVERYBODY,
    "GET /v1/agent/agents": {"supervisor"},
    "GET /v1/agent/approvals": EVERYBODY,
    "GET /v1/agent/approvals/{approval_id}": EVERYBODY,
    "POST /v1/agent/approvals/{approval_id}/approve": EVERYBODY,
    "POST /v1/agent/approvals/{approval_id}/reject": EVERYBODY,
    "GET /v1/agent/audit": {"supervisor"},
}
PUBLIC = {
    "POST /v1/agent/sessions",
    "POST /v1/agent/sessions/refresh",
    "POST /v1/agent/invitations/{invitation_id}",
    "POST /v1/agent/invitations/{invitation_id}/confirm",
}
OPERATIONS = {f"{one.method} {one.path}": one for one in app.operations if "/agent/" in one.path}
PRIVATE = [one for one in OPERATIONS.values() if one.scheme]


def asked(operation: Operation, token: str | None) -> Answer:
    """A request that is well formed but for what it may not name, there or not."""
    path = operation.path
    for name in ("session_id", "approval_id", "ticket_id", "attachment_id"):
        path = path.replace(f"{{{name}}}", "unknown")
    body = {"reason": "no"} if path.endswith("/reject") else None
    return call(operation.method, path, body, token=token)


def test_the_table_names_every_route_of_this_domain() -> None:
    own = {
        name
        for name, one in OPERATIONS.items()
        if one.handler.__module__.startswith("functions.agents")
    }
    assert own == TABLE.keys() | PUBLIC


def test_every_route_for_agents_says_which_roles() -> None:
    assert all(one.roles for one in PRIVATE)
    for name, roles in TABLE.items():
        assert OPERATIONS[name].roles == roles, name


@pytest.fixture
def workers() -> list[Agent]:
    """One with each role."""
    return [at_work(f"{role}@bank.example", role) for role in sorted(EVERYBODY)]


def test_each_role_is_let_in_where_it_may_and_nowhere_else(workers: list[Agent]) -> None:
    for worker, operation in itertools.product(workers, PRIVATE):
        role = worker.email.partition("@")[0]
        answer = asked(operation, worker.token)
        refused = (answer.status, answer.code if answer.status >= 400 else None) == (
            403,
            "ROLE_REQUIRED",
        )
        assert refused is (role not in operation.roles), (role, operation.path, answer.text)


@pytest.fixture
def user() -> Person:
    return register(PHONE, pay_password=False)


def test_nobody_else_is_let_in_anywhere(user: Person) -> None:
    for operation, token in itertools.product(PRIVATE, (None, "x", user.token, user.refresh_token)):
        answer = asked(operation, token)
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED"), operation.path


def test_the_role_is_asked_before_the_body(workers: list[Agent]) -> None:
    """What a request must look like is no business of those who may not make it."""
    agent = workers[0]
    assert agent.call("GET", "/v1/agent/audit?limit=0").code == "ROLE_REQUIRED"
    assert call("GET", "/v1/agent/audit?limit=0").code == "UNAUTHENTICATED"


@pytest.mark.parametrize("roles", [frozenset(), frozenset({"owner"})])
def test_an_operation_that_names_no_role_is_no_operation(roles: frozenset[str]) -> None:
    from functions.agents.agent_check import agent_check

    api = Api("test", agent_check)
    with pytest.raises(ValueError, match="roles"):
        api.operation("GET", "/v1/agent/x", answers={204: None}, roles=roles)


def test_a_user_has_no_role_to_ask_for() -> None:
    from functions.identity.session_check import session_check

    api = Api("test", session_check)
    with pytest.raises(ValueError, match="roles"):
        api.operation("GET", "/v1/x", answers={204: None}, roles=frozenset({"agent"}))
