"""GET /v1/me/security-events: what happened, with device and place, and without a secret."""

from collections.abc import Callable

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import call
from tests.functions.identity.asking import OTHER_PHONE, PHONE, refresh, sign_in, stored
from tests.people import PASSWORD, PAY_PASSWORD, Person, register

DEVICE = {"id": "d-1", "name": "Ana 的手机", "platform": "ios", "app_version": "1.2.3"}
PATH = "/v1/me/security-events"


@pytest.fixture
def ana() -> Person:
    return register(PHONE, pay_password=False)


@pytest.fixture
def bo() -> Person:
    return register(OTHER_PHONE, pay_password=False)


def events(person: Person) -> list[dict[str, object]]:
    answer = person.call("GET", f"{PATH}?limit=100")
    assert answer.status == 200, answer.text
    items: list[dict[str, object]] = answer.json["items"]
    return items


def kinds(person: Person) -> list[object]:
    return [event["kind"] for event in events(person)]


def changed_password(person: Person) -> None:
    change = {"current_password": PASSWORD, "new_password": "another secret phrase"}
    assert person.call("PUT", "/v1/me/password", change).status == 204


def set_pay_password(person: Person, pay_password: str = PAY_PASSWORD) -> None:
    body = {"password": PASSWORD, "pay_password": pay_password}
    assert person.call("PUT", "/v1/me/pay-password", body).status == 204


def guessed_pay_password(person: Person) -> None:
    set_pay_password(person)
    person.send(register(OTHER_PHONE), 1, key="k", pay_password="111222")


def locked_pay_password(person: Person) -> None:
    set_pay_password(person)
    payee = register(OTHER_PHONE)
    for number in range(settings().pay_password_tries):
        person.send(payee, 1, key=f"k{number}", pay_password="111222")


def changed_pay_password(person: Person) -> None:
    set_pay_password(person)
    set_pay_password(person, "314159")


def ended_session(person: Person) -> None:
    other = person.signed_in_again()
    assert other.call("DELETE", "/v1/sessions/current").status == 204


def reused_refresh_token(person: Person) -> None:
    other = person.signed_in_again()
    tokens = refresh(other.refresh_token).json["tokens"]
    refresh(tokens["refresh_token"])
    assert refresh(other.refresh_token).status == 401


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda _: None, "registered"),
        (lambda _: sign_in(), "signed_in"),
        (lambda _: sign_in(password="not the password"), "sign_in_failed"),
        (changed_password, "password_changed"),
        (set_pay_password, "pay_password_set"),
        (changed_pay_password, "pay_password_changed"),
        (guessed_pay_password, "pay_password_refused"),
        (locked_pay_password, "pay_password_locked"),
        (ended_session, "session_ended"),
        (reused_refresh_token, "refresh_token_reused"),
    ],
)
def test_what_happens_is_told_once(ana: Person, act: Callable[[Person], object], kind: str) -> None:
    act(ana)

    assert kinds(ana).count(kind) == 1


def test_a_wrong_password_of_somebody_signed_in_is_told(ana: Person) -> None:
    body = {"password": "not the password", "pay_password": PAY_PASSWORD}
    ana.call("PUT", "/v1/me/pay-password", body)

    assert sorted(map(str, kinds(ana))) == ["password_refused", "registered"]


def test_an_event_says_which_device_and_where(ana: Person) -> None:
    body = {"phone": PHONE, "password": PASSWORD, "device": DEVICE}
    headers = {"CloudFront-Viewer-Country": "SG"}
    call("POST", "/v1/sessions", body, headers=headers, address="198.51.100.9")

    (event,) = (one for one in events(ana) if one["kind"] == "signed_in")
    assert event["device"] == DEVICE
    assert (event["address"], event["country"]) == ("198.51.100.9", "SG")
    assert event["created_at"] == "2026-03-01T04:00:00.000Z"
    assert event["disputed"] is False


def test_a_change_says_from_which_signed_in_device(ana: Person) -> None:
    body = {"phone": PHONE, "password": PASSWORD, "device": DEVICE}
    token = call("POST", "/v1/sessions", body).json["tokens"]["access_token"]
    change = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
    call("PUT", "/v1/me/pay-password", change, token=token)

    (event,) = (one for one in events(ana) if one["kind"] == "pay_password_set")
    assert event["device"] == DEVICE


def test_the_newest_comes_first(ana: Person, test_clock: TestClock) -> None:
    for _ in range(3):
        test_clock.move(minutes=1)
        sign_in()
    times = [str(event["created_at"]) for event in events(ana)]

    assert times == sorted(times, reverse=True)
    assert kinds(ana) == ["signed_in", "signed_in", "signed_in", "registered"]


def test_pages_hold_every_event_once(ana: Person, test_clock: TestClock) -> None:
    for _ in range(6):
        test_clock.move(minutes=1)
        sign_in()
    seen, cursor = [], ""
    for _ in range(4):
        page = ana.call("GET", f"{PATH}?limit=2{cursor}").json
        seen += [event["event_id"] for event in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"

    assert page["next_cursor"] is None
    assert seen == [event["event_id"] for event in events(ana)]
    assert len(set(seen)) == 7


def test_a_cursor_of_somebody_else_is_refused(ana: Person, bo: Person) -> None:
    sign_in()
    cursor = ana.call("GET", f"{PATH}?limit=1").json["next_cursor"]
    answer = bo.call("GET", f"{PATH}?limit=1&cursor={cursor}")

    assert (answer.status, answer.code) == (400, "INVALID_CURSOR")


def test_nobody_sees_the_events_of_others(ana: Person, bo: Person) -> None:
    sign_in(PHONE, "not the password")

    assert kinds(bo) == ["registered"]


def test_a_guess_at_a_phone_of_nobody_is_nobodys_event(ana: Person) -> None:
    sign_in(OTHER_PHONE, "not the password")
    bo = register(OTHER_PHONE, pay_password=False)

    assert kinds(bo) == ["registered"]
    assert kinds(ana) == ["registered"]


def test_events_are_kept_for_a_while(ana: Person, test_clock: TestClock) -> None:
    test_clock.move(seconds=settings().security_events_kept_seconds + 1)
    again = ana.signed_in_again()

    assert kinds(again) == ["signed_in"]
    ends = [int(item["ttl"]["N"]) for item in stored("EVENT#")]
    assert min(ends) < test_clock.seconds < max(ends)


def test_what_the_rules_decided_is_not_shown(ana: Person) -> None:
    sign_in()
    shown = set().union(*events(ana))

    assert shown == {
        "event_id", "kind", "created_at", "device", "address", "country", "details", "disputed",
    }  # fmt: skip
