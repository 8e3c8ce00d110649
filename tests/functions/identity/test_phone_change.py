"""PUT /v1/me/phone: the account moves as a whole, for whoever proves both phones and oneself."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.ledger.accounts import find_account
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import CUTS, Attempt, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    ask_code,
    opens,
    sign_in,
    stored,
    wrong,
)
from tests.functions.identity.second_factor import totp, turn_on
from tests.people import PASSWORD, Person, code_in_last_sms, register, sms_sent_to

NEW_PHONE = "+8613900000009"


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    person = register(PHONE, funds=100_000)
    test_clock.move(seconds=settings().code_resend_seconds)
    return person


@pytest.fixture
def bo(test_clock: TestClock) -> Person:
    person = register(OTHER_PHONE)
    test_clock.move(seconds=settings().code_resend_seconds)
    return person


def leaving_code(person: Person) -> dict[str, str]:
    sent = person.call("POST", "/v1/me/phone/codes")
    assert sent.status == 202, sent.text
    return {
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(person.phone),
    }


def wish(person: Person, phone: str = NEW_PHONE, **changed: Any) -> dict[str, Any]:
    """The body of a change, with both codes that were just sent."""
    sent = ask_code(phone, "change_phone")
    assert sent.status == 202, sent.text
    return {
        "phone": phone,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(phone),
        "password": PASSWORD,
        "old_phone": leaving_code(person),
    } | changed


def change(person: Person, body: dict[str, Any]) -> Answer:
    return person.call("PUT", "/v1/me/phone", body)


def test_the_new_phone_opens_the_account_and_the_old_one_no_more(ana: Person) -> None:
    answer = change(ana, wish(ana))

    assert (answer.status, answer.text) == (204, "")
    assert sign_in(NEW_PHONE).json["user_id"] == ana.user_id
    assert sign_in(PHONE).status == 401


def test_money_finds_the_new_phone(ana: Person, bo: Person) -> None:
    change(ana, wish(ana))

    assert ana.send(bo, 100, key="a").status == 201
    bo_sends = bo.send(replace(ana, phone=NEW_PHONE), 100, key="b")
    assert bo_sends.status == 201
    assert bo_sends.json["payee"] == {"user_id": ana.user_id, "name": "+86139****0009"}
    assert bo.send(ana, 1, key="c").code == "PAYEE_NOT_FOUND"


def test_the_profile_shows_the_new_phone(ana: Person) -> None:
    change(ana, wish(ana))

    assert ana.call("GET", "/v1/me").json["phone"] == "+86139****0009"


def test_other_sessions_end(ana: Person) -> None:
    other = ana.signed_in_again()
    change(ana, wish(ana))

    assert opens(ana.token)
    assert not opens(other.token)


def test_the_old_phone_is_told(ana: Person) -> None:
    change(ana, wish(ana))

    assert "+86139****0009" in sms_sent_to(PHONE)[-1]


def test_the_old_phone_can_begin_anew(ana: Person, test_clock: TestClock) -> None:
    change(ana, wish(ana))
    test_clock.move(seconds=settings().code_resend_seconds)
    somebody = register(PHONE)

    assert somebody.user_id != ana.user_id
    assert sign_in(PHONE).json["user_id"] == somebody.user_id
    assert sign_in(NEW_PHONE).json["user_id"] == ana.user_id


def test_the_account_can_move_back(ana: Person, test_clock: TestClock) -> None:
    change(ana, wish(ana))
    test_clock.move(hours=24)
    moved = replace(ana, phone=NEW_PHONE).signed_in_again()

    assert change(moved, wish(moved, PHONE)).status == 204
    assert sign_in(PHONE).json["user_id"] == ana.user_id


def test_it_takes_the_password(ana: Person) -> None:
    answer = change(ana, wish(ana, password="not the password"))

    assert (answer.status, answer.code) == (403, "WRONG_CREDENTIALS")
    assert sign_in(PHONE).status == 201


def test_mistyped_codes_are_no_wrong_passwords(ana: Person) -> None:
    body = wish(ana)
    for _ in range(settings().code_tries):
        assert change(ana, body | {"code": wrong(body["code"])}).code == "WRONG_CODE"
    assert change(ana, body).code == "CODE_EXPIRED"

    assert sign_in(PHONE).status == 201


def test_the_same_request_twice_at_once_moves_the_account_once(ana: Person) -> None:
    body = wish(ana)
    other: list[Answer] = []

    def let_the_other_first(attempt: Attempt) -> object:
        if "phone_changed" in str(attempt.request) and not other:
            other.append(Answer(0, {}, ""))
            other[0] = change(ana, body)
        return attempt.make()

    with intercepted(let_the_other_first):
        answer = change(ana, body)

    assert (other[0].status, answer.status) == (204, 503)
    assert change(ana, body).status == 204
    assert sign_in(NEW_PHONE).json["user_id"] == ana.user_id


def test_it_takes_a_code_to_the_new_phone(ana: Person) -> None:
    body = wish(ana)

    assert change(ana, body | {"code": wrong(body["code"])}).code == "WRONG_CODE"
    assert sign_in(PHONE).status == 201


def test_it_takes_proof_of_the_old_phone(ana: Person) -> None:
    body = wish(ana)
    code = body["old_phone"]["code"]
    wrong_code = body["old_phone"] | {"code": wrong(code)}

    assert change(ana, body | {"old_phone": None}).code == "OLD_PHONE_UNPROVEN"
    assert change(ana, body | {"old_phone": wrong_code}).code == "WRONG_CODE"
    assert sign_in(PHONE).status == 201
    assert change(ana, body).status == 204


def test_a_second_factor_that_nobody_set_up_is_no_proof(ana: Person) -> None:
    factor = {"method": "totp", "code": "123456"}
    body = wish(ana, old_phone=None, second_factor=factor)

    assert change(ana, body).code == "OLD_PHONE_UNPROVEN"


def test_where_two_factor_is_on_the_code_to_the_old_phone_does_not_do(ana: Person) -> None:
    authenticator = turn_on(ana)
    body = wish(ana)
    assert change(ana, body).code == "SECOND_FACTOR_REQUIRED"
    factor = totp(authenticator.code())

    assert change(ana, body | {"old_phone": None, "second_factor": factor}).status == 204
    assert sign_in(PHONE).status == 401


def test_the_code_of_one_phone_does_not_stand_for_the_other(ana: Person) -> None:
    body = wish(ana)
    new = {name: body[name] for name in ("verification_id", "code")}

    assert change(ana, body | {"old_phone": new}).code == "CODE_EXPIRED"
    assert change(ana, body | body["old_phone"]).code == "CODE_EXPIRED"
    assert sign_in(PHONE).status == 201


def test_a_phone_that_was_taken_meanwhile_is_refused_after_the_proof(
    ana: Person, test_clock: TestClock
) -> None:
    body = wish(ana)
    test_clock.move(seconds=settings().code_resend_seconds)
    somebody = register(NEW_PHONE)
    answer = change(ana, body)

    assert (answer.status, answer.code) == (409, "PHONE_REGISTERED")
    assert sign_in(NEW_PHONE).json["user_id"] == somebody.user_id
    assert sign_in(PHONE).json["user_id"] == ana.user_id
    assert opens(ana.token)


def test_without_proof_nobody_learns_that_a_phone_is_taken(ana: Person, bo: Person) -> None:
    taken = wish_unproven(ana, OTHER_PHONE)
    free = wish_unproven(ana, NEW_PHONE)

    refusals = [change(ana, body) for body in (taken, free)]
    assert [answer.code for answer in refusals] == ["WRONG_CODE", "WRONG_CODE"]
    assert refusals[0].json == refusals[1].json
    assert opens(bo.token)


def wish_unproven(person: Person, phone: str) -> dict[str, Any]:
    """With a code that is wrong, but for one chance in a million."""
    sent = ask_code(phone, "change_phone")
    return {
        "phone": phone,
        "verification_id": sent.json["verification_id"],
        "code": "000000",
        "password": PASSWORD,
        "old_phone": {"verification_id": "v_x", "code": "000000"},
    }


def test_of_two_accounts_that_want_one_phone_one_gets_it(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    hers = wish(ana)
    test_clock.move(seconds=settings().code_resend_seconds)
    his = wish(bo)
    his_answer: list[Answer] = []

    def let_him_first(attempt: Attempt) -> object:
        moving = attempt.operation == "TransactWriteItems" and "phone_changed" in str(
            attempt.request
        )
        if moving and not his_answer:
            his_answer.append(Answer(0, {}, ""))
            his_answer[0] = change(bo, his)
        return attempt.make()

    with intercepted(let_him_first):
        answer = change(ana, hers)

    assert (his_answer[0].status, answer.code) == (204, "PHONE_REGISTERED")
    assert sign_in(NEW_PHONE).json["user_id"] == bo.user_id
    assert sign_in(PHONE).json["user_id"] == ana.user_id


def test_a_session_that_starts_meanwhile_ends_too(ana: Person) -> None:
    body = wish(ana)
    intruder: list[str] = []

    def let_intruder_in_first(attempt: Attempt) -> object:
        if "phone_changed" in str(attempt.request) and not intruder:
            intruder.append("")
            intruder[0] = sign_in().json["tokens"]["access_token"]
        return attempt.make()

    with intercepted(let_intruder_in_first):
        answer = change(ana, body)

    assert answer.status == 204
    assert not opens(intruder[0])


def test_the_same_again_is_a_success_and_changes_nothing(ana: Person) -> None:
    body = wish(ana)
    change(ana, body)
    told = len(sms_sent_to(PHONE))

    assert change(ana, body).status == 204
    assert len(sms_sent_to(PHONE)) == told


def test_the_label_of_the_account_moves_along(ana: Person) -> None:
    change(ana, wish(ana))
    account = find_account(ana.user_id)

    assert account is not None
    assert account.label == "+86139****0009"
    assert len(stored("PHONE")) == 1


@pytest.mark.parametrize("fault", CUTS)
def test_after_a_fault_at_any_call_one_phone_opens_the_account(
    ana: Person, fault: Fault, test_clock: TestClock
) -> None:
    for at in range(1, 40):
        test_clock.move(hours=24)
        ana = ana.signed_in_again()
        new = f"+861390000{at:04d}"
        body = wish(ana, new)
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied):
            change(ana, body)
        moved = sign_in(new).status == 201
        assert moved != (sign_in(ana.phone).status == 201)
        if not moved:
            test_clock.move(seconds=settings().code_resend_seconds)
            ana = ana.signed_in_again()
            assert change(ana, wish(ana, new)).status == 204
        ana = replace(ana, phone=new)
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/me/phone"), ("POST", "/v1/me/phone/codes")]
)
def test_it_takes_a_session(method: str, path: str) -> None:
    assert call(method, path).status == 401
