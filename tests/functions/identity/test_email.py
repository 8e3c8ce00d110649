"""PUT /v1/me/email and its confirmation: who reads the mail binds the address, and that is all."""

from contextlib import suppress
from typing import Any

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import CUTS, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import OTHER_PHONE, PHONE, sign_in, stored, wrong
from tests.people import PASSWORD, Person, mails_sent_to, register, six_digits_in, sms_sent_to

EMAIL, OTHER_EMAIL = "ana@post.example", "ana@work.example"


@pytest.fixture
def ana() -> Person:
    return register(PHONE)


def ask(person: Person, email: Any = EMAIL, password: str = PASSWORD) -> Answer:
    return person.call("PUT", "/v1/me/email", {"email": email, "password": password})


def confirm(person: Person, code: str) -> Answer:
    return person.call("POST", "/v1/me/email/confirm", {"code": code})


def code_mailed_to(email: str) -> str:
    return six_digits_in(mails_sent_to(email)[-1])


def bind(person: Person, email: str = EMAIL) -> None:
    assert ask(person, email).status == 202
    assert confirm(person, code_mailed_to(email)).status == 204


def is_bound(person: Person) -> bool:
    return bool(person.call("GET", "/v1/me").json["email_bound"])


def test_the_code_from_the_mail_binds_the_address(ana: Person) -> None:
    sent = ask(ana)
    assert (sent.status, sent.json["email"]) == (202, "a***@post.example")
    assert not is_bound(ana)
    answer = confirm(ana, code_mailed_to(EMAIL))

    assert (answer.status, answer.text) == (204, "")
    assert is_bound(ana)


def test_a_bound_address_gets_the_notices(ana: Person) -> None:
    bind(ana)
    change = {"current_password": PASSWORD, "new_password": "another quite long phrase"}
    ana.call("PUT", "/v1/me/password", change)

    assert "登录密码已更改" in mails_sent_to(EMAIL)[-1]
    assert "登录密码已更改" in sms_sent_to(PHONE)[-1]


def test_a_first_address_is_told_of_by_sms_and_starts_no_cool_down(ana: Person) -> None:
    bind(ana)

    assert "a***@post.example" in sms_sent_to(PHONE)[-1]
    assert ana.call("GET", "/v1/me").json["cool_down_until"] is None


def test_another_address_is_told_to_the_old_one_and_starts_a_cool_down(
    ana: Person, test_clock: TestClock
) -> None:
    bind(ana)
    bind(ana, OTHER_EMAIL)

    assert "a***@work.example" in mails_sent_to(EMAIL)[-1]
    assert ana.call("GET", "/v1/me").json["cool_down_until"] is not None


def test_an_address_that_is_not_confirmed_changes_nothing(ana: Person) -> None:
    bind(ana)
    ask(ana, OTHER_EMAIL)
    change = {"current_password": PASSWORD, "new_password": "another quite long phrase"}
    ana.call("PUT", "/v1/me/password", change)

    assert "登录密码已更改" in mails_sent_to(EMAIL)[-1]
    assert len(mails_sent_to(OTHER_EMAIL)) == 1


def test_the_last_address_asked_for_is_the_one_to_confirm(ana: Person) -> None:
    ask(ana)
    first = code_mailed_to(EMAIL)
    ask(ana, OTHER_EMAIL)

    assert confirm(ana, code_mailed_to(OTHER_EMAIL)).status == 204
    assert confirm(ana, wrong(first)).status == 422


def test_it_takes_the_password(ana: Person) -> None:
    answer = ask(ana, password="not the password")

    assert (answer.status, answer.code) == (403, "WRONG_CREDENTIALS")
    assert mails_sent_to(EMAIL) == []


def test_wrong_passwords_lock_the_session_as_they_lock_a_sign_in(ana: Person) -> None:
    for _ in range(settings().sign_in_tries):
        ask(ana, password="not the password")

    assert ask(ana).code == "ACCOUNT_LOCKED"
    assert sign_in().status == 201


