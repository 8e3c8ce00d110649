"""What owners are told: in both languages, after the deed, for sure, never at the cost of it."""

import io
import string
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from functions.identity import sealed
from functions.identity.contacts import sealed_email
from functions.identity.events import on_notice_schedule
from functions.identity.locks import tell_of_locks
from functions.identity.notice_texts import FRAME, SUBJECT, TEXTS
from functions.identity.notices import Notice, Telling, send_waiting, telling
from functions.identity.records import User, user_key
from shared.settings import settings
from shared.sweep import SweepIncomplete
from shared.table import read, write
from tests.clock import TestClock
from tests.conftest import forget_secrets
from tests.edge import call
from tests.faults import Attempt, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import (
    OTHER_PHONE,
    PHONE,
    ask_code,
    registration,
    sign_in,
    stored,
)
from tests.functions.identity.second_factor import TOTP, TWO_FACTOR, full_proof, totp, turn_on
from tests.functions.scheduled import TICK
from tests.people import (
    PASSWORD,
    PAY_PASSWORD,
    Person,
    code_in_last_sms,
    mails_sent_to,
    register,
    six_digits_in,
    sms_sent_to,
)

NEW_PASSWORD = "another quite long phrase"
EMAIL = "ana@post.example"


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


def user_of(person: Person) -> User:
    key = user_key(person.user_id)
    user = read([key]).one(User, key)
    assert user is not None
    return user


def change_password(person: Person) -> int:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    return person.call("PUT", "/v1/me/password", body).status


def written(told: Telling) -> Telling:
    write(told.writing)
    return told


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def words_of(notice: Notice) -> str:
    """The words of a notice before the first place to be filled."""
    return TEXTS[notice].zh.partition("{")[0]


def fails(attempt: Attempt, operation: str) -> object:
    """What becomes of an attempt while one operation gets no answer."""
    if attempt.operation == operation:
        return None, ReadTimeoutError(endpoint_url="https://silent.example")
    return attempt.make()


Act = Callable[[], object]


def _new_password(ana: Person) -> Act:
    return lambda: change_password(ana)


def _reset(ana: Person) -> Act:
    sent = ask_code(PHONE, "reset_password").json["verification_id"]
    body = {"phone": PHONE, "verification_id": sent, "code": code_in_last_sms(PHONE)}
    return lambda: call("POST", "/v1/password-resets", body | {"new_password": NEW_PASSWORD})


def _new_pay_password(ana: Person) -> Act:
    body = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
    assert ana.call("PUT", "/v1/me/pay-password", body).status == 204
    return lambda: ana.call("PUT", "/v1/me/pay-password", body | {"pay_password": "908172"})


def _wrong_pay_passwords(ana: Person) -> Act:
    _new_pay_password(ana)
    payee = Person(OTHER_PHONE, "", "", "")

    def guess() -> object:
        return ana.send(payee, 1, key="k", pay_password="111222")

    for _ in range(settings().pay_password_tries - 1):
        assert guess()
    return guess


def _new_device(ana: Person) -> Act:
    body = {"phone": PHONE, "password": PASSWORD, "device": {"id": "d-2"}}
    challenge_id = call("POST", "/v1/sessions", body).json["challenge_id"]
    given = {"method": "sms", "code": code_in_last_sms(PHONE)}
    return lambda: call("POST", f"/v1/sessions/challenges/{challenge_id}", given)


def _new_phone(ana: Person) -> Act:
    sent = ask_code(OTHER_PHONE, "change_phone").json["verification_id"]
    leaving = ana.call("POST", "/v1/me/phone/codes").json["verification_id"]
    body = {
        "phone": OTHER_PHONE,
        "verification_id": sent,
        "code": code_in_last_sms(OTHER_PHONE),
        "password": PASSWORD,
        "old_phone": {"verification_id": leaving, "code": code_in_last_sms(PHONE)},
    }
    return lambda: ana.call("PUT", "/v1/me/phone", body)


def _new_email(ana: Person) -> Act:
    assert ana.call("PUT", "/v1/me/email", {"email": EMAIL, "password": PASSWORD}).status == 202
    code = six_digits_in(mails_sent_to(EMAIL)[-1])
    return lambda: ana.call("POST", "/v1/me/email/confirm", {"code": code})


def _two_factor_on(ana: Person) -> Act:
    return lambda: turn_on(ana)


def _two_factor_off(ana: Person) -> Act:
    given = full_proof(totp(turn_on(ana).code()))
    return lambda: ana.call("DELETE", TOTP, given)


def _new_recovery_codes(ana: Person) -> Act:
    given = full_proof(totp(turn_on(ana).code()))
    return lambda: ana.call("POST", f"{TWO_FACTOR}/recovery-codes", given)


