"""Every operation, every token that is none, every other user's object: refused, in one way."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from app import app
from shared.settings import settings
from shared.web.operation import Operation
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.functions.bank_cards import bind, top_up, unused_phone
from tests.functions.withdrawals.asking import withdraw
from tests.people import Person, code_in_last_sms, fund, register
from tests.sandbox.running import RunningBank
from tests.shops import open_shop, pay

SIGNED_IN = [one for one in app.operations if one.scheme == "bearer"]
# What each body must be for the question to come up whose object it is.
BODIES: dict[str, Any] = {
    "POST /v1/cards/{card_id}/confirm": {"code": "123456"},
    "POST /v1/step-ups/{challenge_id}": {"method": "sms", "code": "123456"},
    "POST /v1/support/tickets/{ticket_id}/messages": {"message": "Hello"},
    "POST /v1/support/tickets/{ticket_id}/rating": {"score": 5},
}
# What anybody may look at who has its id: an order, before paying it.
OPEN_TO_ALL = {"order_id"}
NOBODYS_ID = "x_aaaaaaaaaaaaaaaaaaaaaaaaaa"


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def ask(operation: Operation, token: str | None, object_id: str = NOBODYS_ID) -> Answer:
    path = re.sub(r"\{\w+\}", object_id, operation.path)
    key = "a key" if operation.moves_money else None
    return call(operation.method, path, BODIES.get(name_of(operation)), token=token, key=key)


def no_token(ana: Person, bo: Person, clock: TestClock) -> str | None:
    return None


def truncated(ana: Person, bo: Person, clock: TestClock) -> str | None:
    return ana.token[:-1]


def changed(ana: Person, bo: Person, clock: TestClock) -> str | None:
    return ana.token[:-1] + ("A" if ana.token[-1] != "A" else "B")


def with_the_secret_of_another(ana: Person, bo: Person, clock: TestClock) -> str | None:
    return ana.token[:-43] + bo.token[-43:]


def to_refresh_by(ana: Person, bo: Person, clock: TestClock) -> str | None:
    return ana.refresh_token


def called_access(ana: Person, bo: Person, clock: TestClock) -> str | None:
    return ana.refresh_token.replace("uwr", "uwa")


def signed_out(ana: Person, bo: Person, clock: TestClock) -> str | None:
    ana.call("DELETE", "/v1/sessions/current")
    return ana.token


def expired(ana: Person, bo: Person, clock: TestClock) -> str | None:
    clock.move(seconds=settings().access_token_seconds)
    return ana.token


def replaced(ana: Person, bo: Person, clock: TestClock) -> str | None:
    call("POST", "/v1/sessions/refresh", {"refresh_token": ana.refresh_token})
    return ana.token


@pytest.mark.parametrize(
    "spoil",
    [
        no_token,
        truncated,
        changed,
        with_the_secret_of_another,
        to_refresh_by,
        called_access,
        signed_out,
        expired,
        replaced,
    ],
)
def test_no_operation_is_open_to_a_token_that_is_none(
    ana: Person,
    bo: Person,
    test_clock: TestClock,
    spoil: Callable[[Person, Person, TestClock], str | None],
) -> None:
    token = spoil(ana, bo, test_clock)
    answers = {name_of(one): ask(one, token) for one in SIGNED_IN}
    first = answers["GET /v1/me"]

    assert (first.status, first.code) == (401, "UNAUTHENTICATED")
    different = [name for name, answer in answers.items() if answer.text != first.text]
    assert different == []


def test_no_user_has_the_role_of_an_agent(ana: Person) -> None:
    for operation in SIGNED_IN:
        if operation.roles:
            assert ask(operation, ana.token).status in (401, 403), name_of(operation)


@pytest.fixture
def cy(cloud: None, test_clock: TestClock) -> Person:
    return register(unused_phone())


def objects_of(ana: Person, bank: RunningBank, payee: Person) -> dict[str, str]:
    """One of each kind of object that a path can name, all of one user."""
    fund(ana.user_id, 10_000_000)
    card_id = bind(ana, bank)
    events = ana.call("GET", "/v1/me/security-events").json["items"]
    asked = ana.call("POST", "/v1/support/tickets", {"subject": "It", "message": "It failed."})
    wanted = ana.call("POST", "/v1/wallet/statement-files", {"from": "2026-03-01T00:00:00Z"})
    return {
        "card_id": card_id,
        "statement_file_id": wanted.json["statement_file_id"],
        "ticket_id": asked.json["ticket_id"],
        "top_up_id": top_up(ana, card_id, 500, key="1").json["top_up_id"],
        "transfer_id": ana.send(payee, 100, key="2", arrive="next_day").json["transfer_id"],
        "challenge_id": ana.send(payee, 1_000_000, key="3").json["diagnosis"]["challenge_id"],
        "event_id": events[0]["event_id"],
        "payment_id": pay(ana, open_shop().order(), key="4").json["payment_id"],
        "session_id": ana.call("GET", "/v1/sessions").json["items"][0]["session_id"],
        "withdrawal_id": withdraw(ana, card_id, 500, key="4").json["withdrawal_id"],
    }


@pytest.mark.usefixtures("statement_places")
def test_objects_of_others_are_refused_in_the_words_for_what_is_not_there(
    ana: Person, bo: Person, cy: Person, bank: RunningBank
) -> None:
    objects = objects_of(ana, bank, cy)
    code = code_in_last_sms(ana.phone)
    asked = 0
    for operation in SIGNED_IN:
        kind = next(iter(re.findall(r"\{(\w+)\}", operation.path)), None)
        if kind is None or kind in OPEN_TO_ALL or operation.roles:
            continue
        assert kind in objects, f"make a {kind} of ana, for {name_of(operation)}"
        of_ana, of_nobody = ask(operation, bo.token, objects[kind]), ask(operation, bo.token)
        assert of_ana.code in ("NOT_FOUND", "CHALLENGE_ENDED"), name_of(operation)
        assert (of_ana.status, of_ana.text) == (of_nobody.status, of_nobody.text)
        asked += 1

    assert asked >= 9
    for path in (f"transfers/{objects['transfer_id']}", f"top-ups/{objects['top_up_id']}"):
        assert ana.call("GET", f"/v1/{path}").status == 200
    assert [card["status"] for card in ana.call("GET", "/v1/cards").json["items"]] == ["active"]
    assert ana.call("GET", "/v1/wallet").json["status"] == "active"
    given = {"method": "sms", "code": code}
    assert ana.call("POST", f"/v1/step-ups/{objects['challenge_id']}", given).status == 204
