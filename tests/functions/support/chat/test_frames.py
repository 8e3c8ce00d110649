"""Frames that are wrong or too many are refused in words, and the socket lives on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.support.conversation import Opening, open_ticket
from functions.support.incoming import Author, Incoming
from tests.agents import Agent, at_work
from tests.chatting import Device, Gateway
from tests.clock import TestClock
from tests.faults import Attempt, intercepted
from tests.functions.support.chat.test_talking import begin, only, taken
from tests.functions.support.saying import come_to, texts
from tests.people import Person

TICKET = "tk_aaaaaaaaaaaaaaaaaaaaaaaaaa"


@pytest.mark.parametrize(
    ("frame", "code", "field"),
    [
        ("", "MALFORMED_JSON", None),
        ("{", "MALFORMED_JSON", None),
        ('{"action": "ping", "action": "ping"}', "MALFORMED_JSON", None),
        ("null", "INVALID_FIELD", "body"),
        ("[]", "INVALID_FIELD", "body"),
        ("{}", "INVALID_FIELD", "action"),
        ({"action": "$connect"}, "INVALID_FIELD", "action"),
        ({"action": 1}, "INVALID_FIELD", "action"),
        ({"action": "ping", "more": 1}, "UNKNOWN_FIELD", "more"),
        ({"action": "message", "text": "x"}, "INVALID_FIELD", "client_id"),
        ({"action": "message", "client_id": "1", "text": ""}, "INVALID_FIELD", "text"),
        ({"action": "message", "client_id": "1", "text": "x" * 4001}, "INVALID_FIELD", "text"),
        ({"action": "message", "client_id": "1", "text": "\x00"}, "INVALID_FIELD", "text"),
        ({"action": "message", "client_id": "字", "text": "x"}, "INVALID_FIELD", "client_id"),
        ({"action": "read", "ticket_id": TICKET, "sequence": -1}, "INVALID_FIELD", "sequence"),
        ({"action": "history", "ticket_id": "a/b"}, "INVALID_FIELD", "ticket_id"),
        ({"action": "history", "ticket_id": TICKET, "limit": 101}, "INVALID_FIELD", "limit"),
        ({"action": "ping", "client_id": "x" * 20_000}, "FRAME_TOO_LARGE", None),
    ],
)
def test_a_frame_that_is_wrong_is_refused_and_the_next_is_answered(
    phone: Device, frame: Any, code: str, field: str | None
) -> None:
    phone.send(frame if isinstance(frame, str) else json.dumps(frame))
    refused = only("error", phone.came())
    assert (refused["code"], refused.get("field")) == (code, field)
    assert only("pong", phone.asks("ping"))


def test_only_so_many_messages_go_in_a_minute_on_all_devices_together(
    gateway: Gateway,
    user: Person,
    phone: Device,
    test_clock: TestClock,
    configured: Callable[[str, str], None],
) -> None:
    tablet = Device(gateway).signed_in(user.token)
    most = 3
    configured("CHAT_MESSAGES_PER_MINUTE", str(most))
    for number in range(most):
        ticket_id = begin((phone, tablet)[number % 2], "x", str(number))
    refused = only("error", phone.asks("message", client_id="more", text="x"))
    assert (refused["status"], refused["code"]) == (429, "TOO_MANY_REQUESTS")
    assert refused["retry_after"] <= 60
    assert len(texts(ticket_id)) == most

    test_clock.move(seconds=refused["retry_after"])
    assert only("accepted", phone.asks("message", client_id="more", text="x"))["sequence"] > most


def test_only_so_many_frames_of_any_kind_go_in_a_minute(
    phone: Device, configured: Callable[[str, str], None]
) -> None:
    configured("CHAT_FRAMES_PER_MINUTE", "3")
    kinds = [phone.asks("ping")[-1]["type"] for _ in range(4)]
    assert kinds == ["pong", "pong", "pong", "error"]


def test_a_failure_of_ours_is_told_without_its_cause(phone: Device) -> None:
    def broken(attempt: Attempt) -> Any:
        if attempt.operation == "TransactWriteItems":
            raise ZeroDivisionError("secret cause")
        return attempt.make()

    with intercepted(broken):
        refused = only("error", phone.asks("message", client_id="1", text="x"))
    assert (refused["status"], refused["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in json.dumps(refused)
    assert phone.is_open


AGENT_FRAMES: list[tuple[str, dict[str, Any]]] = [
    ("message", {"text": "x"}),
    ("typing", {}),
    ("read", {"sequence": 1}),
    ("history", {"after": 0}),
]


@pytest.mark.parametrize(("action", "fields"), AGENT_FRAMES)
def test_an_agent_takes_part_only_in_what_is_theirs(
    gateway: Gateway, phone: Device, desk: Device, action: str, fields: dict[str, Any]
) -> None:
    ticket_id = taken(phone, desk)
    other = Device(gateway).signed_in(at_work("bo@u-wallet.example", "supervisor").token)
    refused = only("error", other.asks(action, client_id="1", ticket_id=ticket_id, **fields))
    assert (refused["status"], refused["code"]) == (403, "CONVERSATION_NOT_YOURS")
    assert texts(ticket_id) == [(1, "My payment failed.")]


@pytest.mark.parametrize(("action", "fields"), [*AGENT_FRAMES, ("take", {})])
def test_nobody_chats_with_themselves(
    gateway: Gateway, user: Person, phone: Device, action: str, fields: dict[str, Any]
) -> None:
    ticket_id = begin(phone)
    own = at_work("eve@u-wallet.example", "agent", user_id=user.user_id)
    desk = Device(gateway).signed_in(own.token)
    refused = only("error", desk.asks(action, client_id="1", ticket_id=ticket_id, **fields))
    assert (refused["status"], refused["code"]) == (403, "OWN_ACCOUNT")


def test_a_user_takes_no_conversation(phone: Device) -> None:
    ticket_id = begin(phone)
    refused = only("error", phone.asks("take", ticket_id=ticket_id))
    assert refused["code"] == "ROLE_REQUIRED"


def test_an_agent_names_the_conversation(desk: Device) -> None:
    refused = only("error", desk.asks("message", client_id="1", text="x"))
    assert refused["code"] == "NOT_FOUND"


def test_what_is_closed_takes_no_answer(phone: Device, desk: Device) -> None:
    ticket_id = taken(phone, desk)
    come_to(ticket_id, "closed")
    refused = only("error", desk.asks("message", client_id="1", ticket_id=ticket_id, text="x"))
    assert refused["code"] == "TICKET_CLOSED"


def test_who_writes_by_mail_is_not_answered_in_the_chat(agent: Agent, desk: Device) -> None:
    written = Incoming(channel="mail", author=Author("visitor", "v"), text="x", source_id="1")
    ticket_id = open_ticket(written, Opening("x")).ticket_id
    refused = only("error", desk.asks("message", client_id="1", ticket_id=ticket_id, text="x"))
    assert (refused["status"], refused["code"]) == (409, "CONVERSATION_ELSEWHERE")
    assert texts(ticket_id) == [(1, "x")]
