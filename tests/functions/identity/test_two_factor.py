"""Two-factor: codes by time and recovery codes, each good once; what they protect."""

import re
from typing import Any

import pyotp
import pytest

from functions.identity.notices import send_waiting
from functions.identity.records import TwoFactor, two_factor_key
from functions.identity.sealed import SealBroken, open_sealed, place
from functions.identity.two_factor import _matching_step
from shared.errors import ServiceUnavailable
from shared.settings import settings
from shared.table import read
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import CUTS, Attempt, Fault, Swept, intercepted, sweep
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    ask_code,
    opens,
    sign_in,
    stored,
    wrong,
)
from tests.functions.identity.second_factor import (
    TOTP,
    TWO_FACTOR,
    Authenticator,
    answer,
    begin,
    confirm,
    full_proof,
    recovery,
    totp,
    turn_on,
)
from tests.people import Person, code_in_last_sms, register, sms_sent_to

# RFC 4226, appendix D, and RFC 6238, appendix B: the same secret, counts and seconds.
_RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
_RFC_4226 = "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split()
_RFC_6238 = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


@pytest.fixture
def authenticator(ana: Person) -> Authenticator:
    return turn_on(ana)


def standing(person: Person) -> TwoFactor:
    key = two_factor_key(person.user_id)
    found = read([key]).one(TwoFactor, key)
    assert found is not None
    return found


def events_of(person: Person) -> list[str]:
    items = person.call("GET", "/v1/me/security-events?limit=100").json["items"]
    return [item["kind"] for item in items]


def renew(person: Person, factor: dict[str, str] | None) -> Answer:
    return person.call("POST", f"{TWO_FACTOR}/recovery-codes", full_proof(factor))


def turn_off(person: Person, factor: dict[str, str] | None, **more: Any) -> Answer:
    return person.call("DELETE", TOTP, full_proof(factor) | more)


