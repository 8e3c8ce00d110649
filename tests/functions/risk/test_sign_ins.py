"""Sign-ins under the rules: the password alone is not enough where it comes from nowhere likely."""

import pytest

from tests.clock import TestClock
from tests.edge import Answer, call
from tests.functions.risk.recorded import decisions, risk_of
from tests.people import PASSWORD, Person, code_in_last_sms, register

PHONE = "+8613800000001"


@pytest.fixture
def ana(cloud: None, test_clock: TestClock) -> Person:
    return register(PHONE, pay_password=False)


def sign_in(country: str = "", password: str = PASSWORD) -> Answer:
    headers = {"CloudFront-Viewer-Country": country} if country else {}
    return call("POST", "/v1/sessions", {"phone": PHONE, "password": password}, headers=headers)


@pytest.mark.usefixtures("ana")
def test_a_plain_yes_is_kept_in_the_event_of_the_sign_in() -> None:
    assert sign_in("CN").status == 201

    assert risk_of("EVENT#") == [{"action": "allow"}]
    assert decisions() == []


@pytest.mark.usefixtures("ana")
def test_two_countries_within_an_hour_take_a_second_step(test_clock: TestClock) -> None:
    sign_in("CN")
    test_clock.move(hours=1)
    answer = sign_in("BR")

    assert answer.status == 202
    assert answer.json["methods"] == ["sms"]
    (decision,) = decisions()
    assert (decision["action"], decision["reasons"]) == ("step_up", ["impossible_travel"])
    assert (decision["facts"]["country"], decision["facts"]["last_country"]) == ("BR", "CN")


@pytest.mark.usefixtures("ana")
def test_who_takes_the_step_is_there_from_then_on(test_clock: TestClock) -> None:
    sign_in("CN")
    test_clock.move(hours=1)
    challenge_id = sign_in("BR").json["challenge_id"]
    answer = call(
        "POST",
        f"/v1/sessions/challenges/{challenge_id}",
        {"method": "sms", "code": code_in_last_sms(PHONE)},
        headers={"CloudFront-Viewer-Country": "BR"},
    )
    test_clock.move(hours=1)

    assert answer.status == 201
    assert sign_in("BR").status == 201
    assert sign_in("CN").status == 202


@pytest.mark.parametrize(
    ("country", "hours"), [("BR", 4), ("CN", 0), ("HK", 0), ("MO", 1), ("", 0)]
)
@pytest.mark.usefixtures("ana")
def test_where_one_may_well_be_the_password_is_enough(
    test_clock: TestClock, country: str, hours: int
) -> None:
    sign_in("CN")
    test_clock.move(hours=hours)

    assert sign_in(country).status == 201


@pytest.mark.usefixtures("ana")
def test_a_wrong_password_is_not_told_of_the_rules(test_clock: TestClock) -> None:
    sign_in("CN")
    answer = sign_in("BR", "not the password")

    assert (answer.status, answer.code) == (401, "WRONG_CREDENTIALS")
    assert decisions() == []


@pytest.mark.usefixtures("ana")
def test_very_many_sign_ins_in_an_hour_take_a_second_step(test_clock: TestClock) -> None:
    statuses = [sign_in().status for _ in range(60)]

    assert statuses == [201] * 59 + [202]
    test_clock.move(hours=1)
    assert sign_in().status == 201
