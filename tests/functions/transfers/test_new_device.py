"""From a new device less can be sent in a day, for a day; small amounts go from anywhere."""

from collections.abc import Iterator

import pytest

from shared.settings import settings
from tests.clock import TestClock
from tests.edge import call
from tests.functions.meanwhile import meanwhile
from tests.people import PASSWORD, Person, code_in_last_sms, register

pytestmark = pytest.mark.usefixtures("cloud", "test_clock")

SMALL = settings().unguarded_day_limit_minor
REDUCED = settings().new_device_day_limit_minor


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    """Somebody on her first device, who has sent money before."""
    person = register("+8613800000001", funds=20 * REDUCED)
    return signed_in_on("d-1", person)


@pytest.fixture
def bo() -> Person:
    return register("+8613800000002")


@pytest.fixture
def one_fen_from_new_devices(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NEW_DEVICE_DAY_LIMIT_MINOR", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def signed_in_on(device_id: str, person: Person) -> Person:
    body = {"phone": person.phone, "password": PASSWORD, "device": {"id": device_id}}
    made = call("POST", "/v1/sessions", body)
    if made.status == 202:
        given = {"method": "sms", "code": code_in_last_sms(person.phone)}
        made = call("POST", f"/v1/sessions/challenges/{made.json['challenge_id']}", given)
    tokens = made.json["tokens"]
    return Person(person.phone, person.user_id, tokens["access_token"], tokens["refresh_token"])


def limit_of(person: Person) -> dict[str, int]:
    limit: dict[str, int] = person.call("GET", "/v1/wallet").json["limits"]["transfer"]
    return limit


def test_it_is_shown_what_holds_for_the_device_that_asks(ana: Person) -> None:
    new = signed_in_on("d-2", ana)

    assert limit_of(ana)["per_day"] == settings().transfer_day_limit_minor
    assert limit_of(new)["per_day"] == limit_of(new)["per_transaction"] == REDUCED
    assert new.call("GET", "/v1/wallet").json["limits"]["top_up"]["per_day"] > REDUCED


def test_no_more_than_that_can_be_sent(ana: Person, bo: Person, test_clock: TestClock) -> None:
    new = signed_in_on("d-2", ana)
    test_clock.move(minutes=2)
    refused = new.send(bo, REDUCED + 1, key="a")

    assert (refused.status, refused.code) == (422, "LIMIT_EXCEEDED")
    assert "新设备每日转账限额 5000.00 CNY" in refused.json["detail"]
    assert new.send_with_step(bo, REDUCED, key="b").status == 201
    assert new.send(bo, 1, key="c").code == "LIMIT_EXCEEDED"
    test_clock.move(minutes=2)
    assert ana.send(bo, REDUCED, key="d").status == 201
    assert bo.available == 2 * REDUCED


def test_what_was_sent_from_others_that_day_counts(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    assert ana.send_with_step(bo, REDUCED, key="a").status == 201
    test_clock.move(minutes=2)

    assert signed_in_on("d-2", ana).send(bo, 1, key="b").code == "LIMIT_EXCEEDED"


def test_it_is_a_condition_of_the_write(ana: Person, bo: Person, test_clock: TestClock) -> None:
    """What is sent from another device in between counts, too: no read decides."""
    new = signed_in_on("d-2", ana)
    with meanwhile(lambda: ana.send(bo, SMALL, key="a", arrive="next_day")):
        answer = new.send(bo, SMALL, key="b", arrive="next_day")

    assert answer.code in ("STEP_UP_REQUIRED", "SERVICE_UNAVAILABLE")
    assert limit_of(new)["used"] == SMALL


@pytest.mark.usefixtures("one_fen_from_new_devices")
def test_small_amounts_of_a_day_just_go(ana: Person, bo: Person) -> None:
    new = signed_in_on("d-2", ana)

    assert limit_of(new)["per_day"] == SMALL
    assert new.send(bo, SMALL, key="a").status == 201


def test_it_ends_after_a_day(ana: Person, test_clock: TestClock) -> None:
    signed_in_on("d-2", ana)
    test_clock.move(seconds=settings().new_device_seconds - 1)
    assert limit_of(signed_in_on("d-2", ana))["per_day"] == REDUCED
    test_clock.move(seconds=1)

    assert limit_of(signed_in_on("d-2", ana))["per_day"] == settings().transfer_day_limit_minor
