"""PUT /v1/me/password: whoever was signed in by the old password is out, and the owner stays in."""

from contextlib import suppress

import pytest

from shared.settings import settings
from tests.edge import Answer, call
from tests.faults import CUTS, Attempt, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import PHONE, opens, refresh, sign_in, stored
from tests.people import PASSWORD, Person, register

NEW_PASSWORD = "another quite long phrase"


@pytest.fixture
def ana() -> Person:
    return register(PHONE, pay_password=False)


def change(person: Person, current: str = PASSWORD, new: str = NEW_PASSWORD) -> Answer:
    body = {"current_password": current, "new_password": new}
    return person.call("PUT", "/v1/me/password", body)


def test_the_new_password_is_in_force(ana: Person) -> None:
    answer = change(ana)

    assert (answer.status, answer.text) == (204, "")
    assert sign_in(password=PASSWORD).status == 401
    assert sign_in(password=NEW_PASSWORD).status == 201


def test_all_other_sessions_end(ana: Person) -> None:
    others = [ana.signed_in_again() for _ in range(3)]
    change(ana)

    assert opens(ana.token)
    assert refresh(ana.refresh_token).status == 201
    for other in others:
        assert not opens(other.token)
        assert refresh(other.refresh_token).status == 401


def test_a_session_that_starts_meanwhile_ends_too(ana: Person) -> None:
    intruder: list[Answer] = []

    def let_intruder_in_first(attempt: Attempt) -> object:
        changes_password = "password_hash" in str(attempt.request) and not intruder
        if attempt.operation == "TransactWriteItems" and changes_password:
            intruder.append(Answer(0, {}, ""))
            intruder[0] = sign_in()
        return attempt.make()

    with intercepted(let_intruder_in_first):
        answer = change(ana)

    assert (answer.status, intruder[0].status) == (204, 201)
    assert not opens(intruder[0].json["tokens"]["access_token"])
    assert len(stored("SESSION")) == 1


def test_without_the_current_password_nothing_changes(ana: Person) -> None:
    answer = change(ana, current="not the password")

    assert (answer.status, answer.code) == (403, "WRONG_CREDENTIALS")
    assert sign_in().status == 201


def test_wrong_ones_lock_the_session_and_are_counted_apart_from_those_at_sign_in(
    ana: Person,
) -> None:
    for _ in range(settings().sign_in_tries):
        assert sign_in(password="not the password").status == 401
        assert change(ana, current="not the password").status == 403

    assert change(ana).code == "ACCOUNT_LOCKED"
    assert sign_in().code == "ACCOUNT_LOCKED"


def test_a_success_forgets_the_tries_before_it(ana: Person) -> None:
    for _ in range(settings().sign_in_tries - 1):
        change(ana, current="not the password")
    change(ana)

    assert sign_in(password="not the password").status == 401
    assert sign_in(password=NEW_PASSWORD).status == 201


def test_a_weak_one_is_refused_with_its_reason_and_costs_no_try(ana: Person) -> None:
    for _ in range(settings().sign_in_tries + 1):
        answer = change(ana, current="not the password", new="13800000001")
        assert (answer.status, answer.code) == (422, "WEAK_PASSWORD")
        assert answer.json["field"] == "new_password"
        assert answer.json["diagnosis"] == {"reason": "PHONE"}


@pytest.mark.parametrize("fault", CUTS)
def test_after_a_fault_at_any_call_one_of_both_passwords_is_in_force(
    ana: Person, fault: Fault
) -> None:
    current = PASSWORD
    for at in range(1, 30):
        other = sign_in(password=current).json["tokens"]["access_token"]
        new = f"{NEW_PASSWORD} {at}"
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied):
            change(ana, current, new)
        changed = sign_in(password=new).status == 201
        assert changed != (sign_in(password=current).status == 201)
        assert opens(other) != changed
        assert opens(ana.token)
        if not injection.befell:
            return
        current = new if changed else current
    pytest.fail("there is no end of calls")


def test_it_takes_a_session_to_change_a_password() -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert call("PUT", "/v1/me/password", body).status == 401
