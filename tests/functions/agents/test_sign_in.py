"""POST /v1/agent/sessions: all three are right or nobody gets in, or learns which was not."""

import pytest

from shared.settings import settings
from tests.agents import PASSWORD, SESSIONS, Agent, deeds, hired, invited, operator
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import watched
from tests.functions.identity.asking import stored, wrong

FAY = "Fay@bank.example"


@pytest.fixture
def fay() -> Agent:
    return hired(FAY, "finance")


def words(answer: Answer) -> tuple[int, dict[str, object]]:
    return answer.status, answer.json


def test_all_three_open_a_session(fay: Agent) -> None:
    answer = fay.asks_in()

    assert answer.status == 201
    assert answer.json["agent_id"] == fay.agent_id
    token = answer.json["tokens"]["access_token"]
    assert call("GET", "/v1/agent/me", token=token).json == {
        "agent_id": fay.agent_id,
        "email": FAY,
        "roles": ["finance"],
        "status": "active",
    }


def test_an_address_has_no_case_and_no_spaces_around_it(fay: Agent) -> None:
    assert fay.asks_in(email=" fay@BANK.example ").status == 201


@pytest.mark.parametrize(
    "changed",
    [
        {"password": "not the password"},
        {"totp": "000000"},
        {"email": "nobody@bank.example"},
        {"password": "not the password", "totp": "000000"},
    ],
)
def test_whatever_is_wrong_the_answer_is_one(fay: Agent, changed: dict[str, str]) -> None:
    if changed.get("totp") == fay.code():
        changed = changed | {"totp": wrong(fay.code())}
    answer = fay.asks_in(**changed)

    assert (answer.status, answer.code) == (401, "WRONG_CREDENTIALS")
    assert words(answer) == words(fay.asks_in(password="something else"))


def test_an_unknown_address_costs_the_same_calls(fay: Agent) -> None:
    with watched() as for_known:
        fay.asks_in(password="not the password")
    with watched() as for_unknown:
        fay.asks_in(email="nobody@bank.example")

    assert [one.operation for one in for_known] == [one.operation for one in for_unknown]


@pytest.mark.parametrize("email", [FAY, "nobody@bank.example"])
def test_five_wrong_tries_lock_known_and_unknown_alike(fay: Agent, email: str) -> None:
    for _ in range(settings().sign_in_tries):
        assert fay.asks_in(email=email, password="not the password").status == 401

    answer = fay.asks_in(email=email)
    assert (answer.status, answer.code) == (423, "ACCOUNT_LOCKED")
    assert answer.json["retry_after"] == settings().sign_in_lock_seconds


def test_wrong_codes_lock_as_wrong_passwords_do(fay: Agent) -> None:
    for _ in range(settings().sign_in_tries):
        assert fay.asks_in(totp=wrong(fay.code())).status == 401
    assert fay.asks_in().status == 423


def test_a_lock_ends_and_a_success_forgets_the_tries(fay: Agent, test_clock: TestClock) -> None:
    for _ in range(settings().sign_in_tries):
        fay.asks_in(password="not the password")
    test_clock.move(seconds=settings().sign_in_lock_seconds)
    assert fay.asks_in().status == 201

    test_clock.move(minutes=1)
    for _ in range(settings().sign_in_tries - 1):
        fay.asks_in(password="not the password")
    assert fay.asks_in().status == 201


def test_one_address_may_try_so_often_whoever_it_says_it_is(fay: Agent, few_tries: int) -> None:
    address = "198.51.100.9"
    for number in range(few_tries):
        body = {"email": f"nobody-{number}@bank.example", "password": "x", "totp": "000000"}
        assert call("POST", SESSIONS, body, address=address).status == 401

    refused = fay.asks_in(address=address)
    assert (refused.status, refused.code) == (429, "TOO_MANY_REQUESTS")
    assert fay.asks_in().status == 201


class TestSteps:
    def test_a_code_is_good_once(self, fay: Agent) -> None:
        assert fay.asks_in().status == 201
        assert fay.asks_in().status == 401

    def test_the_code_of_the_invitation_is_used_too(self, fay: Agent) -> None:
        assert fay.asks_in(totp=fay.code(steps=-1)).status == 401

    def test_an_earlier_code_is_not_good_after_a_later_one(self, fay: Agent) -> None:
        assert fay.asks_in(totp=fay.code(steps=1)).status == 201
        assert fay.asks_in(totp=fay.code()).status == 401

    @pytest.mark.parametrize(("steps", "status"), [(-2, 401), (1, 201), (2, 401)])
    def test_one_step_of_drift_is_allowed(
        self, fay: Agent, steps: int, status: int, test_clock: TestClock
    ) -> None:
        test_clock.move(minutes=5)
        assert fay.asks_in(totp=fay.code(steps=steps)).status == status

    def test_a_code_of_somebody_else_is_none(self, fay: Agent) -> None:
        other = hired("gus@bank.example", "finance")
        assert fay.asks_in(totp=other.code()).status == 401


class TestWhoMayNot:
    def test_somebody_who_is_only_invited(self) -> None:
        invited("new@bank.example", "agent")
        body = {"email": "new@bank.example", "password": PASSWORD, "totp": "123456"}
        assert call("POST", SESSIONS, body).status == 401

    def test_somebody_who_is_disabled(self, fay: Agent) -> None:
        operator("disable", email=FAY)
        assert fay.asks_in().status == 401


def test_what_is_stored_shows_no_secret(fay: Agent) -> None:
    signed_in = fay.signed_in()
    everything = str(stored())

    for secret in (FAY, PASSWORD, fay.totp_secret, signed_in.token, signed_in.refresh_token):
        assert secret not in everything
        assert secret.casefold() not in everything.casefold()


def test_each_try_is_in_the_audit_trail(fay: Agent, test_clock: TestClock) -> None:
    fay.asks_in(password="not the password")
    test_clock.move(seconds=1)
    fay.asks_in(email="nobody@bank.example")
    fay.signed_in()
    test_clock.move(seconds=1)
    boss = hired("boss@bank.example", "supervisor").signed_in()

    wrong_password, nobody = deeds(boss, deed="sign_in_failed")
    assert wrong_password["after"] == nobody["after"] == {"reason": "wrong"}
    assert wrong_password["who"] == fay.agent_id != nobody["who"]
    assert wrong_password["address"] == "203.0.113.7"
    assert wrong_password["request_id"]
    assert [one["who"] for one in deeds(boss, deed="signed_in")] == [fay.agent_id, boss.agent_id]
