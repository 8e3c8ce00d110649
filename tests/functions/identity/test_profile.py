"""GET /v1/me: the owner, with the phone masked."""

import pytest

from tests.clock import TestClock
from tests.edge import call
from tests.faults import watched
from tests.functions.identity.asking import PHONE
from tests.people import register

pytestmark = pytest.mark.usefixtures("cloud")


def test_the_profile_shows_the_owner(test_clock: TestClock) -> None:
    person = register(PHONE, pay_password=False)
    test_clock.move(seconds=5)

    assert person.call("GET", "/v1/me").json == {
        "user_id": person.user_id,
        "phone": "+86138****0001",
        "language": "zh",
        "created_at": "2026-03-01T04:00:00.000Z",
        "pay_password_set": False,
    }


def test_the_profile_tells_that_a_pay_password_is_set() -> None:
    assert register(PHONE).call("GET", "/v1/me").json["pay_password_set"] is True


def test_the_profile_takes_one_round_trip() -> None:
    person = register(PHONE)
    with watched() as attempts:
        person.call("GET", "/v1/me")

    assert len(attempts) == 1


def test_the_profile_is_for_who_is_signed_in() -> None:
    assert call("GET", "/v1/me").status == 401
