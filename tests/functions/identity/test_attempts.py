"""From one address only so many wrong proofs are looked at, whoever they are about."""

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Attempt, Fault, intercepted, watched
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    ask_code,
    refresh,
    registration,
    sign_in,
    stored,
    wrong,
)
from tests.people import PASSWORD, Person, code_in_last_sms, register

ALLOWED = 3
ELSEWHERE = "198.51.100.9"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So few that it takes no long test to use them up."""
    monkeypatch.setenv("ATTEMPTS_PER_ADDRESS_PER_HOUR", str(ALLOWED))
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def ana() -> Person:
    return register(PHONE, pay_password=False)


def guess(phone: str = PHONE, **more: str) -> Answer:
    return sign_in(phone, "not the password", **more)


def guessed_registration() -> Answer:
    body = registration(OTHER_PHONE)
    return call("POST", "/v1/users", body | {"code": wrong(body["code"])})


def guessed_reset() -> Answer:
    body = {
        "phone": PHONE,
        "verification_id": "v_nothing",
        "code": "123456",
        "new_password": "another quite long phrase",
    }
    return call("POST", "/v1/password-resets", body)


def guessed_step() -> Answer:
    given = {"method": "totp", "code": "123456"}
    return call("POST", "/v1/sessions/challenges/ch_nothing", given)


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize("act", [guess, guessed_registration, guessed_reset, guessed_step])
def test_every_proof_of_somebody_not_signed_in_counts(
    act: Callable[[], Answer], test_clock: TestClock
) -> None:
    for _ in range(ALLOWED):
        assert act().status in (401, 422)
        test_clock.move(minutes=2)
    refused = sign_in()

    assert (refused.status, refused.code) == (429, "TOO_MANY_REQUESTS")
    assert refused.headers["Retry-After"] == str(3_600 - 120 * ALLOWED)
    test_clock.move(seconds=refused.json["retry_after"])
    assert sign_in().status == 201


@pytest.mark.usefixtures("ana")
def test_known_and_unknown_phones_are_refused_alike_before_a_password_is_hashed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(ALLOWED):
        guess(f"+861380000001{number}")
    monkeypatch.setattr(PasswordHasher, "verify", _not_now)
    with watched() as for_known:
        known = sign_in(PHONE)
    with watched() as for_unknown:
        unknown = sign_in(OTHER_PHONE)

    assert (known.status, known.json) == (unknown.status, unknown.json)
    assert [one.operation for one in for_known] == ["TransactWriteItems"]
    assert [one.operation for one in for_unknown] == ["TransactWriteItems"]


@pytest.mark.usefixtures("ana")
def test_one_who_is_right_is_not_counted() -> None:
    for _ in range(ALLOWED + 1):
        assert sign_in().status == 201
    for number in range(ALLOWED):
        person = f"+861380000002{number}"
        assert call("POST", "/v1/users", registration(person)).status == 201

    assert guess().status == 401


@pytest.mark.usefixtures("ana")
def test_a_second_step_that_is_due_is_no_wrong_proof() -> None:
    for device_id in ("d-1", "d-2"):
        body = {"phone": PHONE, "password": PASSWORD, "device": {"id": device_id}}
        begun = call("POST", "/v1/sessions", body)
    given = {"method": "sms", "code": code_in_last_sms(PHONE)}
    challenge = f"/v1/sessions/challenges/{begun.json['challenge_id']}"
    assert call("POST", challenge, given).status == 201

    assert [item["used"]["N"] for item in stored() if "attempts_per" in item["pk"]["S"]] == ["0"]


@pytest.mark.usefixtures("ana")
def test_addresses_are_counted_apart() -> None:
    for _ in range(ALLOWED):
        guess()

    assert guess().status == 429
    assert guess(address=ELSEWHERE).status == 401


def test_who_is_signed_in_is_not_counted(ana: Person) -> None:
    for _ in range(ALLOWED):
        guess(OTHER_PHONE)

    assert refresh(ana.refresh_token).status == 201
    assert ask_code(OTHER_PHONE, "reset_password").status == 202


@pytest.mark.usefixtures("ana")
def test_a_sign_in_that_can_not_be_taken_out_of_the_count_is_one_all_the_same() -> None:
    def without_giving_back(attempt: Attempt) -> object:
        if "attempts_per_address" in str(attempt.request) and '"-1"' in str(attempt.request):
            return Fault.THROTTLED.befall(attempt)
        return attempt.make()

    with intercepted(without_giving_back):
        assert sign_in().status == 201


def _not_now(*_: object) -> bool:
    raise AssertionError("a password was hashed")
