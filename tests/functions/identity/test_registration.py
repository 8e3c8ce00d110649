"""POST /v1/users: a phone becomes one user with one account, or nothing happens."""

from contextlib import suppress

import pytest

from functions.identity.directory import PhoneEntry, directory_key, guessed_user_id
from functions.identity.records import User, user_key
from shared.ledger.accounts import find_account
from shared.settings import settings
from shared.table import read
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Attempt, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import (
    PHONE,
    opens,
    registration,
    sign_in,
    stored,
    wrong,
)


def test_a_new_user_is_signed_in_with_an_empty_account() -> None:
    answer = call("POST", "/v1/users", registration())

    assert answer.status == 201, answer.text
    assert answer.json.keys() == {"user_id", "tokens"}
    assert answer.json["tokens"].keys() == {"access_token", "refresh_token", "expires_in"}
    assert opens(answer.json["tokens"]["access_token"])
    account = find_account(answer.json["user_id"])
    assert account is not None
    assert (account.balance, account.label) == (0, "+86138****0001")


def test_the_user_can_be_found_by_phone() -> None:
    user_id = call("POST", "/v1/users", registration()).json["user_id"]

    entry = read([directory_key(PHONE)]).one(PhoneEntry, directory_key(PHONE))
    assert entry is not None
    assert entry.user_id == user_id == guessed_user_id(PHONE)


def test_a_recycled_phone_gets_a_user_of_its_own(test_clock: TestClock) -> None:
    first = call("POST", "/v1/users", registration()).json["user_id"]
    _give_up_phone(first)
    test_clock.move(seconds=60)
    second = call("POST", "/v1/users", registration())

    assert second.status == 201, second.text
    assert second.json["user_id"] != first
    assert sign_in().json["user_id"] == second.json["user_id"]


def test_the_same_request_again_signs_in_the_same_user() -> None:
    body = registration()
    first, again = call("POST", "/v1/users", body), call("POST", "/v1/users", body)

    assert (first.status, again.status) == (201, 201)
    assert first.json["user_id"] == again.json["user_id"]
    assert opens(again.json["tokens"]["access_token"])
    assert len(stored("ACCOUNT")) == len(stored("USER")) == len(stored("PHONE")) == 1


def test_a_used_code_with_another_password_is_refused() -> None:
    body = registration()
    call("POST", "/v1/users", body)
    other = call("POST", "/v1/users", body | {"password": "another phrase entirely"})

    assert (other.status, other.code) == (422, "CODE_EXPIRED")
    assert len(stored("SESSION")) == 1


def test_a_used_code_signs_nobody_in_once_it_is_old(test_clock: TestClock) -> None:
    body = registration()
    call("POST", "/v1/users", body)
    test_clock.move(seconds=settings().code_valid_seconds)

    assert call("POST", "/v1/users", body).code == "CODE_EXPIRED"


def test_two_codes_make_one_user(test_clock: TestClock) -> None:
    first = registration()
    test_clock.move(seconds=60)
    second = registration()
    assert call("POST", "/v1/users", first).status == 201
    late = call("POST", "/v1/users", second)

    assert (late.status, late.code) == (409, "PHONE_REGISTERED")
    assert len(stored("ACCOUNT")) == 1


def test_two_requests_at_once_make_one_user_and_both_get_in() -> None:
    body = registration()
    inner: list[Answer] = []

    def let_another_in_first(attempt: Attempt) -> object:
        if attempt.operation == "TransactWriteItems" and _puts_user(attempt) and not inner:
            inner.append(Answer(0, {}, ""))
            inner[0] = call("POST", "/v1/users", body)
        return attempt.make()

    with intercepted(let_another_in_first):
        outer = call("POST", "/v1/users", body)

    assert (outer.status, inner[0].status) == (201, 201)
    assert outer.json["user_id"] == inner[0].json["user_id"]
    assert len(stored("ACCOUNT")) == 1


@pytest.mark.parametrize("fault", list(Fault))
def test_no_fault_at_any_call_makes_less_or_more_than_one_user(fault: Fault) -> None:
    for at in range(1, 30):
        phone = f"+86138000000{at:02d}"
        body = registration(phone)
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied):
            call("POST", "/v1/users", body)
        answers = [call("POST", "/v1/users", body) for _ in range(2)]

        assert [answer.status for answer in answers] == [201, 201], (fault, at, answers)
        assert {answer.json["user_id"] for answer in answers} == {guessed_user_id(phone)}
        assert opens(answers[-1].json["tokens"]["access_token"])
        assert len(stored("ACCOUNT")) == len(stored("PHONE")) == at
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")


def test_a_wrong_code_makes_nobody() -> None:
    body = registration()
    call("POST", "/v1/users", body | {"code": wrong(body["code"])})

    assert stored("USER") == stored("ACCOUNT") == stored("PHONE") == []


def test_a_weak_password_costs_no_try() -> None:
    body = registration()
    for _ in range(settings().code_tries + 1):
        weak = call("POST", "/v1/users", body | {"password": "password123"})
        assert (weak.status, weak.code) == (422, "WEAK_PASSWORD")

    assert call("POST", "/v1/users", body).status == 201


def test_the_language_of_the_request_is_kept() -> None:
    made = call("POST", "/v1/users", registration(), headers={"Accept-Language": "en"}).json

    assert call("GET", "/v1/me", token=made["tokens"]["access_token"]).json["language"] == "en"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code": "12345"}, "INVALID_FIELD"),
        ({"code": "1234567"}, "INVALID_FIELD"),
        ({"code": "１２３４５６"}, "INVALID_FIELD"),
        ({"code": 123456}, "INVALID_FIELD"),
        ({"password": "seven77"}, "INVALID_FIELD"),
        ({"password": "x" * 129}, "INVALID_FIELD"),
        ({"password": "nul\x00nul\x00nul"}, "INVALID_FIELD"),
        ({"verification_id": "v" * 65}, "INVALID_FIELD"),
        ({"device": {"id": "x" * 101}}, "INVALID_FIELD"),
        ({"device": "phone"}, "INVALID_FIELD"),
        ({"device": {"role": "admin"}}, "UNKNOWN_FIELD"),
        ({"user_id": "u_mine"}, "UNKNOWN_FIELD"),
        ({"balance": 100}, "UNKNOWN_FIELD"),
    ],
)
def test_what_is_no_registration_is_refused(changed: dict[str, object], code: str) -> None:
    answer = call("POST", "/v1/users", registration() | changed)

    assert (answer.status, answer.code) == (400, code)
    assert stored("USER") == []


def _give_up_phone(user_id: str) -> None:
    """What a change of phone does to the old one: nobody has it, and its user lives on."""
    key = user_key(user_id)
    user = read([key]).one(User, key)
    assert user is not None
    user.update(actions=[User.phone.set("+8613911111111")])
    PhoneEntry(*directory_key(PHONE)[1:]).delete()


def _puts_user(attempt: Attempt) -> bool:
    items = attempt.request["TransactItems"]
    return any(part.get("Put", {}).get("Item", {}).get("sk") == {"S": "USER"} for part in items)
