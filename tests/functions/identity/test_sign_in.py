"""POST /v1/sessions: the owner gets in, a guesser gets five tries and learns nothing."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock

import pytest
from argon2 import PasswordHasher

import functions.identity.sign_in
from functions.identity import passwords
from functions.identity.models import SignInRequest
from functions.identity.origin import Origin
from functions.identity.records import User, user_key
from shared.errors import Problem
from shared.settings import settings
from shared.table import read
from tests.clock import TestClock
from tests.edge import call
from tests.faults import Attempt, Fault, Injection, ProcessDied, intercepted, watched
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    opens,
    registration,
    sign_in,
    stored,
)
from tests.people import PASSWORD, Person, register


@pytest.fixture
def ana() -> Person:
    return register(PHONE, pay_password=False)


def test_the_right_password_opens_a_session(ana: Person) -> None:
    answer = sign_in()

    assert answer.status == 201
    assert answer.json["user_id"] == ana.user_id
    assert opens(answer.json["tokens"]["access_token"])


@pytest.mark.parametrize("spelling", ["138 0000 0001", "+86-138-0000-0001", "008613800000001"])
def test_a_phone_may_be_spelt_in_many_ways(ana: Person, spelling: str) -> None:
    assert sign_in(spelling).json["user_id"] == ana.user_id


def test_a_password_may_be_typed_composed_or_not() -> None:
    body = registration(OTHER_PHONE, password="Zoë drinks café crème")
    assert call("POST", "/v1/users", body).status == 201

    assert sign_in(OTHER_PHONE, "Zoe\u0308 drinks cafe\u0301 cre\u0300me").status == 201


@pytest.mark.usefixtures("ana")
def test_known_and_unknown_phones_are_refused_alike() -> None:
    with watched() as for_known:
        known = sign_in(PHONE, "not the password")
    with watched() as for_unknown:
        unknown = sign_in(OTHER_PHONE, "not the password")

    assert (known.status, known.code) == (401, "WRONG_CREDENTIALS")
    assert (known.status, known.json) == (unknown.status, unknown.json)
    assert _operations(for_known) == _operations(for_unknown)


def test_a_password_of_nobody_costs_the_same_hashing() -> None:
    # What Argon2 does is fixed by the parameters, which both hashes name.
    known, nobody = passwords.hash_of(PASSWORD), passwords.hash_of_nobody()
    assert known.split("$")[:4] == nobody.split("$")[:4]
    assert [len(part) for part in known.split("$")] == [len(part) for part in nobody.split("$")]
    assert not passwords.matches(PASSWORD, None)


@pytest.mark.parametrize("phone", [PHONE, OTHER_PHONE])
@pytest.mark.usefixtures("ana")
def test_five_wrong_passwords_lock_known_and_unknown_phones(phone: str) -> None:
    for _ in range(settings().sign_in_tries):
        assert sign_in(phone, "not the password").status == 401
    locked = sign_in(phone, "not the password")

    assert (locked.status, locked.code) == (423, "ACCOUNT_LOCKED")
    assert locked.json["retry_after"] == settings().sign_in_lock_seconds
    assert locked.headers["Retry-After"] == str(settings().sign_in_lock_seconds)


@pytest.mark.usefixtures("ana")
def test_a_lock_holds_against_the_right_password_and_ends(test_clock: TestClock) -> None:
    for _ in range(settings().sign_in_tries):
        sign_in(password="not the password")
    assert sign_in().code == "ACCOUNT_LOCKED"
    test_clock.move(seconds=settings().sign_in_lock_seconds - 1)
    assert sign_in().json["retry_after"] == 1
    test_clock.move(seconds=1)

    assert sign_in().status == 201


@pytest.mark.usefixtures("ana")
def test_tries_while_locked_do_not_prolong_the_lock(test_clock: TestClock) -> None:
    for _ in range(settings().sign_in_tries):
        sign_in(password="not the password")
    for _ in range(4):
        test_clock.move(seconds=settings().sign_in_lock_seconds / 4)
        last = sign_in(password="not the password")

    assert last.status == 401


@pytest.mark.usefixtures("ana")
def test_a_success_forgets_the_tries_before_it() -> None:
    for _ in range(3):
        for _ in range(settings().sign_in_tries - 1):
            sign_in(password="not the password")
        assert sign_in().status == 201


@pytest.mark.usefixtures("ana")
def test_of_fifty_guesses_at_once_five_are_compared() -> None:
    """Real threads; a lock around each call gives moto the isolation that it lacks."""
    lock = Lock()

    def alone(attempt: Attempt) -> object:
        with lock:
            return attempt.make()

    def guess(number: int) -> int:
        request = SignInRequest(phone=PHONE, password=f"not the password {number}")
        with pytest.raises(Problem) as refused:
            functions.identity.sign_in.sign_in(
                request, phone=PHONE, origin=Origin(None, "203.0.113.7", ""), language="zh"
            )
        return refused.value.status

    with intercepted(alone), ThreadPoolExecutor(50) as threads:
        statuses = list(threads.map(guess, range(50)))

    assert sorted(statuses) == [401] * 5 + [423] * 45
    assert sign_in().status == 423


@pytest.mark.usefixtures("ana")
def test_an_old_hash_is_renewed_at_sign_in() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    user = _user()
    user.update(actions=[User.password_hash.set(old)])

    assert sign_in().status == 201
    renewed = _user().password_hash
    assert f"$m={passwords.MEMORY_KIB},t={passwords.PASSES},p={passwords.LANES}$" in renewed
    assert sign_in().status == 201
    assert _user().password_hash == renewed


@pytest.mark.usefixtures("ana")
def test_a_password_that_is_changed_meanwhile_starts_no_session() -> None:
    def change_first(attempt: Attempt) -> object:
        if attempt.operation == "TransactWriteItems" and "SESSION#" in str(attempt.request):
            _user().update(actions=[User.password_hash.set("$changed")])
        return attempt.make()

    with intercepted(change_first):
        answer = sign_in()

    assert answer.status == 503
    assert len(stored("SESSION")) == 1


@pytest.mark.parametrize("fault", list(Fault))
def test_after_a_fault_at_any_call_the_owner_gets_in(ana: Person, fault: Fault) -> None:
    for at in range(1, 30):
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied):
            sign_in()
        again = sign_in()
        assert (again.status, again.json["user_id"]) == (201, ana.user_id)
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")


@pytest.mark.parametrize(
    "body",
    [
        {"phone": PHONE},
        {"phone": PHONE, "password": ""},
        {"phone": PHONE, "password": "x" * 129},
        {"phone": PHONE, "password": 12345678},
        {"phone": PHONE, "password": None},
        {"phone": "nobody", "password": PASSWORD},
        {"phone": PHONE, "password": PASSWORD, "role": "agent"},
    ],
)
def test_what_is_no_sign_in_is_refused(body: dict[str, object]) -> None:
    assert call("POST", "/v1/sessions", body).status == 400


def _user() -> User:
    (item,) = stored("USER")
    key = user_key(item["user_id"]["S"])
    user = read([key]).one(User, key)
    assert user is not None
    return user


def _operations(attempts: list[Attempt]) -> list[str]:
    return [attempt.operation for attempt in attempts]
