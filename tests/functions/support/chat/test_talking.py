"""What is said in the chat stands once, and comes to all devices of both sides."""

from collections.abc import Callable
from typing import Any

from functions.support.conversation import Opening, open_ticket
from functions.support.incoming import Author, Incoming
from functions.support.reply import reply
from tests.agents import Agent, at_work
from tests.chatting import Device, Gateway
from tests.functions.bank_cards import unused_phone
from tests.functions.support.saying import AMY, come_to, messages, texts
from tests.people import Person, register

Frame = dict[str, Any]


def only(kind: str, frames: list[Frame]) -> Frame:
    """The one frame of a kind."""
    (found,) = (one for one in frames if one["type"] == kind)
    return found


def said(frames: list[Frame]) -> list[tuple[int, str]]:
    """The messages among frames: their sequences and texts."""
    shown = [one["message"] for one in frames if one["type"] == "message"]
    return [(message["sequence"], message["text"]) for message in shown]


def begin(device: Device, text: str = "My payment failed.", client_id: str = "1") -> str:
    """The first message; gives the ticket that it is in."""
    frames = device.asks("message", client_id=client_id, text=text)
    ticket_id: str = only("accepted", frames)["ticket_id"]
    return ticket_id


def taken(device: Device, desk: Device) -> str:
    """A conversation that an agent has."""
    ticket_id = begin(device)
    only("taken", desk.asks("take", ticket_id=ticket_id))
    device.came()
    return ticket_id


def test_a_user_and_an_agent_talk_on_all_devices(
    gateway: Gateway, user: Person, agent: Agent, phone: Device, desk: Device
) -> None:
    tablet = Device(gateway).signed_in(user.token)
    second_desk = Device(gateway).signed_in(agent.token)

    ticket_id = begin(phone)
    assert only("waiting", desk.came())["ticket_id"] == ticket_id
    assert said(tablet.came()) == [(1, "My payment failed.")]
    taking = only("taken", desk.asks("take", ticket_id=ticket_id))
    assert taking["conversation"]["assigned"] is True
    standing = only("queue", phone.came())["conversation"]
    assert (standing["assigned"], standing["agent_online"], standing["position"]) == (
        (True, True, None)
    )

    answer = desk.asks("message", client_id="1", ticket_id=ticket_id, text="Which one?")
    assert only("accepted", answer)["sequence"] == 2
    for device in (phone, tablet, second_desk):
        assert said(device.came()) == [(2, "Which one?")]
    phone.asks("message", client_id="2", text="The last one.")
    for device in (tablet, desk, second_desk):
        assert said(device.came())[-1] == (3, "The last one.")
    assert texts(ticket_id) == [
        (1, "My payment failed."),
        (2, "Which one?"),
        (3, "The last one."),
    ]


def test_the_same_message_again_is_accepted_again_and_stands_once(phone: Device) -> None:
    first = only("accepted", phone.asks("message", client_id="x", text="hello"))
    again = only("accepted", phone.asks("message", client_id="x", text="hello"))

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert (first["ticket_id"], first["sequence"]) == (again["ticket_id"], again["sequence"])
    assert texts(first["ticket_id"]) == [(1, "hello")]


def test_an_answer_of_an_agent_again_stands_once(phone: Device, desk: Device) -> None:
    ticket_id = taken(phone, desk)
    for _ in range(2):
        frames = desk.asks("message", client_id="x", ticket_id=ticket_id, text="hello")
        assert only("accepted", frames)["sequence"] == 2
    assert [text for _, text in texts(ticket_id)] == ["My payment failed.", "hello"]


