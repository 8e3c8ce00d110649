"""Whose a socket is: proved by its first frame, and only as long as the session stands."""

import json
from collections.abc import Callable

import pytest

from functions.agents.records import Agent as AgentRecord
from functions.agents.records import agent_key
from functions.support.chat.events import on_silence_schedule
from shared.settings import settings
from shared.table import change
from tests.agents import Agent, at_work
from tests.chatting import Device, Gateway
from tests.clock import TestClock
from tests.edge import call
from tests.functions.bank_cards import unused_phone
from tests.functions.scheduled import TICK
from tests.functions.support.chat.test_talking import begin, only, said
from tests.people import PASSWORD, Person, register


def refused(device: Device, frame: object) -> None:
    """It hears that it is nobody, and is closed."""
    device.send(frame if isinstance(frame, str) else json.dumps(frame))
    refusal = only("error", device.came())
    assert (refusal["status"], refusal["code"]) == (401, "UNAUTHENTICATED")
    assert not device.is_open


@pytest.mark.parametrize(
    "frame",
    [
        {"action": "ping"},
        {"action": "message", "client_id": "1", "text": "hello"},
        {"action": "take", "ticket_id": "tk_1"},
        {"action": "authenticate", "access_token": "x"},
        {"action": "authenticate"},
        {"action": "unknown"},
        "",
        "not JSON",
        "[]",
    ],
)
def test_whoever_begins_otherwise_is_closed(gateway: Gateway, frame: object) -> None:
    refused(Device(gateway), frame)


def test_no_other_token_opens_the_chat(gateway: Gateway, user: Person, agent: Agent) -> None:
    tokens = [
        user.refresh_token,
        user.token[:-1],
        user.token.replace("uwa", "uaa"),
        agent.token.replace("uaa", "uwa"),
        agent.refresh_token,
    ]
    for token in tokens:
        refused(Device(gateway), {"action": "authenticate", "access_token": token})


def test_who_comes_too_late_is_closed(
    gateway: Gateway, user: Person, test_clock: TestClock
) -> None:
    device = Device(gateway)
    test_clock.move(seconds=settings().chat_authenticate_seconds + 1)
    refused(device, {"action": "authenticate", "access_token": user.token})


def test_who_says_nothing_is_closed_by_the_schedule(
    gateway: Gateway, phone: Device, test_clock: TestClock
) -> None:
    silent = Device(gateway)
    on_silence_schedule(TICK, None)
    assert silent.is_open

    test_clock.move(seconds=settings().chat_authenticate_seconds + 1)
    assert on_silence_schedule(TICK, None) == {"closed": 1}
    assert (silent.is_open, phone.is_open) == (False, True)


def signs_out(person: Person, elsewhere: Person) -> None:
    assert person.call("DELETE", "/v1/sessions/current").status == 204


