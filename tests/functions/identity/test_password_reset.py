"""POST /v1/password-resets: the owner gets back in by phone, and nobody else does."""

from contextlib import suppress
from typing import Any

import pytest

from functions.identity.locks import tell_of_locks
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import CUTS, Attempt, Fault, Injection, ProcessDied, intercepted, watched
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    ask_code,
    opens,
    refresh,
    sign_in,
    stored,
    wrong,
)
from tests.people import PASSWORD, Person, code_in_last_sms, register, sms_sent_to

NEW_PASSWORD = "another quite long phrase"


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    person = register(PHONE)
    test_clock.move(seconds=settings().code_resend_seconds)
    return person


def wish(phone: str = PHONE, **changed: Any) -> dict[str, Any]:
    """The body of a reset, with a code that was just sent."""
    sent = ask_code(phone, "reset_password")
    assert sent.status == 202, sent.text
    return {
        "phone": phone,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(phone),
        "new_password": NEW_PASSWORD,
    } | changed


def reset(body: dict[str, Any]) -> Answer:
    return call("POST", "/v1/password-resets", body)


def lock(phone: str = PHONE) -> None:
    for _ in range(settings().sign_in_tries):
        assert sign_in(phone, "not the password").status == 401
    assert sign_in(phone).code == "ACCOUNT_LOCKED"


@pytest.mark.usefixtures("ana")
def test_the_new_password_is_in_force() -> None:
    answer = reset(wish())

    assert (answer.status, answer.text) == (204, "")
    assert sign_in(password=PASSWORD).status == 401
    assert sign_in(password=NEW_PASSWORD).status == 201


def test_every_session_ends(ana: Person) -> None:
    other = ana.signed_in_again()
    reset(wish())

    for person in (ana, other):
        assert not opens(person.token)
        assert refresh(person.refresh_token).status == 401
    assert stored("SESSION#") == []


@pytest.mark.usefixtures("ana")
def test_a_session_that_starts_meanwhile_ends_too() -> None:
    body = wish()
    intruder: list[str] = []

    def let_intruder_in_first(attempt: Attempt) -> object:
        if "password_changed_at" in str(attempt.request) and not intruder:
            intruder.append("")
            intruder[0] = sign_in().json["tokens"]["access_token"]
        return attempt.make()

    with intercepted(let_intruder_in_first):
        answer = reset(body)

    assert answer.status == 204
    assert not opens(intruder[0])


@pytest.mark.usefixtures("ana")
def test_the_owner_is_told() -> None:
    reset(wish())

    assert "重设" in sms_sent_to(PHONE)[-1]


@pytest.mark.usefixtures("ana")
def test_the_owner_finds_it_among_the_security_events() -> None:
    reset(wish())
    token = sign_in(password=NEW_PASSWORD).json["tokens"]["access_token"]
    events = call("GET", "/v1/me/security-events", token=token).json["items"]

    assert "password_reset" in [event["kind"] for event in events]


@pytest.mark.usefixtures("ana")
def test_it_ends_a_lock() -> None:
    body = wish()
    lock()

    assert reset(body).status == 204
    assert sign_in(password=NEW_PASSWORD).status == 201


@pytest.mark.usefixtures("ana")
def test_the_same_again_is_a_success_and_changes_nothing() -> None:
    body = wish()
    assert reset(body).status == 204
    token = sign_in(password=NEW_PASSWORD).json["tokens"]["access_token"]
    told = len(sms_sent_to(PHONE))

    assert reset(body).status == 204
    assert opens(token)
    assert len(sms_sent_to(PHONE)) == told


@pytest.mark.usefixtures("ana")
def test_a_used_code_sets_no_other_password() -> None:
    body = wish()
    reset(body)

    assert reset(body | {"new_password": "yet another long phrase"}).code == "CODE_EXPIRED"
    assert sign_in(password=NEW_PASSWORD).status == 201


def test_a_used_code_does_not_bring_a_password_back(ana: Person) -> None:
    body = wish()
    reset(body)
    token = sign_in(password=NEW_PASSWORD).json["tokens"]["access_token"]
    change = {"current_password": NEW_PASSWORD, "new_password": "yet another long phrase"}
    assert call("PUT", "/v1/me/password", change, token=token).status == 204

    assert reset(body).code == "CODE_EXPIRED"