def test_the_same_id_with_another_text_is_refused(phone: Device) -> None:
    begin(phone, client_id="x")
    refused = only("error", phone.asks("message", client_id="x", text="something else"))
    assert (refused["status"], refused["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert refused["client_id"] == "x"


def test_ids_of_two_users_have_nothing_to_do_with_each_other(
    gateway: Gateway, phone: Device
) -> None:
    other = Device(gateway).signed_in(register(unused_phone(), pay_password=False).token)
    assert begin(phone, "mine", "x") != begin(other, "theirs", "x")


def test_what_is_shown_is_what_is_kept(phone: Device) -> None:
    frames = phone.asks("message", client_id="1", text="My card is 6222021234500010008")
    (shown,) = said(frames)
    assert "6222021234500010008" not in shown[1]
    assert texts(only("accepted", frames)["ticket_id"]) == [shown]


def test_an_answer_that_was_given_elsewhere_is_shown(phone: Device, desk: Device) -> None:
    ticket_id = begin(phone)
    reply(ticket_id, "By request.", by=AMY, source_id="1")
    assert said(phone.came()) == [(2, "By request.")]
    assert messages(ticket_id)[-1].delivery == "sent"


def test_who_is_not_there_finds_the_answer_when_they_come(
    gateway: Gateway, user: Person, phone: Device
) -> None:
    ticket_id = begin(phone)
    phone.leaves()
    reply(ticket_id, "While you were away.", by=AMY, source_id="1")

    phone = Device(gateway).signed_in(user.token)
    page = only("history", phone.asks("history", ticket_id=ticket_id, after=1))
    assert [(one["sequence"], one["author"]) for one in page["items"]] == [(2, "agent")]
    assert messages(ticket_id)[-1].delivery == "sent"


def test_a_ticket_of_another_channel_goes_on_in_the_chat(user: Person, phone: Device) -> None:
    written = Incoming(channel="app", author=Author("user", user.user_id), text="x", source_id="1")
    ticket_id = open_ticket(written, Opening("x")).ticket_id

    accepted = only(
        "accepted", phone.asks("message", client_id="1", ticket_id=ticket_id, text="Still there?")
    )
    assert (accepted["ticket_id"], accepted["sequence"]) == (ticket_id, 2)
    reply(ticket_id, "Yes.", by=AMY, source_id="1")
    assert said(phone.came())[-1] == (3, "Yes.")


def test_a_conversation_goes_on_until_it_is_closed(phone: Device) -> None:
    ticket_id = begin(phone)
    come_to(ticket_id, "solved")
    assert begin(phone, "Not yet.", "2") == ticket_id
    come_to(ticket_id, "solved")
    come_to(ticket_id, "closed")

    new = begin(phone, "Something else.", "3")
    assert new != ticket_id
    assert begin(phone, "And another thing.", "4") == new
    assert texts(new) == [(1, "Something else."), (2, "And another thing.")]


def test_a_full_conversation_is_followed_by_another(
    phone: Device, configured: Callable[[str, str], None]
) -> None:
    configured("TICKET_MESSAGES_LIMIT", "2")
    tickets = [begin(phone, str(number), str(number)) for number in range(5)]
    assert [tickets.index(one) for one in tickets] == [0, 0, 2, 2, 4]


def test_it_is_kept_which_article_was_read_before(phone: Device) -> None:
    frames = phone.asks("message", client_id="1", text="It did not help.", article_id="locked")
    (kept,) = messages(only("accepted", frames)["ticket_id"])
    assert kept.details == {"article_id": "locked"}


def test_who_begins_to_wait_is_offered_articles_that_fit_and_only_then(
    gateway: Gateway, phone: Device, desk: Device
) -> None:
    frames = phone.asks("message", client_id="1", text="My withdrawal has not arrived at my card")
    offered = only("suggestions", frames)
    assert offered["ticket_id"] == only("accepted", frames)["ticket_id"]
    assert offered["articles"][0].keys() == {"article_id", "title", "summary"}
    assert offered["articles"][0]["article_id"] == "withdraw"
    assert "suggestions" not in {one["type"] for one in desk.came()}
    more = phone.asks("message", client_id="2", text="My withdrawal has not arrived at my card")
    assert "suggestions" not in {one["type"] for one in more}


def test_the_article_that_was_read_is_not_offered_again_nor_what_does_not_fit(
    gateway: Gateway, phone: Device
) -> None:
    text = "My withdrawal has not arrived at my card"
    frames = phone.asks("message", client_id="1", text=text, article_id="withdraw")
    offered = only("suggestions", frames)["articles"]
    assert "withdraw" not in {one["article_id"] for one in offered}

    other = Device(gateway).signed_in(register(unused_phone(), pay_password=False).token)
    nothing = other.asks("message", client_id="1", text="xyzzy")
    assert {one["type"] for one in nothing} == {"message", "queue", "accepted"}


def test_a_device_that_is_gone_is_forgotten_and_the_others_hear(
    gateway: Gateway, user: Person, phone: Device
) -> None:
    tablet, watch = (Device(gateway).signed_in(user.token) for _ in range(2))
    tablet.vanishes()

    begin(phone)
    assert said(watch.came()) == [(1, "My payment failed.")]
    gateway.open.add(tablet.socket_id)
    begin(phone, "again", "2")
    assert tablet.came() == []


def test_an_agent_takes_what_nobody_has_and_once(
    gateway: Gateway, phone: Device, desk: Device
) -> None:
    other = Device(gateway).signed_in(at_work("bo@u-wallet.example", "agent").token)
    ticket_id = taken(phone, desk)

    refused = only("error", other.asks("take", ticket_id=ticket_id))
    assert (refused["status"], refused["code"]) == (409, "TAKEN_ALREADY")
    assert only("taken", desk.asks("take", ticket_id=ticket_id))