def _dispute(ana: Person) -> Act:
    (event,) = ana.call("GET", "/v1/me/security-events").json["items"]
    return lambda: ana.call("POST", f"/v1/me/security-events/{event['event_id']}/dispute")


def _closing(ana: Person) -> Act:
    return lambda: ana.call("DELETE", "/v1/me", {"password": PASSWORD})


def _lock(ana: Person) -> Act:
    for _ in range(settings().sign_in_tries):
        assert sign_in(password="not the password").status == 401
    return tell_of_locks


ACTS: dict[Notice, Callable[[Person], Act]] = {
    Notice.PASSWORD_CHANGED: _new_password,
    Notice.PASSWORD_RESET: _reset,
    Notice.PAY_PASSWORD_CHANGED: _new_pay_password,
    Notice.PAY_PASSWORD_LOCKED: _wrong_pay_passwords,
    Notice.NEW_DEVICE: _new_device,
    Notice.PHONE_CHANGED: _new_phone,
    Notice.EMAIL_CHANGED: _new_email,
    Notice.TWO_FACTOR_ENABLED: _two_factor_on,
    Notice.TWO_FACTOR_DISABLED: _two_factor_off,
    Notice.RECOVERY_CODES_RENEWED: _new_recovery_codes,
    Notice.DISPUTED: _dispute,
    Notice.ACCOUNT_CLOSED: _closing,
    Notice.LOCKED: _lock,
}


@pytest.mark.parametrize("notice", list(Notice))
def test_every_notice_says_the_same_in_both_languages(notice: Notice) -> None:
    texts = TEXTS[notice]
    # What is put in there is a sentence of its own, or nothing.
    zh, en = (text.removesuffix("{factor}").rstrip() for text in (texts.zh, texts.en))

    assert places(texts.zh) == places(texts.en)
    assert zh.endswith("。")
    assert en.endswith(".")


@pytest.mark.parametrize("texts", [FRAME, SUBJECT, *TEXTS.values()])
def test_no_notice_holds_a_link(texts: Any) -> None:
    assert not any("://" in text or "www." in text for text in texts)


def test_a_notice_follows_the_language_of_its_user(ana: Person) -> None:
    user = user_of(ana)
    user.language, user.email = "en", sealed_email(ana.user_id, EMAIL)
    written(telling(user, Notice.PASSWORD_CHANGED)).send()

    assert sms_sent_to(PHONE)[-1].startswith("U Wallet: your password was changed")
    (mail,) = mails_sent_to(EMAIL)
    assert mail.startswith("U Wallet: about the security of your account\n\nU Wallet: your")


def test_a_changed_password_is_told(ana: Person) -> None:
    assert change_password(ana) == 204

    assert "登录密码已更改" in sms_sent_to(PHONE)[-1]


def test_a_changed_pay_password_is_told_and_a_first_one_is_not(ana: Person) -> None:
    assert "支付密码" not in str(sms_sent_to(PHONE))
    body = {"password": PASSWORD, "pay_password": "908172"}
    ana.call("PUT", "/v1/me/pay-password", body)

    assert "支付密码已更改" in sms_sent_to(PHONE)[-1]


def test_what_is_refused_is_not_told(ana: Person) -> None:
    told = len(sms_sent_to(PHONE))
    body = {"current_password": "not the password", "new_password": NEW_PASSWORD}
    assert ana.call("PUT", "/v1/me/password", body).status == 403

    assert len(sms_sent_to(PHONE)) == told


@pytest.mark.parametrize("operation", ["Publish", "Decrypt"])
def test_a_notice_that_fails_undoes_nothing(
    ana: Person, operation: str, log_text: io.StringIO, test_clock: TestClock
) -> None:
    changed = False

    def silent_after_the_change(attempt: Attempt) -> object:
        nonlocal changed
        if changed and attempt.operation == operation:
            return None, ReadTimeoutError(endpoint_url="https://silent.example")
        answer = attempt.make()
        if "password_changed_at" in str(attempt.request):
            changed = True
            sealed.forget()
        return answer

    with intercepted(silent_after_the_change):
        status = change_password(ana)

    assert status == 204
    assert sign_in(password=NEW_PASSWORD).status == 201
    assert "owner_not_told" in log_text.getvalue()
    test_clock.move(seconds=settings().notice_wait_seconds)
    assert send_waiting() == 1
    assert "登录密码已更改" in sms_sent_to(PHONE)[-1]
    assert stored("NOTICE#") == []


