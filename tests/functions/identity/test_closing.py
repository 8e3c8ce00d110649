"""DELETE /v1/me: an empty account ends for good, its phone is free, at last its name is gone."""

from typing import Any

import pytest

from functions.identity.closed_accounts import go_on_with_closed
from functions.identity.contacts import phone_of
from functions.identity.directory import PhoneEntry, directory_key
from functions.identity.notices import send_waiting
from functions.identity.records import User, user_key
from functions.transfers.arrival import settle_due
from shared.errors import ServiceUnavailable
from shared.ledger.accounts import find_account, set_status
from shared.ledger.books import check_books
from shared.settings import settings
from shared.sweep import SweepIncomplete
from shared.table import read
from tests.clock import TestClock
from tests.conftest import forget_secrets
from tests.edge import Answer, call
from tests.faults import CUTS, Attempt, Fault, Injection, ProcessDied, intercepted
from tests.functions.bank_cards import bind, top_up, unused_phone
from tests.functions.identity.asking import PHONE, opens, refresh, sign_in, stored
from tests.functions.identity.second_factor import answer, recovery, totp, turn_on
from tests.functions.meanwhile import meanwhile
from tests.functions.wallet.test_cards import is_bound
from tests.functions.withdrawals.asking import withdraw
from tests.people import (
    PASSWORD,
    PAY_PASSWORD,
    Person,
    fund,
    register,
    sms_sent_to,
    transfer_body,
)
from tests.sandbox.running import TIMES_OUT_EXECUTED, RunningBank
from tests.soundness import check_sound

BO_PHONE = "+8613800000002"
PROOF = {"password": PASSWORD, "pay_password": PAY_PASSWORD}


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


@pytest.fixture
def bo() -> Person:
    return register(BO_PHONE)


def close(person: Person, **changed: Any) -> Answer:
    body = {name: value for name, value in (PROOF | changed).items() if value is not None}
    return person.call("DELETE", "/v1/me", body)


def user_of(person: Person) -> User:
    key = user_key(person.user_id)
    user = read([key]).one(User, key)
    assert user is not None
    return user


def account_status(person: Person) -> str:
    account = find_account(person.user_id)
    assert account is not None
    return str(account.status)


def phone_owner(phone: str) -> str | None:
    key = directory_key(phone)
    entry = read([key]).one(PhoneEntry, key)
    return None if entry is None else entry.user_id


def stands_untouched(person: Person) -> bool:
    """Nothing of a closing has happened."""
    return (
        account_status(person) == "active"
        and phone_owner(person.phone) == person.user_id
        and user_of(person).closed_at is None
        and opens(person.token)
    )


