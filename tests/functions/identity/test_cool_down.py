"""The day after a change of what protects an account: small amounts go, large ones wait."""

from collections.abc import Callable

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Attempt, intercepted
from tests.functions.identity.asking import OTHER_PHONE, PHONE, ask_code
from tests.people import PASSWORD, PAY_PASSWORD, Person, code_in_last_sms, register

SMALL = settings().unguarded_day_limit_minor
NEW_PASSWORD = "another quite long phrase"


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    person = register(PHONE, funds=10 * SMALL)
    test_clock.move(seconds=settings().code_resend_seconds)
    return person


@pytest.fixture
def bo() -> Person:
    return register(OTHER_PHONE)


def change_password(person: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert person.call("PUT", "/v1/me/password", body).status == 204


def change_pay_password(person: Person) -> None:
    for pay_password in ("908172", PAY_PASSWORD):
        body = {"password": PASSWORD, "pay_password": pay_password}
        assert person.call("PUT", "/v1/me/pay-password", body).status == 204


def cool_down_of(person: Person) -> object:
    return person.call("GET", "/v1/me").json["cool_down_until"]


def send(payer: Person, payee: Person, amount: int, key: str) -> Answer:
    return payer.send(payee, amount, key=key)


@pytest.mark.parametrize("change", [change_password, change_pay_password])
def test_in_it_no_more_than_a_small_amount_a_day_is_sent(
    ana: Person, bo: Person, change: Callable[[Person], None]
) -> None:
    change(ana)

    refused = send(ana, bo, SMALL + 1, "a")
    assert (refused.status, refused.code) == (403, "COOL_DOWN")
    assert refused.json["diagnosis"]["until"] == cool_down_of(ana)
    assert send(ana, bo, SMALL - 1, "b").status == 201
    assert send(ana, bo, 2, "c").code == "COOL_DOWN"
    assert send(ana, bo, 1, "d").status == 201
    assert bo.available == SMALL


def test_a_delayed_transfer_is_no_way_round(ana: Person, bo: Person) -> None:
    change_password(ana)

    assert ana.send(bo, SMALL + 1, key="a", arrive="next_day").code == "COOL_DOWN"


def test_what_was_sent_today_before_the_change_counts(ana: Person, bo: Person) -> None:
    send(ana, bo, SMALL, "a")
    change_password(ana)

    assert send(ana, bo, 1, "b").code == "COOL_DOWN"


def test_it_ends_after_a_day(ana: Person, bo: Person, test_clock: TestClock) -> None:
    change_pay_password(ana)
    test_clock.move(seconds=settings().cool_down_seconds - 1)
    assert send(ana.signed_in_again(), bo, SMALL + 1, "a").code == "COOL_DOWN"
    test_clock.move(seconds=1)
    answer = send(ana.signed_in_again(), bo, SMALL + 1, "a")

    assert answer.code != "COOL_DOWN"
    assert cool_down_of(ana.signed_in_again()) is None


def test_a_refusal_is_not_remembered_and_a_success_is(ana: Person, bo: Person) -> None:
    sent = send(ana, bo, SMALL, "a")
    change_password(ana)
    again = send(ana, bo, SMALL, "a")

    assert (again.status, again.json) == (201, sent.json)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_first_set_up_is_no_change(ana: Person) -> None:
    assert cool_down_of(ana) is None


def test_the_same_pay_password_once_more_is_no_change(ana: Person) -> None:
    body = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
    assert ana.call("PUT", "/v1/me/pay-password", body).status == 204

    assert cool_down_of(ana) is None


def test_one_who_is_sent_money_is_not_held_back(ana: Person, bo: Person) -> None:
    change_password(bo)

    assert send(ana, bo, SMALL, "a").status == 201


def test_a_reset_begins_one(ana: Person) -> None:
    sent = ask_code(PHONE, "reset_password")
    body = {
        "phone": PHONE,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(PHONE),
        "new_password": NEW_PASSWORD,
    }
    assert call("POST", "/v1/password-resets", body).status == 204
    credentials = {"phone": PHONE, "password": NEW_PASSWORD}
    tokens = call("POST", "/v1/sessions", credentials).json["tokens"]

    profile = call("GET", "/v1/me", token=tokens["access_token"]).json
    assert profile["cool_down_until"] is not None


def test_a_transfer_does_not_slip_through_beside_the_change(ana: Person, bo: Person) -> None:
    """The change lands after the transfer has read the account, and before it is written."""
    changed: list[bool] = []

    def change_first(attempt: Attempt) -> object:
        moving = attempt.operation == "TransactWriteItems" and "TRANSFER#" in str(attempt.request)
        if moving and not changed:
            changed.append(True)
            change_password(ana)
        return attempt.make()

    with intercepted(change_first):
        answer = send(ana, bo, 3 * SMALL, "a")

    assert answer.code in ("COOL_DOWN", "STEP_UP_REQUIRED")
    assert bo.available == 0
