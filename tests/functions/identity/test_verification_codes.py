"""POST /v1/verification-codes: a code goes to whoever holds the phone, and tells nobody else."""

from contextlib import suppress

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import call
from tests.faults import Attempt, Fault, Injection, ProcessDied, intercepted, watched
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    ask_code,
    registration,
    stored,
    wrong,
)
from tests.people import code_in_last_sms, register, sms_sent_to

PURPOSES = ["register", "sign_in", "reset_password", "change_phone", "unlock"]
FOR_USERS = ["sign_in", "reset_password", "unlock"]
FOR_NEW_PHONES = ["register", "change_phone"]


@pytest.fixture
def known(test_clock: TestClock) -> str:
    """A phone that somebody registered, and that may be sent the next message."""
    register(PHONE, pay_password=False)
    test_clock.move(seconds=settings().code_resend_seconds)
    return PHONE


def test_a_code_of_six_digits_is_sent() -> None:
    answer = ask_code()

    assert answer.status == 202, answer.text
    assert answer.json == {
        "verification_id": answer.json["verification_id"],
        "expires_in": 300,
        "resend_after": 60,
    }
    assert len(code_in_last_sms(PHONE)) == 6


@pytest.mark.parametrize(
    ("accept", "words"), [(None, "验证码"), ("zh-CN", "验证码"), ("en-GB,en;q=0.9", "is your code")]
)
def test_the_message_is_in_the_language_of_the_request(accept: str | None, words: str) -> None:
    ask_code(headers={"Accept-Language": accept} if accept else {})

    assert words in sms_sent_to(PHONE)[-1]


def test_the_message_is_transactional_and_names_its_sender() -> None:
    with watched() as attempts:
        ask_code()

    (published,) = [attempt.request for attempt in attempts if attempt.operation == "Publish"]
    sent = str(published)
    assert "AWS.SNS.SMS.SMSType" in sent
    assert "Transactional" in sent
    assert settings().sms_sender_id in sent


@pytest.mark.parametrize("purpose", PURPOSES)
def test_known_and_unknown_phones_are_answered_alike(known: str, purpose: str) -> None:
    with watched() as for_known:
        one = ask_code(known, purpose)
    with watched() as for_unknown:
        other = ask_code(OTHER_PHONE, purpose)

    assert one.status == other.status == 202
    assert one.json.keys() == other.json.keys()
    assert _shape(for_known) == _shape(for_unknown)
    assert len(sms_sent_to(OTHER_PHONE)) == 1


@pytest.mark.parametrize("purpose", FOR_USERS)
def test_only_a_known_phone_gets_a_code_for_users(known: str, purpose: str) -> None:
    ask_code(known, purpose)
    ask_code(OTHER_PHONE, purpose)

    assert code_in_last_sms(known)
    assert "还没有账户" in sms_sent_to(OTHER_PHONE)[-1]
    assert not any(character.isdigit() for character in sms_sent_to(OTHER_PHONE)[-1])


@pytest.mark.parametrize("purpose", FOR_NEW_PHONES)
def test_only_an_unknown_phone_gets_a_code_for_new_phones(known: str, purpose: str) -> None:
    ask_code(known, purpose)
    ask_code(OTHER_PHONE, purpose)

    assert code_in_last_sms(OTHER_PHONE)
    assert "已有账户" in sms_sent_to(known)[-1]
    assert not any(character.isdigit() for character in sms_sent_to(known)[-1])


def test_a_second_code_must_wait(test_clock: TestClock) -> None:
    ask_code()
    test_clock.move(seconds=59)
    early = ask_code()
    for_another_purpose = ask_code(purpose="sign_in")
    test_clock.move(seconds=1)

    assert (early.status, early.code) == (429, "TOO_MANY_REQUESTS")
    assert early.headers["Retry-After"] == "1"
    assert for_another_purpose.status == 202
    assert ask_code().status == 202
    assert len(sms_sent_to(PHONE)) == 3


def test_a_phone_gets_only_so_many_codes_a_day(test_clock: TestClock) -> None:
    for _ in range(settings().codes_per_phone_per_day):
        assert ask_code().status == 202
        test_clock.move(seconds=60)
    refused = ask_code()
    test_clock.move(seconds=refused.json["retry_after"])

    assert refused.code == "TOO_MANY_REQUESTS"
    assert len(sms_sent_to(PHONE)) == settings().codes_per_phone_per_day
    assert ask_code().status == 202


def test_an_address_gets_only_so_many_codes_an_hour(test_clock: TestClock) -> None:
    phones = [f"+86138000{number:05d}" for number in range(settings().codes_per_address_per_hour)]
    for phone in phones:
        assert ask_code(phone).status == 202
    refused = ask_code("+8613900000001")

    assert refused.code == "TOO_MANY_REQUESTS"
    assert ask_code("+8613900000001", address="203.0.113.8").status == 202
    test_clock.move(seconds=refused.json["retry_after"])
    assert ask_code("+8613900000002").status == 202


