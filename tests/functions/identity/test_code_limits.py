"""Codes go into the configured countries, and so many to the numbers that begin alike."""

from collections.abc import Iterator

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import watched
from tests.functions.identity.asking import PHONE, ask_code, sign_in, stored
from tests.people import PASSWORD, Person, code_in_last_sms, register

PURPOSES = ["register", "sign_in", "reset_password", "change_phone", "unlock"]
OF_EACH_COUNTRY = {
    "CN": "+8613800000001",
    "HK": "+85251234567",
    "MO": "+85366123456",
    "TW": "+886912345678",
    "SG": "+6581234567",
    "MY": "+60123456789",
}
FAR_AWAY = "+447400123456"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Where a test sets what an operator configures; call `settings.cache_clear` after it."""
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


def phone(number: int, beginning: str = "+8613800") -> str:
    return f"{beginning}{number:06d}"


class TestCountries:
    def test_those_that_are_served_get_codes(self) -> None:
        assert settings().codes_countries.split(",") == list(OF_EACH_COUNTRY)
        for one in OF_EACH_COUNTRY.values():
            assert ask_code(one).status == 202

    @pytest.mark.parametrize("purpose", PURPOSES)
    def test_no_stranger_has_a_code_sent_into_another(self, purpose: str) -> None:
        with watched() as attempts:
            refused = ask_code(FAR_AWAY, purpose)

        assert (refused.status, refused.code) == (422, "COUNTRY_NOT_SERVED")
        assert refused.json["field"] == "phone"
        assert attempts == []

    @pytest.mark.parametrize(("language", "words"), [("zh-CN", "暂不向"), ("en", "No codes are")])
    def test_it_is_said_in_both_languages(self, language: str, words: str) -> None:
        refused = ask_code(FAR_AWAY, headers={"Accept-Language": language})

        assert refused.json["detail"].startswith(words)

    def test_known_and_unknown_phones_are_refused_alike(
        self, configured: pytest.MonkeyPatch
    ) -> None:
        abroad = self._registered_abroad(configured).phone
        known, unknown = (ask_code(one, "reset_password") for one in (abroad, FAR_AWAY))

        assert (known.status, known.json) == (unknown.status, unknown.json)

    def test_its_users_still_sign_in_with_a_second_step(
        self, configured: pytest.MonkeyPatch, test_clock: TestClock
    ) -> None:
        person = self._registered_abroad(configured)
        assert _on("d-1", person.phone).status == 201
        begun = _on("d-2", person.phone)
        given = {"method": "sms", "code": code_in_last_sms(person.phone)}
        challenge = f"/v1/sessions/challenges/{begun.json['challenge_id']}"

        assert call("POST", challenge, given).status == 201

    def test_its_users_can_move_to_a_phone_that_is_served(
        self, configured: pytest.MonkeyPatch
    ) -> None:
        person = self._registered_abroad(configured)
        leaving = person.call("POST", "/v1/me/phone/codes")
        proof = {
            "verification_id": leaving.json["verification_id"],
            "code": code_in_last_sms(person.phone),
        }
        new = {
            "verification_id": ask_code(PHONE, "change_phone").json["verification_id"],
            "code": code_in_last_sms(PHONE),
        }
        body = {"phone": PHONE, "password": PASSWORD, "old_phone": proof} | new

        assert person.call("PUT", "/v1/me/phone", body).status == 204
        assert sign_in(PHONE).status == 201

    def _registered_abroad(self, configured: pytest.MonkeyPatch) -> Person:
        """Somebody of a country that was served once."""
        configured.setenv("CODES_COUNTRIES", "CN,GB")
        settings.cache_clear()
        person = register("+447400654321", pay_password=False)
        configured.undo()
        settings.cache_clear()
        return person


class TestBeginnings:
    @pytest.fixture(autouse=True)
    def few(self, configured: pytest.MonkeyPatch) -> None:
        configured.setenv("CODES_PER_PREFIX_PER_HOUR", "3")
        configured.setenv("CODES_PER_PREFIX_PER_DAY", "5")
        settings.cache_clear()

    def test_an_hour_has_its_limit_and_so_has_a_day(self, test_clock: TestClock) -> None:
        for number in range(3):
            assert ask_code(phone(number), address=f"192.0.2.{number}").status == 202
        refused = ask_code(phone(3), address="192.0.2.3")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "3600")
        test_clock.move(hours=1)
        for number in range(2):
            assert ask_code(phone(number)).status == 202
        test_clock.move(hours=1)
        assert int(ask_code(phone(0)).headers["Retry-After"]) > 3_600

    def test_numbers_that_begin_otherwise_are_counted_apart(self) -> None:
        for number in range(3):
            ask_code(phone(number))

        assert ask_code(phone(0, "+8613801")).status == 202
        assert ask_code(phone(3)).status == 429

    def test_how_many_digits_make_a_beginning_is_configured(
        self, configured: pytest.MonkeyPatch
    ) -> None:
        configured.setenv("CODE_PREFIX_DIGITS", "5")
        settings.cache_clear()
        for number in range(3):
            ask_code(phone(0, f"+861380{number}"))

        assert ask_code(phone(0, "+8613809")).status == 429

    def test_never_so_many_that_it_is_the_number(self, configured: pytest.MonkeyPatch) -> None:
        configured.setenv("CODE_PREFIX_DIGITS", "20")
        settings.cache_clear()
        ask_code(OF_EACH_COUNTRY["SG"])

        keys = str([item["pk"]["S"] for item in stored()])
        assert "codes_per_prefix_day#658123'" in keys
        assert OF_EACH_COUNTRY["SG"][3:] not in keys

    def test_strangers_can_not_keep_an_owner_from_a_second_step(self) -> None:
        register(PHONE, pay_password=False)
        for number in range(2, 5):
            ask_code(phone(number))

        assert _on("d-1", PHONE).status == 201
        assert _on("d-2", PHONE).status == 202


class TestAll:
    @pytest.fixture(autouse=True)
    def few(self, configured: pytest.MonkeyPatch) -> None:
        configured.setenv("CODES_IN_ALL_PER_DAY", "2")
        configured.setenv("CODES_IN_ALL_SHARDS", "1")
        settings.cache_clear()

    def test_the_service_sends_no_more_in_a_day_and_says_so(
        self, capsys: pytest.CaptureFixture[str], test_clock: TestClock
    ) -> None:
        statuses = [ask_code(phone(0, beginning)).status for beginning in ("+8613800", "+8613801")]
        refused = ask_code(phone(0, "+8613802"))

        assert statuses == [202, 202]
        assert refused.status == 429
        assert '"limit":"codes_in_all","LimitsReached":[1.0]' in capsys.readouterr().out
        test_clock.move(seconds=refused.json["retry_after"])
        assert ask_code(phone(0, "+8613802")).status == 202

    def test_owners_still_get_their_second_step(self) -> None:
        register(PHONE, pay_password=False)
        assert [ask_code(phone(number)).status for number in (2, 3)] == [202, 429]

        assert _on("d-1", PHONE).status == 201
        assert _on("d-2", PHONE).status == 202
        assert code_in_last_sms(PHONE)


def _on(device_id: str, of: str) -> Answer:
    body = {"phone": of, "password": PASSWORD, "device": {"id": device_id}}
    return call("POST", "/v1/sessions", body)