class TestClosing:
    def test_it_ends_every_session_at_once(self, ana: Person) -> None:
        other = ana.signed_in_again()
        answer = close(ana)

        assert (answer.status, answer.text) == (204, "")
        for person in (ana, other):
            assert not opens(person.token)
            assert refresh(person.refresh_token).status == 401
        assert stored("SESSION") == []

    def test_the_phone_is_as_unknown_as_any_other(self, ana: Person) -> None:
        close(ana)
        known, unknown = sign_in(PHONE), sign_in("+8613800000099")

        assert (known.status, known.code) == (unknown.status, unknown.code)
        assert known.status == 401

    def test_the_phone_can_begin_anew_under_another_id(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        close(ana)
        test_clock.move(seconds=settings().code_resend_seconds)
        anew = register(PHONE)

        assert anew.user_id != ana.user_id
        assert account_status(anew) == "active"
        assert account_status(ana) == "closed"
        fund(bo.user_id, 100)
        assert bo.send(anew, 100, key="1").status == 201
        assert anew.available == 100

    def test_nobody_pays_into_it_any_more(self, ana: Person, bo: Person) -> None:
        fund(bo.user_id, 100)
        close(ana)
        by_id = transfer_body({"user_id": ana.user_id}, 100)

        assert bo.send(ana, 100, key="1").code == "PAYEE_NOT_FOUND"
        assert bo.call("POST", "/v1/transfers", by_id, key="2").code == "PAYEE_NOT_FOUND"
        assert bo.available == 100

    def test_a_transfer_that_would_arrive_later_goes_back(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        fund(bo.user_id, 100)
        assert bo.send(ana, 100, key="1", arrive="in_2_hours").status == 201
        close(ana)
        test_clock.move(hours=3)
        settle_due()

        assert bo.signed_in_again().available == 100
        check_sound()

    def test_the_owner_is_told_where_one_was_reached(self, ana: Person) -> None:
        close(ana)

        assert "注销" in sms_sent_to(PHONE)[-1]

    def test_what_only_opened_the_account_is_forgotten_and_the_rest_is_kept(
        self, ana: Person
    ) -> None:
        authenticator = turn_on(ana)
        assert close(ana, second_factor=totp(authenticator.code())).status == 204

        assert _kinds_beside(ana) == {"USER", "EVENT"}
        assert "password_hash" not in stored("USER")[0]
        assert phone_of(user_of(ana)) == PHONE

    def test_its_books_stay(self, ana: Person, bo: Person) -> None:
        fund(ana.user_id, 100)
        ana.send(bo, 100, key="1")
        close(ana)

        assert [item["kind"]["S"] for item in stored("ENTRY") if _is_of(ana, item)]
        check_sound()
        assert check_books().sound


class TestProof:
    def test_without_the_password_nothing_happens(self, ana: Person) -> None:
        answer = close(ana, password="not the password")

        assert (answer.status, answer.code) == (403, "WRONG_CREDENTIALS")
        assert stands_untouched(ana)

    def test_the_pay_password_is_asked_for_where_one_was_set(self, ana: Person) -> None:
        answer = close(ana, pay_password=None)

        assert (answer.status, answer.code) == (400, "INVALID_FIELD")
        assert answer.json["field"] == "pay_password"
        assert stands_untouched(ana)

    def test_wrong_pay_passwords_count_and_lock(self, ana: Person) -> None:
        tries = settings().pay_password_tries
        answers = [close(ana, pay_password="000001") for _ in range(tries)]

        assert {answer.code for answer in answers} == {"WRONG_PAY_PASSWORD"}
        assert close(ana).status == 423
        assert stands_untouched(ana)

    def test_without_a_pay_password_the_password_is_the_full_proof(self) -> None:
        person = register(PHONE, pay_password=False)

        assert close(person, pay_password=None).status == 204

    def test_a_second_factor_takes_the_place_of_the_pay_password(self, ana: Person) -> None:
        authenticator = turn_on(ana)

        assert close(ana).code == "SECOND_FACTOR_REQUIRED"
        assert close(ana, second_factor=totp("000000")).code == "WRONG_CODE"
        assert stands_untouched(ana)
        given = recovery(authenticator.recovery_codes[0])
        assert close(ana, pay_password=None, second_factor=given).status == 204

    def test_it_takes_a_session(self, ana: Person) -> None:
        close(ana)

        assert close(ana).status == 401

    def test_a_sign_in_that_waited_for_its_second_step_opens_nothing(self, ana: Person) -> None:
        authenticator = turn_on(ana)
        other = {"device": {"id": "another device"}}
        waiting = call("POST", "/v1/sessions", {"phone": PHONE, "password": PASSWORD} | other)
        assert waiting.status == 202, waiting.text
        assert close(ana, second_factor=totp(authenticator.code())).status == 204
        later = answer(waiting.json["challenge_id"], recovery(authenticator.recovery_codes[0]))

        assert 400 <= later.status < 500
        assert stored("SESSION") == []


class TestEmptiness:
    def test_a_balance_keeps_it_open(self, ana: Person) -> None:
        fund(ana.user_id, 1)
        answer = close(ana)

        assert (answer.status, answer.code) == (409, "ACCOUNT_NOT_EMPTY")
        assert answer.json["diagnosis"] == {"available": 1, "held": 0, "top_up_pending": False}
        assert stands_untouched(ana)

    def test_money_on_hold_keeps_it_open(self, ana: Person, bo: Person) -> None:
        fund(ana.user_id, 100)
        assert ana.send(bo, 100, key="1", arrive="in_2_hours").status == 201

        assert close(ana).json["diagnosis"]["held"] == 100
        assert stands_untouched(ana)

    def test_a_withdrawal_on_its_way_keeps_it_open(self, bank: RunningBank) -> None:
        person = register(unused_phone(), funds=500)
        assert withdraw(person, bind(person, bank), 500, key="1").status == 202

        assert close(person).json["diagnosis"] == {
            "available": 0,
            "held": 500,
            "top_up_pending": False,
        }
        assert stands_untouched(person)

    def test_a_top_up_without_an_end_keeps_it_open(self, bank: RunningBank) -> None:
        person = register(unused_phone())
        card_id = bind(person, bank, TIMES_OUT_EXECUTED)
        assert top_up(person, card_id, 500, key="1").status == 202

        assert close(person).json["diagnosis"]["top_up_pending"] is True
        assert stands_untouched(person)

    def test_money_that_comes_meanwhile_is_not_lost(self, ana: Person) -> None:
        with meanwhile(lambda: fund(ana.user_id, 100), at=_the_closing):
            first = close(ana)

        assert first.status == 503
        assert close(ana).code == "ACCOUNT_NOT_EMPTY"
        assert stands_untouched(ana)
        check_sound()

    def test_a_frozen_account_stays(self, ana: Person) -> None:
        set_status(ana.user_id, "frozen")

        assert close(ana).code == "ACCOUNT_FROZEN"
        assert opens(ana.token)

    def test_a_session_that_starts_meanwhile_ends_too(self, ana: Person) -> None:
        with meanwhile(sign_in, at=_the_closing) as intruder:
            assert close(ana).status == 204

        assert intruder[0].status == 201
        assert not opens(intruder[0].json["tokens"]["access_token"])
        assert stored("SESSION") == []


class TestCards:
    def test_they_are_given_back_to_their_banks(self, bank: RunningBank) -> None:
        person = register(unused_phone())
        bind(person, bank)
        [card] = stored("CARD#")
        token = card["card_token"]["S"]
        assert is_bound(token)
        assert close(person).status == 204

        assert stored("CARD#") == []
        assert not is_bound(token)

    def test_a_bank_that_is_away_keeps_nobody_and_is_told_by_schedule(
        self, bank: RunningBank, test_clock: TestClock
    ) -> None:
        person = register(unused_phone())
        bind(person, bank)
        bank.plan_fault("unavailable", times=50)
        assert close(person).status == 204
        assert len(stored("CARD#")) == 1

        with pytest.raises(SweepIncomplete):
            go_on_with_closed()
        bank.operator("DELETE", "/faults")
        test_clock.move(minutes=5)
        assert go_on_with_closed() == 1
        assert stored("CARD#") == []


class TestAnonymising:
    def test_the_name_goes_when_the_law_lets_it_and_not_before(
        self, ana: Person, bo: Person, test_clock: TestClock
    ) -> None:
        fund(ana.user_id, 100)
        ana.send(bo, 100, key="1")
        close(ana)
        assert go_on_with_closed() == 1
        test_clock.move(seconds=settings().legal_keeping_seconds - 1)
        assert go_on_with_closed() == 0
        assert phone_of(user_of(ana)) == PHONE

        test_clock.move(seconds=1)
        assert go_on_with_closed() == 1
        assert _named(ana) == []
        assert go_on_with_closed() == 0
        assert [item["kind"]["S"] for item in stored("ENTRY") if _is_of(ana, item)]
        check_sound()

    def test_whoever_has_the_phone_now_is_left_alone(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        close(ana)
        test_clock.move(seconds=settings().code_resend_seconds)
        anew = register(PHONE)
        test_clock.move(seconds=settings().legal_keeping_seconds)
        go_on_with_closed()
        go_on_with_closed()

        assert _named(ana) == []
        assert phone_owner(PHONE) == anew.user_id
        assert phone_of(user_of(anew)) == PHONE

    @pytest.mark.parametrize("fault", CUTS)
    def test_a_fault_at_any_call_only_puts_it_off(
        self, fault: Fault, test_clock: TestClock
    ) -> None:
        for at in range(1, 60):
            person = register(f"+86138000000{at:02d}")
            close(person)
            test_clock.move(seconds=settings().legal_keeping_seconds)
            injection = Injection(fault, at)
            with intercepted(injection.answer):
                try:
                    go_on_with_closed()
                except (ProcessDied, SweepIncomplete, ServiceUnavailable):
                    forget_secrets()
            test_clock.move(minutes=5)
            go_on_with_closed()

            assert _named(person) == [], (fault, at)
            if not injection.befell:
                return
        pytest.fail("there is no end of calls")


@pytest.mark.parametrize("fault", CUTS)
def test_after_a_fault_at_any_call_it_is_closed_whole_or_not_at_all(
    fault: Fault, test_clock: TestClock
) -> None:
    for at in range(1, 60):
        person = register(f"+86138000000{at:02d}")
        injection = Injection(fault, at)
        with intercepted(injection.answer):
            try:
                close(person)
            except ProcessDied:
                forget_secrets()
        is_closed = account_status(person) == "closed"
        assert is_closed != stands_untouched(person), (fault, at)
        assert close(person).status == (401 if is_closed else 204), (fault, at)
        go_on_with_closed()
        assert phone_owner(person.phone) is None
        assert account_status(person) == "closed"
        test_clock.move(seconds=settings().notice_wait_seconds)
        send_waiting()
        assert "已注销" in str(sms_sent_to(person.phone)), (fault, at)
        assert _kinds_beside(person) <= {"USER", "EVENT"}
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")


def _the_closing(attempt: Attempt) -> bool:
    return "closed_at" in str(attempt.request)


def _is_of(person: Person, item: dict[str, Any]) -> bool:
    return person.user_id in item["pk"]["S"]


def _kinds_beside(person: Person) -> set[str]:
    """What kinds of records stand with the user."""
    return {
        item["sk"]["S"].partition("#")[0]
        for item in stored()
        if item["pk"]["S"] == f"USER#{person.user_id}"
    }


def _named(person: Person) -> list[str]:
    """Where something still says whose the account was, and that it could be signed in to."""
    personal = {"phone", "email", "label", "last_country", "address", "device", "password_hash"}
    return [
        f"{item['pk']['S']} {item['sk']['S']} {sorted(item.keys() & personal)}"
        for item in stored()
        if _is_of(person, item)
        and (item.keys() & personal or not item["sk"]["S"].startswith(_LEFT_IN_THE_END))
    ]


_LEFT_IN_THE_END = ("USER", "ACCOUNT", "ENTRY#")