def test_the_same_code_again_is_a_success(ana: Person) -> None:
    ask(ana)
    code = code_mailed_to(EMAIL)

    assert [confirm(ana, code).status for _ in range(2)] == [204, 204]


def test_a_code_can_be_guessed_five_times(ana: Person) -> None:
    ask(ana)
    code = code_mailed_to(EMAIL)
    for _ in range(settings().code_tries):
        assert confirm(ana, wrong(code)).code == "WRONG_CODE"

    assert confirm(ana, code).code == "CODE_EXPIRED"


def test_a_code_is_good_for_five_minutes(ana: Person, test_clock: TestClock) -> None:
    ask(ana)
    code = code_mailed_to(EMAIL)
    test_clock.move(seconds=settings().code_valid_seconds)

    assert confirm(ana, code).code == "CODE_EXPIRED"


def test_somebody_elses_code_is_of_no_use(ana: Person) -> None:
    bo = register(OTHER_PHONE)
    ask(bo, OTHER_EMAIL)

    assert confirm(ana, code_mailed_to(OTHER_EMAIL)).code == "CODE_EXPIRED"


def test_mails_are_sent_once_a_minute(ana: Person) -> None:
    ask(ana)
    again = ask(ana)

    assert (again.status, again.json["retry_after"]) == (429, settings().code_resend_seconds)


def test_a_user_can_have_so_many_mails_sent_a_day(ana: Person) -> None:
    statuses = [
        ask(ana, f"stranger{number}@post.example").status
        for number in range(settings().codes_per_user_per_day + 1)
    ]

    assert statuses == [202] * settings().codes_per_user_per_day + [429]


def test_when_ses_takes_no_mail_it_can_be_asked_again_at_once(ana: Person) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAIL_FROM", "nobody@unverified.example")
        settings.cache_clear()
        refused = ask(ana)
    settings.cache_clear()

    assert refused.status == 503
    assert ask(ana).status == 202


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  ana@post.example ", EMAIL),
        ("ana@POST.Example", EMAIL),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_spelling(ana: Person, typed: str, kept: str) -> None:
    assert ask(ana, typed).status == 202
    assert len(mails_sent_to(kept)) == 1


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ana",
        "ana@",
        "@post.example",
        "ana@post",
        "ana@post..example",
        "ana@-post.example",
        "a na@post.example",
        "ana@post.example\r\nBcc: eve@evil.example",
        "ana\r\nBcc:eve@evil.example",
        "ana\n@post.example",
        "ana@post.example,eve@evil.example",
        "ana@post.example eve@evil.example",
        "Ana <ana@post.example>",
        "ana\u0000@post.example",
        "\u0430na@post.example",
        f"{'a' * 65}@post.example",
        f"a@{'b' * 250}.example",
        "ana@eve@post.example",
        7,
        None,
        ["ana@post.example"],
    ],
)
def test_what_is_no_address_is_refused(ana: Person, email: object) -> None:
    answer = ask(ana, email)

    assert (answer.status, answer.json.get("field")) == (400, "email")
    assert stored("PENDING_EMAIL") == []


def test_the_address_is_nowhere_in_clear(ana: Person) -> None:
    bind(ana)

    assert [item for item in stored() if EMAIL in str(item)] == []


@pytest.mark.parametrize("fault", CUTS)
def test_after_a_fault_at_any_call_a_retry_binds_it(
    ana: Person, fault: Fault, test_clock: TestClock
) -> None:
    for at in range(1, 30):
        test_clock.move(hours=24)
        ana = ana.signed_in_again()
        email = f"ana{at}@post.example"
        assert ask(ana, email).status == 202
        code = code_mailed_to(email)
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied):
            confirm(ana, code)
        assert confirm(ana, code).status == 204
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/me/email", {"email": EMAIL, "password": PASSWORD}),
        ("POST", "/v1/me/email/confirm", {"code": "123456"}),
    ],
)
def test_it_takes_a_session(method: str, path: str, body: dict[str, str]) -> None:
    assert call(method, path, body).status == 401
