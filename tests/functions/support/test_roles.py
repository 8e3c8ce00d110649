"""Every route of the desk, every role, every ticket: who may call it, on what, and nobody else."""

import itertools
from typing import Any

import pytest

from app import app
from shared.web.operation import Operation
from tests.agents import Agent, at_work
from tests.edge import Answer, call
from tests.functions.bank_cards import unused_phone
from tests.functions.support.saying import opened
from tests.people import register

SUPPORT = {"agent", "supervisor"}
# Written down a second time: each route with a body that is well formed.
BODIES: dict[str, Any] = {
    "GET /v1/agent/tickets": None,
    "GET /v1/agent/ticket-counts": None,
    "GET /v1/agent/ticket-search": None,
    "GET /v1/agent/ticket-figures": None,
    "GET /v1/agent/tickets/{ticket_id}": None,
    "PATCH /v1/agent/tickets/{ticket_id}": {"priority": "high"},
    "POST /v1/agent/tickets/{ticket_id}/take": None,
    "POST /v1/agent/tickets/{ticket_id}/assign": {"team": "payments"},
    "POST /v1/agent/tickets/{ticket_id}/replies": {"text": "Hi"},
    "POST /v1/agent/tickets/{ticket_id}/notes": {"text": "Hi"},
    "POST /v1/agent/tickets/{ticket_id}/merge": {"into": "tk_other"},
    "POST /v1/agent/tickets/{ticket_id}/split": {
        "subject": "S", "sequences": [1], "client_id": "1",
    },
    "GET /v1/agent/tickets/{ticket_id}/macros": None,
    "GET /v1/agent/tickets/{ticket_id}/facts": None,
    "POST /v1/agent/tickets/{ticket_id}/facts/unmask": {"field": "phone", "reason": "as asked"},
    "GET /v1/agent/tickets/{ticket_id}/attachments/{attachment_id}": None,
    "POST /v1/agent/attachments": {"name": "a", "content_type": "image/png", "size": 1},
}  # fmt: skip
OPERATIONS = {
    f"{one.method} {one.path}": one
    for one in app.operations
    if one.handler.__module__ == "functions.support.desk.api"
}


def asked(operation: Operation, token: str | None, ticket_id: str) -> Answer:
    path = operation.path.format(ticket_id=ticket_id, attachment_id="at_unknown")
    body = BODIES[f"{operation.method} {operation.path}"]
    return call(operation.method, path, body, token=token)


def test_the_table_names_every_route_of_the_desk() -> None:
    assert OPERATIONS.keys() == BODIES.keys()
    assert all(one.roles == SUPPORT for one in OPERATIONS.values())


@pytest.fixture
def workers() -> dict[str, Agent]:
    return {role: at_work(f"{role}@bank.example", role) for role in (*SUPPORT, "finance")}


def test_each_role_reaches_each_ticket_or_none(workers: dict[str, Agent]) -> None:
    ticket_id = opened().ticket_id
    for (role, worker), operation in itertools.product(workers.items(), OPERATIONS.values()):
        there = asked(operation, worker.token, ticket_id)
        not_there = asked(operation, worker.token, "tk_unknown")
        name = (role, operation.path)
        if role not in SUPPORT:
            assert {there.code, not_there.code} == {"ROLE_REQUIRED"}, name
        elif "{ticket_id}" in operation.path:
            assert there.status not in (401, 403), name
            assert not_there.code == "NOT_FOUND", name
        else:
            assert there.status in (200, 201) or there.code == "INVALID_FIELD", name


def test_users_reach_none(workers: dict[str, Agent]) -> None:
    user = register(unused_phone(), pay_password=False)
    ticket_id = opened().ticket_id
    for operation in OPERATIONS.values():
        answer = asked(operation, user.token, ticket_id)
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED"), operation.path
