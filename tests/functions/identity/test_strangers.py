"""Who knows no more than a phone can't keep its owner out: strangers use up their own tries."""

from typing import Any

import pytest

from functions.identity.locks import tell_of_locks
from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import watched
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    ask_code,
    registration,
    sign_in,
    stored,
)
from tests.people import PASSWORD, Person, code_in_last_sms, sms_sent_to

NEW_PASSWORD = "another quite long phrase"
PHONE_AT_HOME: dict[str, Any] = {"device": {"id": "d-1"}, "device_secret": "1" * 43}
NEW_PHONE: dict[str, Any] = {"device": {"id": "d-2"}, "device_secret": "2" * 43}
STRANGER = {"address": "198.51.100.9"}


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    """On a device whose secret is remembered."""
    made = call("POST", "/v1/users", registration(**PHONE_AT_HOME)).json
    test_clock.move(seconds=settings().code_resend_seconds)
    return Person(PHONE, made["user_id"], made["tokens"]["access_token"], "")


def sign_in_on(
    device: dict[str, Any], password: str = PASSWORD, phone: str = PHONE, **more: Any
) -> Answer:
    return call("POST", "/v1/sessions", {"phone": phone, "password": password} | device, **more)


def lock(device: dict[str, Any] | None = None, phone: str = PHONE) -> None:
    for _ in range(settings().sign_in_tries):
        assert sign_in_on(device or {}, "not the password", phone, **STRANGER).status == 401
    assert sign_in_on(device or {}, phone=phone, **STRANGER).code == "ACCOUNT_LOCKED"


def reset(**device: Any) -> Answer:
    sent = ask_code(PHONE, "reset_password")
    body = {
        "phone": PHONE,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(PHONE),
        "new_password": NEW_PASSWORD,
    }
    return call("POST", "/v1/password-resets", body | device)


def second_step(begun: Answer) -> Answer:
    assert begun.status == 202, begun.text
    given = {"method": "sms", "code": code_in_last_sms(PHONE)}
    return call("POST", f"/v1/sessions/challenges/{begun.json['challenge_id']}", given)


class TestKnownDevice:
    def test_it_gets_in_while_strangers_are_locked_out(self, ana: Person) -> None:
        lock()

        assert sign_in_on(PHONE_AT_HOME).status == 201

    @pytest.mark.usefixtures("ana")
    @pytest.mark.parametrize(
        "claimed",
        [
            {"device": {"id": "d-1"}},
            {"device": {"id": "d-1"}, "device_secret": "2" * 43},
            {"device": {"id": "d-2"}, "device_secret": "1" * 43},
            {"device_secret": "1" * 43},
        ],
    )
    def test_who_only_claims_to_be_it_is_a_stranger(self, claimed: dict[str, Any]) -> None:
        lock(claimed)

        assert sign_in_on({}, **STRANGER).code == "ACCOUNT_LOCKED"
        assert sign_in_on(PHONE_AT_HOME).status == 201

    @pytest.mark.usefixtures("ana")
    def test_its_own_tries_are_as_few_and_no_strangers(self, test_clock: TestClock) -> None:
        lock(PHONE_AT_HOME)
        assert sign_in().status == 202
        test_clock.move(seconds=settings().sign_in_lock_seconds)

        assert sign_in_on(PHONE_AT_HOME).status == 201

    @pytest.mark.usefixtures("ana")
    def test_of_its_lock_the_owner_is_told_too(self, test_clock: TestClock) -> None:
        lock(PHONE_AT_HOME)
        test_clock.move(minutes=1)

        assert tell_of_locks() == 1
        assert "锁定" in sms_sent_to(PHONE)[-1]

    @pytest.mark.usefixtures("ana")
    def test_known_and_unknown_phones_are_refused_alike(self) -> None:
        with watched() as for_known:
            known = sign_in_on(PHONE_AT_HOME, "not the password")
        with watched() as for_unknown:
            unknown = sign_in_on(PHONE_AT_HOME, "not the password", OTHER_PHONE)

        assert (known.status, known.json) == (unknown.status, unknown.json)
        operations = [[one.operation for one in seen] for seen in (for_known, for_unknown)]
        assert operations[0] == operations[1]

    def test_a_device_of_somebody_else_is_none_here(self, ana: Person) -> None:
        call("POST", "/v1/users", registration(OTHER_PHONE, **NEW_PHONE))
        lock()

        assert sign_in_on(NEW_PHONE).code == "ACCOUNT_LOCKED"


