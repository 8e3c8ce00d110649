"""The pay password: set with the sign-in password, five guesses, and a lock of payments."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from functions.identity.pay_password import (
    PayPasswordLocked,
    PayPasswordNotSet,
    WrongPayPassword,
    authorize,
)
from shared.errors import Problem, ServiceUnavailable
from shared.ledger.accounts import find_account
from shared.ledger.records import Account
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Attempt, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import PHONE, stored
from tests.people import PASSWORD, PAY_PASSWORD, Person, register

WRONG = "111222"


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


def set_to(person: Person, pay_password: object, password: str = PASSWORD) -> Answer:
    body = {"password": password, "pay_password": pay_password}
    return person.call("PUT", "/v1/me/pay-password", body)


def account_of(person: Person) -> Account:
    account = find_account(person.user_id)
    assert account is not None
    return account


def outcome(person: Person, pay_password: str) -> type[Problem] | None:
    """What the ledger is told when somebody wants to spend; None when they may."""
    try:
        authorize(pay_password)(account_of(person))
    except Problem as problem:
        return type(problem)
    return None


class TestSetting:
    def test_the_owner_may_spend_with_it(self) -> None:
        person = register(PHONE, pay_password=False)
        assert outcome(person, PAY_PASSWORD) is PayPasswordNotSet
        answer = set_to(person, PAY_PASSWORD)

        assert (answer.status, answer.text) == (204, "")
        assert outcome(person, PAY_PASSWORD) is None
        assert outcome(person, WRONG) is WrongPayPassword

    def test_a_new_one_takes_the_place_of_the_old(self, ana: Person) -> None:
        set_to(ana, "314159")

        assert outcome(ana, PAY_PASSWORD) is WrongPayPassword
        assert outcome(ana, "314159") is None

    def test_it_needs_the_sign_in_password(self, ana: Person) -> None:
        answer = set_to(ana, "314159", password="not the password")

        assert (answer.status, answer.code) == (403, "WRONG_CREDENTIALS")
        assert outcome(ana, PAY_PASSWORD) is None

    def test_wrong_sign_in_passwords_lock_the_session_as_they_lock_a_sign_in(
        self, ana: Person
    ) -> None:
        for _ in range(settings().sign_in_tries):
            assert set_to(ana, "314159", password="not the password").status == 403

        assert set_to(ana, "314159").code == "ACCOUNT_LOCKED"
        assert set_to(ana.signed_in_again(), "314159").status == 204

    @pytest.mark.parametrize("trivial", ["000000", "555555", "123456", "654321"])
    def test_a_trivial_one_is_refused(self, ana: Person, trivial: str) -> None:
        answer = set_to(ana, trivial)

        assert (answer.status, answer.code) == (422, "WEAK_PAY_PASSWORD")
        assert answer.json["field"] == "pay_password"
        assert outcome(ana, PAY_PASSWORD) is None

    @pytest.mark.parametrize(
        "bad", ["12345", "1234567", "12345a", "１２３４５６", " 80251", "80251\n", 802517, None, ""]
    )
    def test_six_digits_are_six_digits(self, ana: Person, bad: object) -> None:
        answer = set_to(ana, bad)

        assert (answer.status, answer.code) == (400, "INVALID_FIELD")

    def test_setting_it_again_ends_a_lock(self, ana: Person) -> None:
        for _ in range(settings().pay_password_tries):
            outcome(ana, WRONG)
        assert outcome(ana, PAY_PASSWORD) is PayPasswordLocked
        set_to(ana, "314159")

        assert outcome(ana, "314159") is None

    def test_a_guess_that_lands_meanwhile_does_not_hinder_it(self, ana: Person) -> None:
        landed = once_before("TransactWriteItems", lambda: outcome(ana, WRONG), of="proof")
        with intercepted(landed):
            answer = set_to(ana, "314159")

        assert answer.status == 204
        assert outcome(ana, "314159") is None

    def test_the_same_digits_look_different_for_two_users(self, ana: Person) -> None:
        bo = register("+8613800000002")
        assert account_of(ana).proof != account_of(bo).proof

    def test_it_is_stored_nowhere_in_clear(self) -> None:
        set_to(register("+8613911111111"), "802517")
        assert all("802517" not in str(item) for item in stored())

    @pytest.mark.parametrize("fault", list(Fault))
    def test_after_a_fault_at_any_call_it_can_be_set(self, ana: Person, fault: Fault) -> None:
        for at in range(1, 30):
            new = f"80252{at % 10}"
            injection = Injection(fault, at)
            with intercepted(injection.answer), suppress(ProcessDied):
                set_to(ana, new)
            assert set_to(ana, new).status == 204
            assert outcome(ana, new) is None
            if not injection.befell:
                return
        pytest.fail("there is no end of calls")


class TestAuthorizing:
    def test_each_wrong_guess_says_how_many_are_left(self, ana: Person) -> None:
        left = []
        for _ in range(settings().pay_password_tries):
            with pytest.raises(WrongPayPassword) as refused:
                authorize(WRONG)(account_of(ana))
            left.append(refused.value.values["tries_left"])

        assert left == [4, 3, 2, 1, 0]

    def test_five_wrong_ones_lock_payments_for_a_while(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        for _ in range(settings().pay_password_tries):
            outcome(ana, WRONG)
        with pytest.raises(PayPasswordLocked) as locked:
            authorize(PAY_PASSWORD)(account_of(ana))
        assert locked.value.retry_after == settings().pay_password_lock_seconds
        test_clock.move(seconds=settings().pay_password_lock_seconds - 1)
        assert outcome(ana, PAY_PASSWORD) is PayPasswordLocked
        test_clock.move(seconds=1)

        assert outcome(ana, PAY_PASSWORD) is None

    def test_after_a_lock_there_are_five_new_guesses(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        for _ in range(settings().pay_password_tries):
            outcome(ana, WRONG)
        test_clock.move(seconds=settings().pay_password_lock_seconds)
        again = [outcome(ana, WRONG) for _ in range(settings().pay_password_tries + 1)]

        assert again == [WrongPayPassword] * settings().pay_password_tries + [PayPasswordLocked]

    def test_guessing_while_locked_does_not_prolong_the_lock(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        for _ in range(settings().pay_password_tries):
            outcome(ana, WRONG)
        for _ in range(4):
            test_clock.move(seconds=settings().pay_password_lock_seconds / 4)
            last = outcome(ana, WRONG)

        assert last is WrongPayPassword

    def test_of_fifty_guesses_on_the_same_state_five_count(self, ana: Person) -> None:
        as_read = account_of(ana)
        outcomes = []
        for number in range(50):
            guess = PAY_PASSWORD if number == 49 else WRONG
            with pytest.raises(Problem) as refused:
                authorize(guess)(as_read if number < 49 else account_of(ana))
            outcomes.append(type(refused.value))

        assert outcomes == [WrongPayPassword] * 5 + [PayPasswordLocked] * 45
        assert account_of(ana).proof_failures == 5

    def test_a_wrong_guess_that_comes_second_counts_from_where_the_first_left(
        self, ana: Person
    ) -> None:
        with intercepted(once_before("TransactWriteItems", lambda: outcome(ana, WRONG))):
            assert outcome(ana, WRONG) is WrongPayPassword

        assert account_of(ana).proof_failures == 2

    def test_a_guess_that_cannot_be_counted_is_not_answered(self, ana: Person) -> None:
        def busy(attempt: Attempt) -> object:
            if attempt.operation == "TransactWriteItems":
                return Fault.THROTTLED.befall(attempt)
            return attempt.make()

        with intercepted(busy):
            assert outcome(ana, WRONG) is ServiceUnavailable


def once_before(
    operation: str, act: Callable[[], object], *, of: str = ""
) -> Callable[[Attempt], object]:
    """Lets `act` happen right before the first call of `operation` that has to do with `of`."""
    done: list[bool] = []

    def answer(attempt: Attempt) -> object:
        if attempt.operation == operation and of in str(attempt.request) and not done:
            done.append(True)
            act()
        return attempt.make()

    return answer


def test_it_takes_a_session_to_set_one() -> None:
    body = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
    assert call("PUT", "/v1/me/pay-password", body).status == 401
