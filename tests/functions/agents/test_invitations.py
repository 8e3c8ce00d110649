"""An invitation lets one agent set password and authenticator, once; nobody else learns either."""

import pytest

from shared.settings import settings
from tests.agents import (
    PASSWORD,
    Agent,
    accepted,
    at_work,
    confirmed,
    deeds,
    hired,
    invited,
    opened,
    operator,
)
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.functions.identity.asking import stored, wrong

NEW = "new@bank.example"


def ended(answer: Answer) -> bool:
    return (answer.status, answer.code) == (422, "INVITATION_ENDED")


def test_it_makes_somebody_who_can_sign_in() -> None:
    agent = accepted(NEW, invited(NEW, "agent"))
    assert agent.asks_in().status == 201


def test_the_uri_names_the_agent_to_the_authenticator() -> None:
    uri = opened(invited(NEW, "agent")).json["otpauth_uri"]
    assert uri.startswith("otpauth://totp/U%20Wallet:new%40bank.example")


def test_only_hashes_of_its_secret_are_stored() -> None:
    invitation = invited(NEW, "agent")
    secret = opened(invitation).json["secret"]

    everything = str(stored())
    for hidden in (invitation["secret"], secret, PASSWORD):
        assert hidden not in everything


class TestOnce:
    def test_said_again_it_is_a_success_and_changes_nothing(self) -> None:
        invitation = invited(NEW, "agent")
        agent = accepted(NEW, invitation)
        agent = agent.signed_in()

        assert confirmed(invitation, agent.code(steps=-1)).status == 204
        assert agent.call("GET", "/v1/agent/me").status == 200

    def test_with_another_code_it_has_ended(self) -> None:
        invitation = invited(NEW, "agent")
        agent = accepted(NEW, invitation)

        assert ended(confirmed(invitation, agent.code()))

    def test_it_does_not_open_again(self) -> None:
        invitation = invited(NEW, "agent")
        agent = accepted(NEW, invitation)

        assert ended(opened(invitation, "another long phrase 77"))
        assert agent.asks_in().status == 201

    def test_a_newer_one_takes_its_place(self) -> None:
        first = invited(NEW, "agent")
        second = operator("invite", email=NEW)["done"]

        assert ended(opened(first))
        assert accepted(NEW, second).asks_in().status == 201

    def test_what_a_replaced_one_had_begun_is_worth_nothing(self) -> None:
        first = invited(NEW, "agent")
        begun = Agent(NEW, first["agent_id"], opened(first).json["secret"])
        operator("invite", email=NEW)

        assert ended(confirmed(first, begun.code()))


class TestRefused:
    def test_when_it_is_too_old(self, test_clock: TestClock) -> None:
        invitation = invited(NEW, "agent")
        begun = Agent(NEW, invitation["agent_id"], opened(invitation).json["secret"])
        test_clock.move(seconds=settings().agent_invitation_seconds)

        assert ended(opened(invitation))
        assert ended(confirmed(invitation, begun.code()))

    def test_with_a_wrong_secret_or_an_unknown_number(self) -> None:
        invitation = invited(NEW, "agent")

        assert ended(opened(invitation | {"secret": "A" * 43}))
        assert ended(opened(invitation | {"invitation_id": "inv_nobody"}))
        assert ended(confirmed(invitation | {"secret": "A" * 43}, "123456"))

    def test_with_a_secret_of_another_invitation(self) -> None:
        mine, other = invited(NEW, "agent"), invited("other@bank.example", "finance")
        assert ended(opened(other | {"secret": mine["secret"]}))

    @pytest.mark.parametrize("password", ["password123", "aaaaaaaaaaaa", "uwallet1"])
    def test_for_a_password_that_is_easy_to_guess(self, password: str) -> None:
        answer = opened(invited(NEW, "agent"), password)
        assert (answer.status, answer.code) == (422, "WEAK_PASSWORD")

    def test_with_a_wrong_code_or_before_a_password_is_set(self) -> None:
        invitation = invited(NEW, "agent")
        assert confirmed(invitation, "123456").code == "WRONG_CODE"
        begun = Agent(NEW, invitation["agent_id"], opened(invitation).json["secret"])
        assert confirmed(invitation, wrong(begun.code())).code == "WRONG_CODE"
        assert confirmed(invitation, begun.code()).status == 204

    def test_after_many_tries_from_one_address(self, few_tries: int) -> None:
        invitation = invited(NEW, "agent")
        path = f"/v1/agent/invitations/{invitation['invitation_id']}"
        body = {"secret": "A" * 43, "password": PASSWORD}
        for _ in range(few_tries):
            assert ended(call("POST", path, body))
        assert call("POST", path, body).status == 429

    def test_with_roles_of_ones_own_choice(self) -> None:
        answer = opened(invited(NEW, "agent"), roles=["supervisor"])
        assert (answer.status, answer.code) == (400, "UNKNOWN_FIELD")


class TestInvitedAnew:
    def test_the_old_password_is_good_until_the_new_one_is_set(self, test_clock: TestClock) -> None:
        agent = hired(NEW, "agent")
        invitation = operator("invite", email=NEW)["done"]
        assert agent.asks_in().status == 201

        test_clock.move(minutes=1)
        renewed = accepted(NEW, invitation)
        assert agent.asks_in().status == 401
        assert renewed.asks_in().status == 201

    def test_accepting_ends_every_session_and_a_lock(self) -> None:
        agent = at_work(NEW, "agent")
        for _ in range(settings().sign_in_tries + 1):
            agent.asks_in(password="not the password")
        renewed = accepted(NEW, operator("invite", email=NEW)["done"])

        assert agent.call("GET", "/v1/agent/me").status == 401
        assert renewed.asks_in().status == 201


def test_each_step_is_in_the_audit_trail(test_clock: TestClock) -> None:
    boss = at_work("boss@bank.example", "supervisor")
    invitation = invited(NEW, "agent")
    test_clock.move(seconds=1)
    begun = Agent(NEW, invitation["agent_id"], opened(invitation).json["secret"])
    test_clock.move(seconds=1)
    confirmed(invitation, begun.code())

    told = deeds(boss, about=invitation["agent_id"])
    assert [(one["who"], one["deed"]) for one in told] == [
        ("operator olga", "invited"),
        (invitation["agent_id"], "invitation_opened"),
        (invitation["agent_id"], "invitation_accepted"),
    ]
    assert told[0]["request_id"] == "op-1"
    assert (told[2]["before"], told[2]["after"]) == ({"status": "invited"}, {"status": "active"})
