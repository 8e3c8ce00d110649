"""The second step of a sign-in: bound to its user, bounded in tries, used once, over in minutes."""

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import CUTS, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import OTHER_PHONE, PHONE, ask_code, opens, sign_in, stored
from tests.functions.identity.asking import wrong as other_than
from tests.functions.identity.second_factor import (
    Authenticator,
    answer,
    recovery,
    totp,
    turn_on,
)
from tests.people import PASSWORD, Person, code_in_last_sms, register, sms_sent_to

NEW_PASSWORD = "another long phrase 77"


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


@pytest.fixture
def authenticator(ana: Person) -> Authenticator:
    return turn_on(ana)


@pytest.fixture
def challenge(authenticator: Authenticator) -> str:
    """Of a sign-in of Ana."""
    begun = sign_in()
    assert begun.status == 202, begun.text
    return str(begun.json["challenge_id"])


def send_sms(challenge_id: str) -> Answer:
    return call("POST", f"/v1/sessions/challenges/{challenge_id}/sms")


def ended(given: Answer) -> bool:
    return (given.status, given.code) == (422, "CHALLENGE_ENDED")


class TestAnswering:
    def test_it_gives_a_session_once(self, authenticator: Authenticator, challenge: str) -> None:
        made = answer(challenge, totp(authenticator.code()))
        assert made.status == 201
        assert opens(made.json["tokens"]["access_token"])
        assert ended(answer(challenge, totp(authenticator.code(steps=1))))
        assert ended(answer(challenge, recovery(authenticator.recovery_codes[0])))
        assert ended(send_sms(challenge))

    def test_sms_is_the_second_way(self, challenge: str) -> None:
        assert send_sms(challenge).status == 202
        given = {"method": "sms", "code": code_in_last_sms(PHONE)}
        assert answer(challenge, given).status == 201

    def test_no_code_comes_unless_it_is_asked_for(self, challenge: str) -> None:
        assert not [text for text in sms_sent_to(PHONE) if "确认本次操作" in text]
        assert answer(challenge, {"method": "sms", "code": "123456"}).code == "CODE_EXPIRED"

    def test_a_code_for_something_else_is_none(self, challenge: str, test_clock: TestClock) -> None:
        test_clock.move(seconds=60)
        assert ask_code(purpose="sign_in").status == 202
        given = {"method": "sms", "code": code_in_last_sms(PHONE)}
        assert answer(challenge, given).code == "CODE_EXPIRED"

    def test_it_expires(
        self, authenticator: Authenticator, challenge: str, test_clock: TestClock
    ) -> None:
        test_clock.move(seconds=settings().challenge_seconds)
        assert ended(answer(challenge, totp(authenticator.code())))

    def test_tries_are_bounded(self, authenticator: Authenticator, challenge: str) -> None:
        wrong = other_than(authenticator.code())
        for _ in range(settings().code_tries):
            assert answer(challenge, totp(wrong)).code == "WRONG_CODE"
        assert ended(answer(challenge, totp(authenticator.code())))

    def test_a_try_is_counted_before_the_code_is_looked_at(
        self, authenticator: Authenticator, challenge: str
    ) -> None:
        """A process that dies once it has counted leaves no more than the tries that are left."""
        for _ in range(settings().code_tries):
            injection = Injection(Fault.DIES_AFTER, 4)
            with intercepted(injection.answer), pytest.raises(ProcessDied):
                answer(challenge, totp(authenticator.code()))
            assert injection.befell == ["TransactWriteItems"]
        assert ended(answer(challenge, totp(authenticator.code())))

    def test_a_code_of_another_person_is_wrong(self, challenge: str) -> None:
        bo = register(OTHER_PHONE)
        given = totp(turn_on(bo).code())
        assert answer(challenge, given).code == "WRONG_CODE"

    @pytest.mark.parametrize("known", [True, False])
    def test_what_is_over_is_answered_as_what_never_was(
        self, challenge: str, test_clock: TestClock, *, known: bool
    ) -> None:
        test_clock.move(seconds=settings().challenge_seconds)
        given = answer(challenge if known else "ch_nothing", totp("123456"))
        assert given.json == answer("ch_nothing", totp("123456")).json
        sent = send_sms(challenge if known else "ch_nothing")
        assert ended(sent)