class TestVectors:
    @pytest.mark.parametrize("count", range(10))
    def test_rfc_4226(self, count: int) -> None:
        assert pyotp.HOTP(_RFC_SECRET).at(count) == _RFC_4226[count]

    @pytest.mark.parametrize("seconds", _RFC_6238)
    def test_rfc_6238(self, seconds: int) -> None:
        assert pyotp.HOTP(_RFC_SECRET, digits=8).at(seconds // 30) == _RFC_6238[seconds]

    @pytest.mark.parametrize("seconds", _RFC_6238)
    def test_rfc_6238_through_the_edge(
        self, seconds: int, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        test_clock.seconds = float(seconds)
        ana = register(PHONE)
        monkeypatch.setattr(pyotp, "random_base32", lambda: _RFC_SECRET)
        assert begin(ana).json["secret"] == _RFC_SECRET
        code = _RFC_6238[seconds][2:]

        assert confirm(ana, wrong(code)).code == "WRONG_CODE"
        assert confirm(ana, code).status == 200


class TestSettingUp:
    def test_the_uri_is_what_authenticators_read(self, ana: Person) -> None:
        begun = begin(ana).json
        read_back = pyotp.parse_uri(begun["otpauth_uri"])

        assert begun["otpauth_uri"].startswith("otpauth://totp/U%20Wallet:")
        assert isinstance(read_back, pyotp.TOTP)
        assert (read_back.secret, read_back.issuer) == (begun["secret"], "U Wallet")
        assert PHONE not in begun["otpauth_uri"]
        assert len(begun["secret"]) * 5 >= 160  # RFC 4226 §4 R6: 160 bits recommended

    def test_it_counts_once_it_is_confirmed(self, ana: Person) -> None:
        secret = begin(ana).json["secret"]
        assert sign_in().status == 201
        assert ana.call("GET", TWO_FACTOR).json["enabled"] is False
        confirm(ana, pyotp.TOTP(secret).at(1_772_337_600))
        assert sign_in().status == 202
        assert ana.call("GET", TWO_FACTOR).json == {
            "enabled": True,
            "ask": "always",
            "recovery_codes_left": 10,
        }

    def test_ten_recovery_codes_are_shown_once_and_stored_hashed(self, ana: Person) -> None:
        made = turn_on(ana)
        assert len(set(made.recovery_codes)) == 10
        everything = str(stored())
        for code in made.recovery_codes:
            assert re.fullmatch(r"([2-9a-hjkmnp-z]{4}-){2}[2-9a-hjkmnp-z]{4}", code)
            assert code not in everything
            assert code.replace("-", "") not in everything
        assert made.secret not in everything

    def test_a_second_confirm_is_a_clear_answer(self, ana: Person) -> None:
        made = turn_on(ana)
        again = confirm(ana, made.code())
        assert (again.status, again.code) == (409, "TWO_FACTOR_ENABLED")
        assert renew(ana, totp(made.code())).status == 201

    def test_beginning_again_leaves_what_counts_alone(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        assert begin(ana).code == "TWO_FACTOR_ENABLED"
        challenge = sign_in().json["challenge_id"]
        assert answer(challenge, totp(authenticator.code())).status == 201

    def test_nothing_begun_is_nothing_to_confirm(self, ana: Person) -> None:
        assert confirm(ana, "123456").status == 404

    def test_it_takes_the_password(self, ana: Person) -> None:
        refused = ana.call("POST", TOTP, {"password": "x" * 10})
        assert (refused.status, refused.code) == (403, "WRONG_CREDENTIALS")

    def test_the_owner_is_told(self, ana: Person, authenticator: Authenticator) -> None:
        assert "两步验证" in sms_sent_to(PHONE)[-1]
        assert "two_factor_enabled" in events_of(ana)

    def test_on_the_first_day_it_is_no_change_later_it_is(self, test_clock: TestClock) -> None:
        fresh, other = register(PHONE), register(OTHER_PHONE)
        turn_on(fresh)
        assert fresh.call("GET", "/v1/me").json["cool_down_until"] is None
        test_clock.move(hours=25)
        other = other.signed_in_again()
        turn_on(other)
        assert other.call("GET", "/v1/me").json["cool_down_until"] is not None


class TestSteps:
    @pytest.mark.parametrize("steps", [-1, 0, 1])
    def test_one_step_of_drift_either_way(self, ana: Person, steps: int) -> None:
        made = Authenticator(begin(ana).json["secret"], [])
        assert confirm(ana, made.code(steps=steps)).status == 200

    @pytest.mark.parametrize("steps", [-2, 2])
    def test_two_steps_are_too_much(self, ana: Person, steps: int) -> None:
        made = Authenticator(begin(ana).json["secret"], [])
        assert confirm(ana, made.code(steps=steps)).code == "WRONG_CODE"

    def test_a_step_is_good_once_over_all_challenges(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        code = authenticator.code()
        first, second = sign_in().json["challenge_id"], sign_in().json["challenge_id"]
        assert answer(first, totp(code)).status == 201
        assert answer(second, totp(code)).code == "WRONG_CODE"
        assert turn_off(ana, totp(code)).code == "WRONG_CODE"

    def test_a_step_before_the_last_used_is_over(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        first, second = sign_in().json["challenge_id"], sign_in().json["challenge_id"]
        assert answer(first, totp(authenticator.code(steps=1))).status == 201
        assert answer(second, totp(authenticator.code())).code == "WRONG_CODE"

    @pytest.mark.parametrize("by", ["totp", "recovery"])
    def test_of_two_requests_at_once_one_uses_it(
        self, ana: Person, authenticator: Authenticator, by: str
    ) -> None:
        code = authenticator.code() if by == "totp" else authenticator.recovery_codes[0]
        given = {"method": by, "code": code}
        first, second = sign_in().json["challenge_id"], sign_in().json["challenge_id"]
        inner: list[Answer] = []

        def let_another_in_first(attempt: Attempt) -> object:
            writes_session = "SESSION#" in str(attempt.request)
            if attempt.operation == "TransactWriteItems" and writes_session and not inner:
                inner.append(Answer(0, {}, ""))
                inner[0] = answer(second, given)
            return attempt.make()

        with intercepted(let_another_in_first):
            outer = answer(first, given)

        assert (inner[0].status, outer.status, outer.code) == (201, 422, "WRONG_CODE")

    def test_a_code_that_is_no_code_is_wrong(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        challenge = sign_in().json["challenge_id"]
        for code in ("１２３４５６", "12345é", "abcdef", "      "):
            assert answer(challenge, totp(code)).code == "WRONG_CODE"


class TestRecoveryCodes:
    def test_each_is_good_once(self, ana: Person, authenticator: Authenticator) -> None:
        code = authenticator.recovery_codes[3]
        first, second = sign_in().json["challenge_id"], sign_in().json["challenge_id"]
        assert answer(first, recovery(code.replace("-", " ").upper())).status == 201
        assert answer(second, recovery(code)).code == "WRONG_CODE"
        assert ana.call("GET", TWO_FACTOR).json["recovery_codes_left"] == 9
        assert events_of(ana).count("recovery_codes_used") == 1

    def test_all_ten_work_and_then_there_is_none(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        for code in authenticator.recovery_codes:
            assert answer(sign_in().json["challenge_id"], recovery(code)).status == 201
        assert ana.call("GET", TWO_FACTOR).json["recovery_codes_left"] == 0
        challenge = sign_in().json["challenge_id"]
        assert answer(challenge, recovery(authenticator.recovery_codes[0])).code == "WRONG_CODE"

    def test_those_of_another_are_wrong(self, ana: Person, authenticator: Authenticator) -> None:
        bo = register(OTHER_PHONE)
        turn_on(bo)
        challenge = sign_in(OTHER_PHONE).json["challenge_id"]
        given = recovery(authenticator.recovery_codes[0])
        assert answer(challenge, given).code == "WRONG_CODE"

    def test_new_ones_end_the_old(self, ana: Person, authenticator: Authenticator) -> None:
        answer(sign_in().json["challenge_id"], recovery(authenticator.recovery_codes[0]))
        renewed = renew(ana, totp(authenticator.code()))

        assert renewed.status == 201
        assert len(set(renewed.json["recovery_codes"])) == 10
        assert ana.call("GET", TWO_FACTOR).json["recovery_codes_left"] == 10
        old, new = authenticator.recovery_codes[1], renewed.json["recovery_codes"][1]
        assert answer(sign_in().json["challenge_id"], recovery(old)).code == "WRONG_CODE"
        assert answer(sign_in().json["challenge_id"], recovery(new)).status == 201
        assert "recovery_codes_renewed" in events_of(ana)

    def test_one_does_not_become_ten(self, ana: Person, authenticator: Authenticator) -> None:
        for factor in (recovery(authenticator.recovery_codes[0]), None):
            assert renew(ana, factor).code == "SECOND_FACTOR_REQUIRED"
        assert ana.call("GET", TWO_FACTOR).json["recovery_codes_left"] == 10


class TestTries:
    def test_they_are_bounded_over_all_challenges_and_doors(
        self, ana: Person, authenticator: Authenticator, test_clock: TestClock
    ) -> None:
        challenges = [sign_in().json["challenge_id"] for _ in range(3)]
        refused = [answer(challenges[number % 2], totp("000000")) for number in range(8)]
        refused += [turn_off(ana, totp("000000")), renew(ana, totp("000000"))]
        assert len(refused) == settings().second_factor_tries_per_hour
        assert {one.code for one in refused} == {"WRONG_CODE"}
        for right in (totp(authenticator.code()), recovery(authenticator.recovery_codes[0])):
            assert answer(challenges[2], right).code == "TOO_MANY_REQUESTS"
        test_clock.move(hours=1)
        challenge = sign_in().json["challenge_id"]
        assert answer(challenge, totp(authenticator.code())).status == 201

    def test_those_of_setting_up_count_too(self, ana: Person) -> None:
        made = Authenticator(begin(ana).json["secret"], [])
        for _ in range(settings().second_factor_tries_per_hour):
            assert confirm(ana, wrong(made.code())).code == "WRONG_CODE"
        assert confirm(ana, made.code()).status == 429

    def test_right_codes_are_not_held_against_their_owner(
        self, ana: Person, authenticator: Authenticator, test_clock: TestClock
    ) -> None:
        for _ in range(settings().second_factor_tries_per_hour + 2):
            challenge = sign_in().json["challenge_id"]
            assert answer(challenge, totp(authenticator.code())).status == 201
            test_clock.move(seconds=30)

    def test_a_wrong_code_is_noted_for_the_owner(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        answer(sign_in().json["challenge_id"], totp(wrong(authenticator.code())))
        assert "second_factor_refused" in events_of(ana)


class TestTurningOff:
    def test_it_takes_password_and_factor(self, ana: Person, authenticator: Authenticator) -> None:
        right = totp(authenticator.code())
        assert turn_off(ana, None).code == "SECOND_FACTOR_REQUIRED"
        assert turn_off(ana, right, password="x" * 10).code == "WRONG_CREDENTIALS"
        assert turn_off(ana, totp(wrong(right["code"]))).code == "WRONG_CODE"
        by_sms = {"method": "sms", "code": "123456"}
        assert turn_off(ana, by_sms).code == "SECOND_FACTOR_REQUIRED"
        assert turn_off(ana, right).status == 204
        assert sign_in().status == 201
        assert ana.call("GET", TWO_FACTOR).json == {
            "enabled": False,
            "ask": None,
            "recovery_codes_left": 0,
        }

    def test_a_cool_down_begins_and_other_devices_are_signed_out(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        made = answer(sign_in().json["challenge_id"], recovery(authenticator.recovery_codes[0]))
        assert turn_off(ana, recovery(authenticator.recovery_codes[1])).status == 204
        assert not opens(made.json["tokens"]["access_token"])
        assert ana.call("GET", "/v1/me").json["cool_down_until"] is not None
        assert "two_factor_disabled" in events_of(ana)

    def test_what_is_off_can_not_be_turned_off(self, ana: Person) -> None:
        assert turn_off(ana, None).status == 404
        assert renew(ana, totp("123456")).status == 404

    def test_a_reset_does_not_go_round_it(
        self, ana: Person, authenticator: Authenticator, test_clock: TestClock
    ) -> None:
        test_clock.move(seconds=60)
        sent = ask_code(purpose="reset_password").json
        body = {
            "phone": PHONE,
            "verification_id": sent["verification_id"],
            "code": code_in_last_sms(PHONE),
            "new_password": "another long phrase 77",
        }
        reset = "/v1/password-resets"
        assert ana.call("POST", reset, body).code == "SECOND_FACTOR_REQUIRED"
        refused = ana.call("POST", reset, body | {"second_factor": totp("000000")})
        assert refused.code == "WRONG_CODE"
        given = {"second_factor": totp(authenticator.code())}
        assert ana.call("POST", reset, body | given).status == 204


class TestSecret:
    def test_it_opens_at_its_own_place_alone(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        bo = register(OTHER_PHONE)
        own = turn_on(bo)
        his = two_factor_key(bo.user_id)
        assert open_sealed(standing(bo).secret, of=place(his, "secret")) == own.secret
        with pytest.raises(SealBroken):
            open_sealed(standing(ana).secret, of=place(his, "secret"))

    def test_a_swapped_ciphertext_proves_nothing(
        self, ana: Person, authenticator: Authenticator
    ) -> None:
        bo = register(OTHER_PHONE)
        turn_on(bo)
        swapped = standing(bo)
        swapped.secret = standing(ana).secret
        swapped.save()
        with pytest.raises(SealBroken):
            _matching_step(swapped, authenticator.code())
        challenge = sign_in(OTHER_PHONE).json["challenge_id"]
        assert answer(challenge, totp(authenticator.code())).status == 500


class TurningOn(Swept):
    """Of two-factor: the second time it says that it is on, and recovery codes can be renewed."""

    def prepare(self) -> None:
        self.ana = register(PHONE)
        self.made = Authenticator(begin(self.ana).json["secret"], [])
        self.texts = len(sms_sent_to(PHONE))

    def act(self) -> Any:
        answered = confirm(self.ana, self.made.code())
        if answered.status == 503:
            raise ServiceUnavailable
        assert answered.status == 200 or answered.code == "TWO_FACTOR_ENABLED", answered.text
        return "on"

    def check_done(self) -> None:
        assert self.ana.call("GET", TWO_FACTOR).json["recovery_codes_left"] == 10
        assert events_of(self.ana).count("two_factor_enabled") == 1

    def run_sweepers(self) -> None:
        send_waiting()
        assert "已开启两步验证" in str(sms_sent_to(PHONE)[self.texts :])
        challenge = sign_in().json["challenge_id"]
        tokens = answer(challenge, totp(self.made.code())).json["tokens"]
        self.ana = Person(PHONE, self.ana.user_id, tokens["access_token"], "")


class TurningOff(Swept):
    """Of two-factor: the second time there is nothing to turn off."""

    def prepare(self) -> None:
        self.ana = register(PHONE)
        self.made = turn_on(self.ana)
        self.texts = len(sms_sent_to(PHONE))

    def act(self) -> Any:
        answered = turn_off(self.ana, totp(self.made.code()))
        if answered.status == 503:
            raise ServiceUnavailable
        assert answered.status in (204, 404), answered.text
        return "off"

    def check_done(self) -> None:
        assert self.ana.call("GET", TWO_FACTOR).json["enabled"] is False
        assert events_of(self.ana).count("two_factor_disabled") == 1

    def run_sweepers(self) -> None:
        send_waiting()
        assert "已关闭两步验证" in str(sms_sent_to(PHONE)[self.texts :])
        self.ana = self.ana.back_again()


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("operation", [TurningOn, TurningOff])
def test_it_happens_once(operation: type[Swept], fault: Fault, test_clock: TestClock) -> None:
    assert sweep(operation, fault, test_clock)
