"""What operators do with agents takes effect at once, and stands in the audit trail."""

from typing import Any

import pytest

from functions.identity.sessions import all_sessions
from tests.agents import Agent, accepted, at_work, deeds, hired, invited, opened, operator
from tests.functions.meanwhile import meanwhile

FAY = "fay@bank.example"


@pytest.fixture
def boss() -> Agent:
    return at_work("boss@bank.example", "supervisor")


def refusal(told: dict[str, Any]) -> str:
    return str(told["refused"]["code"])


def test_an_address_has_one_agent() -> None:
    invited(FAY, "finance")
    assert refusal(operator("add", email="FAY@bank.example", roles=["agent"])) == "AGENT_EXISTS"


@pytest.mark.parametrize("roles", [[], ["owner"], ["finance", "owner"]])
def test_roles_are_some_of_ours(roles: list[str]) -> None:
    assert refusal(operator("add", email=FAY, roles=roles)) == "ROLES_INVALID"
    invited(FAY, "finance")
    assert refusal(operator("change_roles", email=FAY, roles=roles)) == "ROLES_INVALID"


@pytest.mark.parametrize("do", ["invite", "disable", "link_user"])
def test_nobody_is_not_found(do: str) -> None:
    assert refusal(operator(do, email="nobody@bank.example")) == "NOT_FOUND"


def test_what_is_no_address_is_refused() -> None:
    assert refusal(operator("add", email="fay", roles=["agent"])) == "INVALID_FIELD"


@pytest.mark.parametrize("wish", [{"do": "promote"}, {"do": "add", "password": "x"}])
def test_what_is_no_wish_is_refused(wish: dict[str, str]) -> None:
    assert "refused" in operator(**wish)


def test_other_roles_count_from_the_next_request_on(boss: Agent) -> None:
    fay = at_work(FAY, "finance")
    assert fay.call("GET", "/v1/agent/audit").code == "ROLE_REQUIRED"

    operator("change_roles", email=FAY, roles=["supervisor"])
    assert fay.call("GET", "/v1/agent/audit").status == 200
    (told,) = deeds(boss, deed="roles_changed")
    assert (told["before"], told["after"]) == ({"roles": ["finance"]}, {"roles": ["supervisor"]})
    assert told["who"] == "operator olga"


def test_to_disable_ends_every_session_at_once(boss: Agent) -> None:
    fay = at_work(FAY, "finance")
    operator("disable", email=FAY)

    assert fay.call("GET", "/v1/agent/me").status == 401
    refreshing = {"refresh_token": fay.refresh_token}
    assert fay.call("POST", "/v1/agent/sessions/refresh", refreshing).status == 401
    (told,) = deeds(boss, deed="disabled")
    assert told["about"] == fay.agent_id


def test_who_signs_in_while_being_disabled_is_out_too() -> None:
    fay = hired(FAY, "finance")
    with meanwhile(fay.asks_in) as came:
        operator("disable", email=FAY)

    assert came[0].status == 201
    assert all_sessions(fay.agent_id) == []


def test_who_was_disabled_comes_back_by_invitation_alone() -> None:
    hired(FAY, "finance")
    operator("disable", email=FAY)
    invitation = operator("invite", email=FAY)["done"]

    assert accepted(FAY, invitation).asks_in().status == 201


def test_an_invitation_of_somebody_disabled_is_worth_nothing() -> None:
    invitation = invited(FAY, "finance")
    operator("disable", email=FAY)
    assert opened(invitation).code == "INVITATION_ENDED"


def test_everybody_is_listed_for_operators_and_supervisors(boss: Agent) -> None:
    invited(FAY, "finance")
    listed = operator("list")["done"]["agents"]

    assert {(one["email"], one["status"]) for one in listed} == {
        ("boss@bank.example", "active"),
        (FAY, "invited"),
    }
    assert boss.call("GET", "/v1/agent/agents").json["items"] == listed
