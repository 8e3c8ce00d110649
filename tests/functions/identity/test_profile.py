"""GET /v1/me: the owner, with the phone masked."""

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import call
from tests.faults import watched
from tests.functions.identity.asking import PHONE
from tests.people import PASSWORD, Person, register


def test_the_profile_shows_the_owner(test_clock: TestClock) -> None:
    person = register(PHONE, pay_password=False)
    test_clock.move(seconds=5)

    assert person.call("GET", "/v1/me").json == {
        "user_id": person.user_id,
        "phone": "+86138****0001",
        "language": "zh",
        "created_at": "2026-03-01T04:00:00.000Z",
        "pay_password_set": False,
        "email_bound": False,
        "password": {"changed_at": "2026-03-01T04:00:00.000Z", "renew_advised": False},
        "cool_down_until": None,
    }


def test_a_new_password_is_advised_after_a_time_and_not_forced(test_clock: TestClock) -> None:
    person = register(PHONE, pay_password=False)
    test_clock.move(seconds=settings().password_renew_seconds - 1)
    assert not password_of(person.signed_in_again())["renew_advised"]
    test_clock.move(seconds=1)
    person = person.signed_in_again()
    assert password_of(person)["renew_advised"]
    change = {"current_password": PASSWORD, "new_password": "another quite long phrase"}
    person.call("PUT", "/v1/me/password", change)

    assert password_of(person) == {
        "changed_at": "2026-08-28T04:00:00.000Z",
        "renew_advised": False,
    }


def password_of(person: Person) -> dict[str, object]:
    shown: dict[str, object] = person.call("GET", "/v1/me").json["password"]
    return shown


def test_the_profile_tells_that_a_pay_password_is_set() -> None:
    assert register(PHONE).call("GET", "/v1/me").json["pay_password_set"] is True


def test_the_profile_takes_one_round_trip() -> None:
    person = register(PHONE)
    with watched() as attempts:
        person.call("GET", "/v1/me")

    assert len(attempts) == 1


def test_the_profile_is_for_who_is_signed_in() -> None:
    assert call("GET", "/v1/me").status == 401