def test_an_ipv6_customer_is_one_address() -> None:
    for number in range(settings().codes_per_address_per_hour):
        ask_code(f"+86138000{number:05d}", address=f"2001:db8:1:2::{number:x}")

    assert ask_code("+8613900000001", address="2001:db8:1:2:ffff::1").status == 429
    assert ask_code("+8613900000001", address="2001:db8:1:3::1").status == 202


def test_what_sns_refuses_counts_as_not_sent() -> None:
    def without_sns(attempt: Attempt) -> object:
        if attempt.operation == "Publish":
            return Fault.UNREACHABLE.befall(attempt)
        return attempt.make()

    with intercepted(without_sns):
        refused = ask_code()

    assert (refused.status, refused.code) == (503, "SERVICE_UNAVAILABLE")
    assert stored("VERIFICATION") == []
    assert ask_code().status == 202
    assert len(sms_sent_to(PHONE)) == 1


@pytest.mark.parametrize("fault", [Fault.DIES_BEFORE, Fault.DIES_AFTER])
def test_a_death_at_any_call_leaves_a_phone_that_can_ask_again(
    fault: Fault, test_clock: TestClock
) -> None:
    for at in range(1, 20):
        phone = f"+86138000000{at:02d}"
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied):
            ask_code(phone)
        test_clock.move(seconds=60)
        assert registration(phone)
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")


def test_what_is_stored_names_neither_phone_nor_code() -> None:
    ask_code()

    everything = str(stored())
    assert PHONE.removeprefix("+86") not in everything
    assert code_in_last_sms(PHONE) not in everything


@pytest.mark.parametrize(
    "body",
    [
        {"phone": PHONE},
        {"purpose": "register"},
        {"phone": PHONE, "purpose": "party"},
        {"phone": "12345", "purpose": "register"},
        {"phone": "9" * 41, "purpose": "register"},
        {"phone": 8613800000001, "purpose": "register"},
        {"phone": PHONE, "purpose": "register", "code": "123456"},
    ],
)
def test_what_is_no_request_for_a_code_sends_nothing(body: dict[str, object]) -> None:
    with watched() as attempts:
        assert call("POST", "/v1/verification-codes", body).status == 400

    assert attempts == []


class TestProving:
    """What a code is good for, seen through the registration that takes it."""

    def test_five_tries_end_a_code(self) -> None:
        body = registration()
        guess = body | {"code": wrong(body["code"])}
        left = []
        for _ in range(settings().code_tries):
            answer = call("POST", "/v1/users", guess)
            assert (answer.status, answer.code) == (422, "WRONG_CODE")
            left.append(answer.json["detail"])

        assert "4" in left[0]
        assert "0" in left[-1]
        assert call("POST", "/v1/users", body).code == "CODE_EXPIRED"

    def test_a_new_code_brings_no_new_tries(self, test_clock: TestClock) -> None:
        tries = settings().code_failures_per_day
        for _ in range(tries // settings().code_tries):
            body = registration()
            for _ in range(settings().code_tries):
                call("POST", "/v1/users", body | {"code": wrong(body["code"])})
            test_clock.move(seconds=60)
        refused = call("POST", "/v1/users", registration())
        test_clock.move(seconds=refused.json["retry_after"])

        assert refused.code == "TOO_MANY_REQUESTS"
        assert call("POST", "/v1/users", registration()).status == 201

    def test_a_code_ends_after_five_minutes(self, test_clock: TestClock) -> None:
        body = registration()
        test_clock.move(seconds=settings().code_valid_seconds)

        assert call("POST", "/v1/users", body).code == "CODE_EXPIRED"

    def test_a_code_is_good_until_then(self, test_clock: TestClock) -> None:
        body = registration()
        test_clock.move(seconds=settings().code_valid_seconds - 1)

        assert call("POST", "/v1/users", body).status == 201

    def test_a_code_is_bound_to_its_phone(self) -> None:
        body = registration(PHONE)
        assert call("POST", "/v1/users", body | {"phone": OTHER_PHONE}).code == "CODE_EXPIRED"

    def test_a_code_is_bound_to_its_request(self) -> None:
        one, other = registration(PHONE), registration(OTHER_PHONE)
        swapped = one | {"verification_id": other["verification_id"]}
        assert call("POST", "/v1/users", swapped).code == "CODE_EXPIRED"

    def test_a_code_is_bound_to_its_purpose(self) -> None:
        sent = ask_code(PHONE, "change_phone").json["verification_id"]
        body = {"phone": PHONE, "verification_id": sent, "code": code_in_last_sms(PHONE)}
        body["password"] = "correct horse battery 42"
        assert call("POST", "/v1/users", body).code == "CODE_EXPIRED"

    def test_a_code_that_never_was_is_refused_like_an_old_one(self) -> None:
        body = registration() | {"verification_id": "v_nothing"}
        assert call("POST", "/v1/users", body).code == "CODE_EXPIRED"


def _shape(attempts: list[Attempt]) -> list[tuple[str, int]]:
    """The calls, and how many parts each has."""
    return [(attempt.operation, str(attempt.request).count("TableName")) for attempt in attempts]
