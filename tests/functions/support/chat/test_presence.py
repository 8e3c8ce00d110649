"""What both sides know of each other: who is there, who writes, what was read, who is next."""

from datetime import datetime

import pytest

from tests.agents import Agent
from tests.chatting import Device, Gateway
from tests.clock import TestClock
from tests.functions.bank_cards import unused_phone
from tests.functions.support.chat.test_talking import begin, only, taken
from tests.functions.support.saying import opened
from tests.people import Person, register


def test_each_side_hears_when_the_other_comes_and_goes(
    gateway: Gateway, user: Person, agent: Agent, phone: Device, desk: Device
) -> None:
    ticket_id = taken(phone, desk)
    tablet = Device(gateway).signed_in(user.token)
    tablet.leaves()
    assert desk.came() == []  # another device is no news

    phone.leaves()
    gone = {"type": "presence", "ticket_id": ticket_id, "side": "user", "online": False}
    assert desk.came() == [gone]
    phone = Device(gateway).signed_in(user.token)
    assert desk.came() == [gone | {"online": True}]

    desk.leaves()
    assert phone.came() == [gone | {"side": "agent"}]
    assert only("pong", phone.asks("ping"))["conversation"]["agent_online"] is False
    Device(gateway).signed_in(agent.token)
    assert phone.came() == [gone | {"side": "agent", "online": True}]


def test_who_vanishes_is_found_gone_when_somebody_writes(phone: Device, desk: Device) -> None:
    ticket_id = taken(phone, desk)
    desk.vanishes()
    phone.asks("typing", ticket_id=ticket_id)
    assert only("pong", phone.asks("ping"))["conversation"]["agent_online"] is False


def test_writing_is_shown_to_the_other_side_alone(
    gateway: Gateway, user: Person, phone: Device, desk: Device
) -> None:
    ticket_id = taken(phone, desk)
    tablet = Device(gateway).signed_in(user.token)
    shown = {"type": "typing", "ticket_id": ticket_id, "side": "user", "active": True}

    assert phone.asks("typing", ticket_id=ticket_id) == []
    assert desk.came() == [shown]
    assert desk.asks("typing", ticket_id=ticket_id, active=False) == []
    assert phone.came() == tablet.came() == [shown | {"side": "agent", "active": False}]


def test_what_was_read_is_kept_and_never_goes_back(
    gateway: Gateway, user: Person, phone: Device, desk: Device
) -> None:
    ticket_id = taken(phone, desk)
    begin(phone, "second", "2")
    phone.came()
    desk.came()

    shown = {"type": "read", "ticket_id": ticket_id, "side": "agent", "sequence": 2}
    assert desk.asks("read", ticket_id=ticket_id, sequence=2) == [shown]
    assert phone.came() == [shown]
    for sequence in (2, 1):
        assert desk.asks("read", ticket_id=ticket_id, sequence=sequence) == []
    phone.asks("read", ticket_id=ticket_id, sequence=1)
    refused = only("error", phone.asks("read", ticket_id=ticket_id, sequence=3))
    assert (refused["code"], refused["field"]) == ("INVALID_FIELD", "sequence")

    other = Device(gateway)
    (ready,) = other.asks("authenticate", access_token=user.token)
    assert ready["conversation"]["seen"] == {"user": 1, "agent": 2}


def test_who_waits_knows_how_many_are_before_them(
    gateway: Gateway, desk: Device, test_clock: TestClock
) -> None:
    opened("By another way, which does not count here.")
    devices, tickets = [], []
    for number in range(3):
        test_clock.move(seconds=1)
        token = register(unused_phone(), pay_password=False).token
        devices.append(Device(gateway).signed_in(token))
        frames = devices[-1].asks("message", client_id="1", text="hello")
        tickets.append(only("accepted", frames)["ticket_id"])
        assert only("queue", frames)["conversation"]["position"] == number + 1

    desk.asks("take", ticket_id=tickets[0])
    positions = [
        only("pong", device.asks("ping"))["conversation"]["position"] for device in devices
    ]
    assert positions == [None, 1, 2]


def test_an_agent_hears_how_many_wait(gateway: Gateway, agent: Agent, phone: Device) -> None:
    begin(phone)
    (ready,) = Device(gateway).asks("authenticate", access_token=agent.token)
    assert ready["waiting"] == 1


@pytest.mark.parametrize(
    ("clock_in_china", "is_open", "opens_at"),
    [
        ("08:59", False, "2026-03-02T01:00:00.000Z"),
        ("09:00", True, None),
        ("20:59", True, None),
        ("21:00", False, "2026-03-03T01:00:00.000Z"),
    ],
)
def test_who_comes_hears_whether_somebody_is_there(
    gateway: Gateway,
    test_clock: TestClock,
    clock_in_china: str,
    is_open: bool,
    opens_at: str | None,
) -> None:
    test_clock.seconds = datetime.fromisoformat(f"2026-03-02T{clock_in_china}+08:00").timestamp()
    token = register(unused_phone(), pay_password=False).token
    (ready,) = Device(gateway).asks("authenticate", access_token=token)
    assert ready["hours"] == {"open": is_open, "opens_at": opens_at}
