"""What owners are told: in both languages, after the deed, and never at the cost of it."""

import io
import string
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from functions.identity import sealed
from functions.identity.notice_texts import FRAME, SUBJECT, TEXTS
from functions.identity.notices import Contact, Notice, tell_owner
from functions.identity.records import User, user_key
from shared.table import read
from tests.faults import Attempt, intercepted
from tests.functions.identity.asking import PHONE, sign_in
from tests.people import PASSWORD, Person, mails_sent_to, register, sms_sent_to

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


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("notice", list(Notice))
def test_every_notice_says_the_same_in_both_languages(notice: Notice) -> None:
    texts = TEXTS[notice]

    assert places(texts.zh) == places(texts.en)
    assert texts.zh.endswith("。")
    assert texts.en.endswith(".")


@pytest.mark.parametrize("texts", [FRAME, SUBJECT, *TEXTS.values()])
def test_no_notice_holds_a_link(texts: Any) -> None:
    assert not any("://" in text or "www." in text for text in texts)


def test_a_notice_follows_the_language_of_its_user(ana: Person) -> None:
    user = user_of(ana)
    user.language = "en"
    tell_owner(user, Notice.PASSWORD_CHANGED, to=Contact(PHONE, EMAIL))

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
    ana: Person, operation: str, log_text: io.StringIO
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
    tell_owner(user_of(ana), Notice.NEW_DEVICE, device=name, place="CN")
    text = sms_sent_to(PHONE)[-1]

    assert "\n" not in text
    assert "://" not in text
    assert len(text) < 200