@pytest.mark.usefixtures("ana")
def test_known_and_unknown_phones_are_refused_alike() -> None:
    known_body, unknown_sent = wish(), ask_code(OTHER_PHONE, "reset_password")
    unknown_body = known_body | {
        "phone": OTHER_PHONE,
        "verification_id": unknown_sent.json["verification_id"],
    }
    with watched() as for_known:
        known = reset(known_body | {"code": wrong(known_body["code"])})
    with watched() as for_unknown:
        unknown = reset(unknown_body)

    assert (known.status, known.code) == (422, "WRONG_CODE")
    assert (known.status, known.json) == (unknown.status, unknown.json)
    assert [one.operation for one in for_known] == [one.operation for one in for_unknown]


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize("purpose", ["sign_in", "unlock"])
def test_a_code_for_something_else_does_not_do(purpose: str) -> None:
    sent = ask_code(PHONE, purpose)
    body = {
        "phone": PHONE,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(PHONE),
        "new_password": NEW_PASSWORD,
    }

    assert reset(body).code == "CODE_EXPIRED"
    assert sign_in().status == 201


@pytest.mark.usefixtures("ana")
def test_a_code_to_another_phone_does_not_do(test_clock: TestClock) -> None:
    register(OTHER_PHONE)
    test_clock.move(seconds=settings().code_resend_seconds)
    body = wish(OTHER_PHONE)

    assert reset(body | {"phone": PHONE}).code == "CODE_EXPIRED"


@pytest.mark.usefixtures("ana")
def test_a_code_is_good_for_five_minutes(test_clock: TestClock) -> None:
    body = wish()
    test_clock.move(seconds=settings().code_valid_seconds)

    assert reset(body).code == "CODE_EXPIRED"


@pytest.mark.usefixtures("ana")
def test_a_code_can_be_guessed_five_times() -> None:
    body = wish()
    for _ in range(settings().code_tries):
        assert reset(body | {"code": wrong(body["code"])}).code == "WRONG_CODE"

    assert reset(body).code == "CODE_EXPIRED"


@pytest.mark.usefixtures("ana")
def test_a_weak_password_is_refused_and_costs_no_try() -> None:
    body = wish()
    for _ in range(settings().code_tries + 1):
        answer = reset(body | {"new_password": "13800000001"})
        assert (answer.code, answer.json["field"]) == ("WEAK_PASSWORD", "new_password")

    assert reset(body).status == 204


@pytest.mark.parametrize("fault", CUTS)
def test_after_a_fault_at_any_call_a_retry_succeeds(
    ana: Person, fault: Fault, test_clock: TestClock
) -> None:
    for at in range(1, 40):
        test_clock.move(hours=24)
        body = wish(new_password=f"{NEW_PASSWORD} {at}")
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied):
            reset(body)
        assert reset(body).status == 204
        assert sign_in(password=body["new_password"]).status == 201
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")


@pytest.mark.usefixtures("ana")
def test_a_lock_is_told_once_and_to_its_owner_only(test_clock: TestClock) -> None:
    lock()
    lock_unknown = [sign_in(OTHER_PHONE, "not the password").status for _ in range(6)]
    told = len(sms_sent_to(PHONE))
    test_clock.move(minutes=1)

    assert lock_unknown == [401] * 5 + [423]
    assert tell_of_locks() == 2
    assert tell_of_locks() == 0
    assert "锁定" in sms_sent_to(PHONE)[-1]
    assert len(sms_sent_to(PHONE)) == told + 1
    assert sms_sent_to(OTHER_PHONE) == []


def test_a_lock_is_among_the_security_events(ana: Person, test_clock: TestClock) -> None:
    lock()
    test_clock.move(minutes=1)
    tell_of_locks()
    events = ana.call("GET", "/v1/me/security-events").json["items"]

    assert [event["kind"] for event in events].count("locked") == 1


@pytest.mark.usefixtures("ana")
def test_the_last_try_being_the_right_one_is_no_lock(test_clock: TestClock) -> None:
    for _ in range(settings().sign_in_tries - 1):
        sign_in(password="not the password")
    assert sign_in().status == 201
    test_clock.move(minutes=1)

    assert tell_of_locks() == 0


@pytest.mark.usefixtures("ana")
def test_each_new_lock_is_told(test_clock: TestClock) -> None:
    for _ in range(2):
        lock()
        test_clock.move(minutes=1)
        assert tell_of_locks() == 1
        test_clock.move(seconds=settings().sign_in_lock_seconds)
