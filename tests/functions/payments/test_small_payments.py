"""GET and PUT /v1/me/small-payments: what goes out without a question is the user's choice."""

import pytest

from tests.people import PAY_PASSWORD, Person
from tests.shops import Shop, payment_code

PATH = "/v1/me/small-payments"


def shown(person: Person) -> tuple[int, int, int, int]:
    answer = person.call("GET", PATH)
    assert answer.status == 200, answer.text
    told = answer.json
    return told["per_payment"], told["per_day"], told["used"], told["remaining"]


def allow(person: Person, at_once: int, in_a_day: int, **more: str) -> str:
    """What is answered: a code, or nothing where it is done."""
    body = {"per_payment": at_once, "per_day": in_a_day} | more
    answer = person.call("PUT", PATH, body)
    return "" if answer.status == 200 else str(answer.code)


def test_at_first_all_is_allowed_that_the_house_allows(shop: Shop, ana: Person) -> None:
    assert shown(ana) == (20_000, 100_000, 0, 100_000)
    shop.charge(payment_code(ana), 1_500)
    assert shown(ana) == (20_000, 100_000, 1_500, 98_500)


def test_less_is_allowed_without_a_pay_password_and_holds(shop: Shop, ana: Person) -> None:
    assert allow(ana, 1_000, 1_500) == ""

    assert shop.charge(payment_code(ana), 1_001).status == 202
    assert shop.charge(payment_code(ana), 1_000).status == 201
    assert shop.charge(payment_code(ana), 501).status == 202
    assert shop.charge(payment_code(ana), 500).status == 201
    assert shown(ana) == (1_000, 1_500, 1_500, 0)


def test_switched_off_everything_is_asked(shop: Shop, ana: Person) -> None:
    assert allow(ana, 0, 0) == ""

    assert shop.charge(payment_code(ana), 1).status == 202


@pytest.mark.parametrize("more", [(1_001, 1_500), (1_000, 1_501)])
def test_more_takes_the_pay_password(ana: Person, more: tuple[int, int]) -> None:
    allow(ana, 1_000, 1_500)

    assert allow(ana, *more) == "PAY_PASSWORD_REQUIRED"
    assert allow(ana, *more, pay_password="000001") == "WRONG_PAY_PASSWORD"
    assert shown(ana)[:2] == (1_000, 1_500)
    assert allow(ana, *more, pay_password=PAY_PASSWORD) == ""
    assert shown(ana)[:2] == more


def test_change_is_a_security_event_and_the_same_again_is_none(ana: Person) -> None:
    for _ in range(2):
        assert allow(ana, 1_000, 1_500) == ""

    events = ana.call("GET", "/v1/me/security-events").json["items"]
    told = [event["details"] for event in events if event["kind"] == "small_payments_changed"]
    assert told == [
        {"per_payment": "200.00 CNY -> 10.00 CNY", "per_day": "1000.00 CNY -> 15.00 CNY"}
    ]


def test_no_user_allows_more_than_the_house(ana: Person, shop: Shop) -> None:
    assert allow(ana, 10**9, 10**9, pay_password=PAY_PASSWORD) == ""

    assert shown(ana)[:2] == (20_000, 100_000)