class TestWhatItIsKnownBy:
    @pytest.mark.usefixtures("ana")
    def test_the_id_without_the_secret_is_a_new_device_and_takes_nothing_from_it(self) -> None:
        assert second_step(sign_in_on({"device": {"id": "d-1"}})).status == 201

        assert sign_in_on(PHONE_AT_HOME).status == 201
        assert sign_in_on({"device": {"id": "d-1"}}).status in (202, 429)

    @pytest.mark.usefixtures("ana")
    def test_another_secret_takes_the_second_step_and_is_known_from_then_on(
        self, test_clock: TestClock
    ) -> None:
        reinstalled = {"device": {"id": "d-1"}, "device_secret": "3" * 43}
        assert second_step(sign_in_on(reinstalled)).status == 201
        test_clock.move(minutes=2)

        assert sign_in_on(reinstalled).status == 201
        assert sign_in_on(PHONE_AT_HOME).status == 202
        assert len(stored("DEVICE#")) == 1

    @pytest.mark.usefixtures("ana")
    def test_a_new_device_is_known_by_its_secret_after_the_second_step(self) -> None:
        assert second_step(sign_in_on(NEW_PHONE)).status == 201
        lock()

        assert sign_in_on(NEW_PHONE).status == 201

    def test_one_that_had_none_gets_it_at_its_next_sign_in(self) -> None:
        without = {"device": {"id": "d-1"}}
        call("POST", "/v1/users", registration(device=without["device"]))
        assert sign_in_on(without).status == 201
        assert sign_in_on(PHONE_AT_HOME).status == 201
        lock()

        assert sign_in_on(without).code == "ACCOUNT_LOCKED"
        assert sign_in_on(PHONE_AT_HOME).status == 201

    @pytest.mark.parametrize("secret", ["", "1" * 42, "1" * 101, "1" * 42 + " ", "1" * 43 + "\n"])
    def test_a_short_one_is_no_secret(self, secret: str) -> None:
        refused = sign_in_on({"device": {"id": "d-1"}, "device_secret": secret})

        assert (refused.status, refused.json["field"]) == (400, "device_secret")


class TestReset:
    @pytest.mark.usefixtures("ana")
    def test_who_locks_again_right_after_it_locks_only_strangers_out(self) -> None:
        lock()
        assert reset(**NEW_PHONE).status == 204
        lock()

        assert sign_in_on(NEW_PHONE, NEW_PASSWORD).status == 201

    def test_the_device_that_it_was_done_on_is_new_for_a_day(self, ana: Person) -> None:
        assert reset(**NEW_PHONE).status == 204
        tokens = sign_in_on(NEW_PHONE, NEW_PASSWORD).json["tokens"]
        wallet = call("GET", "/v1/wallet", token=tokens["access_token"]).json
        events = call("GET", "/v1/me/security-events", token=tokens["access_token"]).json["items"]

        limit = wallet["limits"]["transfer"]["per_day"]
        assert limit == settings().new_device_day_limit_minor
        assert [event["kind"] for event in events].count("new_device") == 1

    @pytest.mark.usefixtures("ana")
    def test_it_ends_the_lock_of_every_device(self) -> None:
        lock(PHONE_AT_HOME)
        assert reset().status == 204

        assert sign_in_on(PHONE_AT_HOME, NEW_PASSWORD).status == 201

    @pytest.mark.usefixtures("ana")
    def test_without_a_secret_it_makes_no_device_known(self) -> None:
        assert reset(device={"id": "d-2"}).status == 204

        assert sign_in_on({"device": {"id": "d-2"}}, NEW_PASSWORD).status in (202, 429)
        assert len(stored("DEVICE#")) == 1


class TestSession:
    def test_who_is_signed_in_changes_the_password_while_strangers_are_locked_out(
        self, ana: Person
    ) -> None:
        lock()
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}

        assert ana.call("PUT", "/v1/me/password", body).status == 204

    def test_its_tries_are_as_few_and_lock_nobody_else_out(self, ana: Person) -> None:
        body = {"current_password": "not the password", "new_password": NEW_PASSWORD}
        for _ in range(settings().sign_in_tries):
            assert ana.call("PUT", "/v1/me/password", body).status == 403
        right = body | {"current_password": PASSWORD}

        assert ana.call("PUT", "/v1/me/password", right).code == "ACCOUNT_LOCKED"
        assert sign_in_on(PHONE_AT_HOME).status == 201