def changes_the_password(person: Person, elsewhere: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": "a wholly other phrase 7"}
    assert elsewhere.call("PUT", "/v1/me/password", body).status == 204


@pytest.mark.parametrize("end", [signs_out, changes_the_password])
def test_with_the_session_ends_what_its_socket_may(
    gateway: Gateway, user: Person, phone: Device, end: Callable[[Person, Person], None]
) -> None:
    ticket_id = begin(phone)
    phone.came()
    elsewhere = user.signed_in_again()
    end(user, elsewhere)
    still_there = Device(gateway).signed_in(elsewhere.token)

    begin(still_there, "Said elsewhere.", "2")
    assert phone.came() == []
    refused(phone, {"action": "history", "ticket_id": ticket_id, "after": 0})


def test_the_socket_lasts_as_long_as_its_token_and_takes_the_next(
    gateway: Gateway, user: Person, phone: Device, test_clock: TestClock
) -> None:
    test_clock.move(seconds=settings().access_token_seconds - 10)
    made = call("POST", "/v1/sessions/refresh", {"refresh_token": user.refresh_token})
    token = made.json["tokens"]["access_token"]
    phone.signed_in(token)
    test_clock.move(seconds=60)
    assert only("pong", phone.asks("ping"))
    begin(Device(gateway).signed_in(token), "elsewhere")
    assert said(phone.came()) == [(1, "elsewhere")]

    test_clock.move(seconds=settings().access_token_seconds)
    refused(phone, {"action": "ping"})


def test_a_socket_is_never_handed_to_somebody_else(phone: Device, agent: Agent) -> None:
    refused(phone, {"action": "authenticate", "access_token": agent.token})


def test_an_agent_who_may_no_longer_is_refused_at_the_next_frame(
    agent: Agent, desk: Device
) -> None:
    record = AgentRecord(*agent_key(agent.agent_id)[1:])
    change(record, [AgentRecord.roles.set({"finance"})], AgentRecord.pk.exists())
    refusal = only("error", desk.asks("ping"))
    assert (refusal["status"], refusal["code"]) == (403, "ROLE_REQUIRED")
    change(record, [AgentRecord.status.set("disabled")], AgentRecord.pk.exists())
    refused(desk, {"action": "ping"})


def test_finance_does_not_chat(gateway: Gateway) -> None:
    device = Device(gateway)
    token = at_work("fay@u-wallet.example", "finance").token
    assert only("error", device.asks("authenticate", access_token=token))["code"] == "ROLE_REQUIRED"
    refused(device, {"action": "ping"})


def test_the_oldest_of_too_many_devices_is_closed(
    gateway: Gateway,
    user: Person,
    phone: Device,
    test_clock: TestClock,
    configured: Callable[[str, str], None],
) -> None:
    configured("CHAT_SOCKETS_PER_OWNER", "2")
    devices = [phone]
    for _ in range(2):
        test_clock.move(seconds=1)
        devices.append(Device(gateway).signed_in(user.token))
    assert [device.is_open for device in devices] == [False, True, True]


@pytest.mark.parametrize(
    ("header", "wish", "title"),
    [
        ("en", None, "Not found"),
        ("zh-CN", None, "未找到"),
        ("", None, "未找到"),
        ("zh-CN", "en-GB, zh;q=0.5", "Not found"),
    ],
)
def test_refusals_are_in_the_language_of_the_socket(
    gateway: Gateway, user: Person, header: str, wish: str | None, title: str
) -> None:
    device = Device(gateway, **{"Accept-Language": header})
    device.signed_in(user.token, **({"language": wish} if wish else {}))
    refusal = only("error", device.asks("typing", client_id="7", ticket_id="tk_none"))
    assert (refusal["title"], refusal["code"]) == (title, "NOT_FOUND")
    assert (refusal["request_id"], refusal["client_id"]) == ("message-1", "7")


def test_only_our_own_web_pages_open_a_socket(gateway: Gateway) -> None:
    assert Device(gateway, Origin="https://wallet.example").status == 200
    assert Device(gateway, Origin="https://evil.example").status == 403
    assert Device(gateway).status == 200


def test_an_address_opens_only_so_many_sockets_in_an_hour(
    gateway: Gateway, configured: Callable[[str, str], None]
) -> None:
    configured("CHAT_SOCKETS_PER_ADDRESS_PER_HOUR", "2")
    statuses = [Device(gateway).status for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_a_token_opens_nothing_that_is_another_users(gateway: Gateway, phone: Device) -> None:
    ticket_id = begin(phone)
    stranger = Device(gateway).signed_in(register(unused_phone(), pay_password=False).token)
    for action, fields in (
        ("message", {"text": "mine?"}),
        ("typing", {}),
        ("read", {"sequence": 1}),
        ("history", {"after": 0}),
    ):
        of_other, of_nobody = (
            only("error", stranger.asks(action, client_id="1", ticket_id=each, **fields))
            for each in (ticket_id, "tk_aaaaaaaaaaaaaaaaaaaaaaaaaa")
        )
        assert of_other == of_nobody
        assert of_other["code"] == "NOT_FOUND"
    assert phone.came() == []