class TestWhatWasProvenBefore:
    def test_tries_of_the_password_are_forgiven_at_the_end_only(
        self, authenticator: Authenticator
    ) -> None:
        sign_in(password="not the password")
        challenge = sign_in().json["challenge_id"]
        (tries,) = stored("PASSWORD")
        assert tries["made"] == {"N": "2"}
        answer(challenge, totp(other_than(authenticator.code())))
        assert len(stored("PASSWORD")) == 1
        assert answer(challenge, totp(authenticator.code())).status == 201
        assert stored("PASSWORD") == []

    def test_challenges_do_not_go_round_the_lock(self, authenticator: Authenticator) -> None:
        for _ in range(settings().sign_in_tries):
            sign_in()
        assert sign_in().code == "ACCOUNT_LOCKED"

    def test_a_changed_password_makes_it_worthless(
        self, ana: Person, authenticator: Authenticator, challenge: str
    ) -> None:
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        assert ana.call("PUT", "/v1/me/password", body).status == 204
        assert ended(answer(challenge, totp(authenticator.code())))

    def test_a_reset_password_makes_it_worthless(
        self,
        ana: Person,
        authenticator: Authenticator,
        challenge: str,
        test_clock: TestClock,
    ) -> None:
        test_clock.move(seconds=60)
        sent = ask_code(purpose="reset_password").json
        body = {
            "phone": PHONE,
            "verification_id": sent["verification_id"],
            "code": code_in_last_sms(PHONE),
            "new_password": NEW_PASSWORD,
            "second_factor": totp(authenticator.code()),
        }
        assert ana.call("POST", "/v1/password-resets", body).status == 204
        assert ended(answer(challenge, recovery(authenticator.recovery_codes[0])))

    def test_a_dispute_makes_it_worthless(
        self, ana: Person, authenticator: Authenticator, challenge: str
    ) -> None:
        events = ana.call("GET", "/v1/me/security-events").json["items"]
        path = f"/v1/me/security-events/{events[0]['event_id']}/dispute"
        assert ana.call("POST", path).status == 202
        assert ended(answer(challenge, totp(authenticator.code())))
        again = sign_in()
        assert again.status == 202
        assert answer(again.json["challenge_id"], totp(authenticator.code())).status == 201

    def test_strangers_who_ask_for_codes_do_not_keep_the_owner_out(self, challenge: str) -> None:
        ask_code(purpose="reset_password")
        assert send_sms(challenge).status == 202


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
def test_after_any_fault_there_is_one_session_or_a_new_try(
    ana: Person, authenticator: Authenticator, test_clock: TestClock, fault: Fault
) -> None:
    """Tokens whose answer was lost are gone; whoever has the factor signs in again."""
    for at in range(1, 20):
        challenge = sign_in().json["challenge_id"]
        test_clock.move(seconds=60)
        injection = Injection(fault, at)
        with intercepted(injection.answer):
            try:
                first = answer(challenge, totp(authenticator.code()))
            except ProcessDied:
                first = Answer(503, {}, "")
        again = answer(challenge, totp(authenticator.code(steps=1)))
        assert first.status in (201, 503), (fault, at, first.text)
        assert again.status == 201 or again.code == "CHALLENGE_ENDED", (fault, at, again.text)
        assert [first.status, again.status].count(201) <= 1
        if again.status != 201:
            test_clock.move(seconds=60)
            anew = sign_in().json["challenge_id"]
            assert answer(anew, totp(authenticator.code())).status == 201
        test_clock.move(seconds=60)
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")
