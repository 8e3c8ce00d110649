"""Devices: a new one takes a second step and is told of; all others can be signed out."""

from typing import Any

import pytest

from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Attempt, intercepted
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    opens,
    refresh,
    registration,
    stored,
)
from tests.functions.identity.second_factor import (
    TWO_FACTOR,
    answer,
    full_proof,
    totp,
    turn_on,
)
from tests.people import PASSWORD, Person, code_in_last_sms, register, sms_sent_to

FIRST = {"id": "d-1", "name": "Ana 的手机"}
SECOND = {"id": "d-2", "name": "found on the bus"}


@pytest.fixture
def ana() -> Person:
    """Who has signed up on her first device."""
    made = call("POST", "/v1/users", registration(device=FIRST)).json
    tokens = made["tokens"]
    return Person(PHONE, made["user_id"], tokens["access_token"], tokens["refresh_token"])


def sign_in_on(device: dict[str, str] | None, phone: str = PHONE, **more: Any) -> Answer:
    return call(
        "POST", "/v1/sessions", {"phone": phone, "password": PASSWORD, "device": device}, **more
    )


def by_sms(phone: str = PHONE) -> dict[str, str]:
    return {"method": "sms", "code": code_in_last_sms(phone)}


def events_of(person: Person) -> list[str]:
    items = person.call("GET", "/v1/me/security-events?limit=100").json["items"]
    return [item["kind"] for item in items]


class TestNewDevice:
    def test_the_first_is_not_new(self, ana: Person) -> None:
        assert sign_in_on(FIRST).status == 201
        assert "new_device" not in events_of(ana)

    def test_the_first_with_an_id_is_not_new(self) -> None:
        register(PHONE)
        assert sign_in_on(FIRST).status == 201
        assert sign_in_on(SECOND).status == 202

    @pytest.mark.parametrize("device", [None, {"name": "no id"}])
    def test_to_leave_the_id_out_is_no_way_round(
        self, ana: Person, device: dict[str, str] | None, test_clock: TestClock
    ) -> None:
        for _ in range(2):
            begun = sign_in_on(device)
            assert begun.status == 202
            assert answer(begun.json["challenge_id"], by_sms()).status == 201
            assert "新设备" in sms_sent_to(PHONE)[-1]
            test_clock.move(minutes=2)
        assert len(stored("DEVICE#")) == 1

    def test_while_no_device_is_known_nobody_needs_an_id(self) -> None:
        register(PHONE)
        assert sign_in_on(None).status == 201
        assert stored("DEVICE#") == []

    def test_another_gets_a_code_by_sms(self, ana: Person) -> None:
        begun = sign_in_on(SECOND)
        assert begun.status == 202
        assert begun.json["methods"] == ["sms"]
        assert answer(begun.json["challenge_id"], by_sms()).status == 201

    def test_it_is_told_and_listed(self, ana: Person) -> None:
        begun = sign_in_on(SECOND)
        made = answer(
            begun.json["challenge_id"], by_sms(), headers={"CloudFront-Viewer-Country": "SG"}
        )
        assert opens(made.json["tokens"]["access_token"])
        assert "found on the bus（SG）" in sms_sent_to(PHONE)[-1]
        assert events_of(ana).count("new_device") == 1
        newest = ana.call("GET", "/v1/sessions").json["items"]
        assert SECOND in [item["device"] for item in newest]

    def test_from_then_on_it_is_known(self, ana: Person) -> None:
        answer(sign_in_on(SECOND).json["challenge_id"], by_sms())
        assert sign_in_on(SECOND).status == 201
        assert sign_in_on(FIRST).status == 201

    def test_it_is_not_known_before_the_step_is_taken(self, ana: Person) -> None:
        assert sign_in_on(SECOND).status == 202
        assert len(stored("DEVICE#")) == 1

    def test_a_device_of_another_is_new_to_me(self, ana: Person) -> None:
        register(OTHER_PHONE)
        sign_in_on(SECOND, OTHER_PHONE)
        assert sign_in_on(SECOND).status == 202

    def test_ids_of_devices_are_not_keys(self, ana: Person) -> None:
        assert not [item for item in stored("DEVICE#") if "d-1" in item["sk"]["S"]]


class TestTwoFactorOnDevices:
    @pytest.fixture(autouse=True)
    def _choose(self, ana: Person) -> None:
        self.authenticator = turn_on(ana)
        given = full_proof(totp(self.authenticator.code()), ask="new_device")
        assert ana.call("PUT", TWO_FACTOR, given).status == 204

    def test_a_known_device_is_spared(self, ana: Person) -> None:
        assert ana.call("GET", TWO_FACTOR).json["ask"] == "new_device"
        assert sign_in_on(FIRST).status == 201

    @pytest.mark.parametrize("device", [None, {"name": "no id"}, SECOND])
    def test_all_others_are_not(self, ana: Person, device: dict[str, str] | None) -> None:
        begun = sign_in_on(device)
        assert begun.status == 202
        assert begun.json["methods"] == ["totp", "recovery", "sms"]
        given = totp(self.authenticator.code(steps=1))
        assert answer(begun.json["challenge_id"], given).status == 201

    def test_choosing_takes_the_full_proof(self, ana: Person) -> None:
        refused = ana.call("PUT", TWO_FACTOR, {"ask": "always", "password": PASSWORD})
        assert refused.code == "SECOND_FACTOR_REQUIRED"
        given = full_proof(totp(self.authenticator.code(steps=1)), ask="always")
        assert ana.call("PUT", TWO_FACTOR, given).status == 204
        assert sign_in_on(FIRST).status == 202


class TestSigningOutAllOthers:
    def test_all_but_the_one_that_asks_end_at_once(self, ana: Person) -> None:
        others = [sign_in_on(FIRST).json["tokens"] for _ in range(3)]
        assert ana.call("DELETE", "/v1/sessions").status == 204

        assert opens(ana.token)
        for tokens in others:
            assert not opens(tokens["access_token"])
            assert refresh(tokens["refresh_token"]).status == 401
        assert len(stored("SESSION#")) == 1
        assert ana.call("DELETE", "/v1/sessions").status == 204

    def test_sessions_of_others_go_on(self, ana: Person) -> None:
        bo = register(OTHER_PHONE)
        ana.call("DELETE", "/v1/sessions")
        assert opens(bo.token)

    def test_none_slips_in_beside(self, ana: Person) -> None:
        inner: list[Answer] = []

        def let_another_in_first(attempt: Attempt) -> object:
            if attempt.operation == "TransactWriteItems" and not inner:
                inner.append(Answer(0, {}, ""))
                inner[0] = sign_in_on(FIRST)
            return attempt.make()

        with intercepted(let_another_in_first):
            assert ana.call("DELETE", "/v1/sessions").status == 204
        assert not opens(inner[0].json["tokens"]["access_token"])

    def test_it_takes_a_session(self, test_clock: TestClock) -> None:
        assert call("DELETE", "/v1/sessions").status == 401
