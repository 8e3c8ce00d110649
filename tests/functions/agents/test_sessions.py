"""Sessions of agents: two kinds of people, two kinds of tokens, and neither opens the other's."""

from collections.abc import Callable

import pytest

from functions.agents.records import DISABLED, agent_key
from functions.agents.records import Agent as AgentRecord
from shared.settings import settings
from shared.table import change
from tests.agents import SESSIONS, Agent, at_work, deeds
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.functions.identity.asking import PHONE
from tests.people import register

ME = "/v1/agent/me"


@pytest.fixture
def fay() -> Agent:
    return at_work("fay@bank.example", "finance")


def refresh(refresh_token: str, path: str = f"{SESSIONS}/refresh") -> Answer:
    return call("POST", path, {"refresh_token": refresh_token})


def opens(token: str) -> bool:
    return call("GET", ME, token=token).status == 200


class TestTwoKinds:
    def test_a_user_is_no_agent(self) -> None:
        user = register(PHONE, pay_password=False)

        answer = user.call("GET", ME)
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
        assert refresh(user.refresh_token).status == 401

    def test_an_agent_is_no_user(self, fay: Agent) -> None:
        answer = fay.call("GET", "/v1/me")
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
        assert refresh(fay.refresh_token, "/v1/sessions/refresh").status == 401

    def test_a_token_renamed_to_the_other_kind_opens_nothing(self, fay: Agent) -> None:
        user = register(PHONE, pay_password=False)

        assert call("GET", ME, token="uaa" + user.token[3:]).status == 401
        assert call("GET", "/v1/me", token="uwa" + fay.token[3:]).status == 401


class TestAccess:
    def test_it_ends_after_a_while(self, fay: Agent, test_clock: TestClock) -> None:
        test_clock.move(seconds=settings().access_token_seconds - 1)
        assert opens(fay.token)
        test_clock.move(seconds=1)
        assert not opens(fay.token)

    def test_only_the_access_token_gives_it(self, fay: Agent) -> None:
        assert not opens(fay.refresh_token)

    @pytest.mark.parametrize(
        "forge",
        [
            lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
            lambda token: token[:-1],
            lambda token: "uar" + token[3:],
            lambda token: token[:4] + "a" * 26 + token[30:],
            lambda token: token[:30] + "a" * 26 + token[56:],
            lambda _: "x",
        ],
    )
    def test_a_forged_token_opens_nothing(self, fay: Agent, forge: Callable[[str], str]) -> None:
        assert not opens(forge(fay.token))

    def test_a_session_that_outlived_its_agent_opens_nothing(self, fay: Agent) -> None:
        """Nothing leaves one behind; the standing of the agent is asked all the same."""
        record = AgentRecord(*agent_key(fay.agent_id)[1:])
        assert change(record, [AgentRecord.status.set(DISABLED)], AgentRecord.pk.exists())

        assert not opens(fay.token)


class TestRefresh:
    def test_new_tokens_take_the_place_of_the_old(self, fay: Agent) -> None:
        tokens = refresh(fay.refresh_token).json["tokens"]

        assert opens(tokens["access_token"])
        assert not opens(fay.token)

    def test_an_immediate_retry_gets_the_same_tokens(self, fay: Agent) -> None:
        assert refresh(fay.refresh_token).json == refresh(fay.refresh_token).json

    def test_a_late_one_was_stolen_and_ends_the_session(
        self, fay: Agent, test_clock: TestClock
    ) -> None:
        tokens = refresh(fay.refresh_token).json["tokens"]
        test_clock.move(seconds=settings().refresh_retry_seconds + 1)

        assert refresh(fay.refresh_token).status == 401
        assert not opens(tokens["access_token"])
        boss = at_work("boss@bank.example", "supervisor")
        (told,) = deeds(boss, deed="refresh_token_reused")
        assert told["who"] == fay.agent_id

    def test_a_session_lasts_no_longer_than_a_day_of_work(
        self, fay: Agent, test_clock: TestClock
    ) -> None:
        token = fay.refresh_token
        for _ in range(settings().agent_session_seconds // 3_600 - 1):
            test_clock.move(hours=1)
            token = refresh(token).json["tokens"]["refresh_token"]
        test_clock.move(hours=1)
        assert refresh(token).status == 401


class TestSigningOut:
    def test_the_list_shows_where_the_agent_is_signed_in(
        self, fay: Agent, test_clock: TestClock
    ) -> None:
        test_clock.move(minutes=1)
        other = fay.signed_in()

        listed = other.call("GET", SESSIONS).json["items"]
        assert [one["current"] for one in listed] == [True, False]

    def test_it_ends_access_at_once_and_is_audited(self, fay: Agent) -> None:
        assert fay.call("DELETE", f"{SESSIONS}/current").status == 204
        assert not opens(fay.token)
        assert refresh(fay.refresh_token).status == 401
        boss = at_work("boss@bank.example", "supervisor")
        (told,) = deeds(boss, deed="signed_out")
        assert told["who"] == fay.agent_id

    def test_nobody_signs_out_somebody_else(self, fay: Agent) -> None:
        gus = at_work("gus@bank.example", "finance")
        (session,) = fay.call("GET", SESSIONS).json["items"]

        assert gus.call("DELETE", f"{SESSIONS}/{session['session_id']}").status == 404
        assert opens(fay.token)