def test_a_notice_comes_after_the_change(ana: Person) -> None:
    order: list[str] = []

    def watching(attempt: Attempt) -> object:
        answer = attempt.make()
        if attempt.operation == "Publish" or "password_changed_at" in str(attempt.request):
            order.append(attempt.operation)
        return answer

    with intercepted(watching):
        change_password(ana)

    assert order == ["TransactWriteItems", "Publish"]


def test_a_name_in_a_notice_is_made_harmless(ana: Person) -> None:
    name = "phone\r\nhttps://evil.example/" + "x" * 90
    telling(user_of(ana), Notice.NEW_DEVICE, device=name, place="CN").send()
    text = sms_sent_to(PHONE)[-1]

    assert "\n" not in text
    assert "://" not in text
    assert len(text) < 200


class TestNoneIsLost:
    """The process dies right after the change, before anybody was told of it."""

    @pytest.fixture
    def ana(self, test_clock: TestClock) -> Person:
        """On her first device."""
        made = call("POST", "/v1/users", registration(device={"id": "d-1"})).json
        test_clock.move(minutes=2)
        return Person(PHONE, made["user_id"], made["tokens"]["access_token"], "")

    @pytest.mark.parametrize("notice", list(ACTS))
    def test_it_is_told_once_by_schedule(
        self, ana: Person, notice: Notice, test_clock: TestClock
    ) -> None:
        deaths = 0

        def dies_after_the_change(attempt: Attempt) -> object:
            nonlocal deaths
            answer = attempt.make()
            if attempt.operation == "TransactWriteItems" and "NOTICE#" in str(attempt.request):
                deaths += 1
                raise ProcessDied
            return answer

        act = ACTS[notice](ana)
        test_clock.move(seconds=10)  # a lock is looked at a little later
        with intercepted(dies_after_the_change), pytest.raises(ProcessDied):
            act()
        forget_secrets()
        told = len(sms_sent_to(PHONE))
        on_notice_schedule(TICK, None)
        assert len(sms_sent_to(PHONE)) == told
        test_clock.move(seconds=settings().notice_wait_seconds)
        for _ in range(2):
            on_notice_schedule(TICK, None)

        assert deaths == 1
        assert len(sms_sent_to(PHONE)) == told + 1
        assert words_of(notice) in sms_sent_to(PHONE)[-1]
        assert stored("NOTICE#") == []

    @pytest.mark.parametrize("fault", list(Fault))
    @pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6])
    def test_a_fault_of_the_schedule_loses_none(
        self, ana: Person, fault: Fault, at: int, test_clock: TestClock
    ) -> None:
        write(telling(user_of(ana), Notice.PASSWORD_CHANGED).writing)
        test_clock.move(seconds=settings().notice_wait_seconds)
        with intercepted(Injection(fault, at).answer), suppress(ProcessDied, SweepIncomplete):
            send_waiting()
        forget_secrets()
        test_clock.move(hours=1)
        send_waiting()

        assert words_of(Notice.PASSWORD_CHANGED) in str(sms_sent_to(PHONE))
        assert stored("NOTICE#") == []

    def test_only_the_way_that_failed_is_tried_again(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        user = user_of(ana)
        user.email = sealed_email(ana.user_id, EMAIL)
        told = written(telling(user, Notice.DISPUTED))
        with intercepted(lambda attempt: fails(attempt, "SendEmail")):
            told.send()
        assert len(sms_sent_to(PHONE)) == 2
        assert mails_sent_to(EMAIL) == []
        test_clock.move(seconds=settings().notice_wait_seconds)
        send_waiting()

        assert len(sms_sent_to(PHONE)) == 2
        assert len(mails_sent_to(EMAIL)) == 1

    def test_what_can_not_be_sent_is_given_up_and_counted(
        self,
        ana: Person,
        test_clock: TestClock,
        log_text: io.StringIO,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        write(telling(user_of(ana), Notice.DISPUTED).writing)
        with intercepted(lambda attempt: fails(attempt, "Publish")):
            for _ in range(settings().notice_tries + 3):
                test_clock.move(hours=24)
                send_waiting()

        assert log_text.getvalue().count("owner_not_told") == settings().notice_tries
        assert log_text.getvalue().count("notice_given_up") == 1
        assert capsys.readouterr().out.count('"NoticesGivenUp"') > 0
        (left,) = stored("NOTICE#")
        assert "due_at" not in left

    def test_the_pauses_grow(self, ana: Person, test_clock: TestClock) -> None:
        write(telling(user_of(ana), Notice.DISPUTED).writing)
        wait, handled = settings().notice_wait_seconds, []
        with intercepted(lambda attempt: fails(attempt, "Publish")):
            for _ in range(4):
                test_clock.move(seconds=wait)
                handled.append(send_waiting())

        assert handled == [1, 1, 0, 1]
