"""Agents on the running stack: those it is seeded with, and one who is invited and disabled."""

import pytest

from infra.agent_console import AgentConsole
from infra.stack import Stack
from infra.staff import Refused, accept, administer

NEW = "new@u-wallet.example"


def test_everybody_whom_the_stack_names_can_sign_in(stack: Stack) -> None:
    roles = [agent.role for agent in stack.agents]
    assert roles == ["agent", "agent", "supervisor", "finance", "finance"]
    for agent in stack.agents:
        console = AgentConsole(stack.addresses, agent)
        console.sign_in()
        assert console.must(200, "GET", "/v1/agent/me")["roles"] == [agent.role]
        assert console.must(200, "GET", "/v1/agent/approvals")["items"] == []
        seen = console.ask("GET", "/v1/agent/audit?deed=invitation_accepted")
        if agent.role == "supervisor":
            assert len(seen.json["items"]) >= len(stack.agents)
        else:
            assert (seen.status, seen.json["code"]) == (403, "ROLE_REQUIRED")


def test_an_operator_invites_and_disables_and_needs_no_other_right(stack: Stack) -> None:
    function = stack.outputs["AdministerAgents"]
    invitation = administer(
        stack.place, function, {"do": "add", "email": NEW, "roles": ["finance"]}
    )
    with pytest.raises(Refused, match="AGENT_EXISTS"):
        administer(stack.place, function, {"do": "add", "email": NEW, "roles": ["finance"]})
    agent = accept(invitation, email=NEW, role="finance", api_url=stack.addresses.api_url)
    console = AgentConsole(stack.addresses, agent)
    console.sign_in()

    administer(stack.place, function, {"do": "disable", "email": NEW})

    assert console.ask("GET", "/v1/agent/me").status == 401
