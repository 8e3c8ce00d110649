"""What we say goes out at least once, or the agents hear that it did not."""

import pytest

from functions.support.channels import TryLater, Undeliverable
from functions.support.delivery import send_waiting
from functions.support.incoming import WayBack
from functions.support.reply import TicketClosed, reply
from functions.support.tickets import ticket_of
from shared.settings import settings
from tests.agents import at_work, deeds
from tests.clock import TestClock
from tests.functions.support.saying import (
    AMY,
    come_to,
    messages,
    notes,
    opened,
    texts,
    way_of_tests,
)


@pytest.fixture
def ticket_id() -> str:
    way_back = WayBack("ana@post.example", {"in_reply_to": "<1@post.example>"})
    return opened(channel="mail", way_back=way_back).ticket_id


def run(clock: TestClock, times: int) -> None:
    """The schedule, until all its tries are used up."""
    for _ in range(times):
        clock.move(hours=2)
        send_waiting()


def test_a_reply_goes_out_at_once_with_the_way_back(ticket_id: str, test_clock: TestClock) -> None:
    with way_of_tests("mail") as went:
        posted = reply(ticket_id, "We look into it.", by=AMY, source_id="1")
        run(test_clock, 2)

    (outgoing,) = went
    assert (outgoing.text, outgoing.address) == ("We look into it.", "ana@post.example")
    assert outgoing.details == {"in_reply_to": "<1@post.example>"}
    assert outgoing.message_id == f"{ticket_id}-{posted.sequence}"
    assert messages(ticket_id)[-1].delivery == "sent"
    assert ticket_of(ticket_id).state == "pending"


def test_the_same_reply_is_one_reply(ticket_id: str) -> None:
    with way_of_tests("mail") as went:
        first = reply(ticket_id, "Hello", by=AMY, source_id="1")
        come_to(ticket_id, "closed")
        again = reply(ticket_id, "Hello", by=AMY, source_id="1")

    assert (again.sequence, again.replayed) == (first.sequence, True)
    assert len(went) == 1
    with pytest.raises(TicketClosed):
        reply(ticket_id, "And more", by=AMY, source_id="2")


def test_what_the_channel_does_not_take_now_goes_out_later(
    ticket_id: str, test_clock: TestClock
) -> None:
    with way_of_tests("mail", TryLater(), TryLater()) as went:
        reply(ticket_id, "Hello", by=AMY, source_id="1")
        assert messages(ticket_id)[-1].delivery == "waiting"
        assert send_waiting() == 0, "it has a while to wait"
        run(test_clock, 3)

    assert [one.tries for one in went] == [2]
    assert messages(ticket_id)[-1].delivery == "sent"
    assert notes(ticket_id) == []


def test_after_its_tries_the_agents_hear_of_it(ticket_id: str, test_clock: TestClock) -> None:
    tries = settings().reply_tries
    with way_of_tests("mail", *[TryLater()] * 50) as went:
        reply(ticket_id, "Hello", by=AMY, source_id="1")
        run(test_clock, tries + 2)

    assert went == []
    assert messages(ticket_id)[-1].delivery == "failed"
    (note,) = notes(ticket_id)
    assert (note.kind, note.details["why"]) == ("delivery_failed", "tries_used_up")


def test_a_channel_that_breaks_does_not_unsay_the_reply(
    ticket_id: str, test_clock: TestClock
) -> None:
    with way_of_tests("mail", RuntimeError("nobody thought of this")) as went:
        reply(ticket_id, "Hello", by=AMY, source_id="1")
        assert went == []
        run(test_clock, 1)

    assert [one.text for one in went] == ["Hello"]


def test_what_can_never_arrive_is_not_tried_again(ticket_id: str, test_clock: TestClock) -> None:
    with way_of_tests("mail", Undeliverable("bounced")) as went:
        reply(ticket_id, "Hello", by=AMY, source_id="1")
        run(test_clock, 2)

    assert went == []
    assert [(one.kind, one.details["why"]) for one in notes(ticket_id)] == [
        ("delivery_failed", "bounced")
    ]


def test_a_ticket_that_came_without_a_way_back_says_so(test_clock: TestClock) -> None:
    posted = opened(channel="whatsapp")
    reply(posted.ticket_id, "Hello", by=AMY, source_id="1")

    assert notes(posted.ticket_id)[0].details["why"] == "no_address"
    assert texts(posted.ticket_id)[-1] == (2, "Hello")


def test_a_reply_on_a_channel_that_is_no_more_is_told_to_the_agents() -> None:
    posted = opened(channel="telegraph", way_back=WayBack("ana", {}))
    reply(posted.ticket_id, "Hello", by=AMY, source_id="1")

    assert notes(posted.ticket_id)[0].details["why"] == "no_way_back"
    assert messages(posted.ticket_id)[-1].delivery == "failed"


def test_a_reply_is_in_the_audit_trail(ticket_id: str) -> None:
    with way_of_tests("mail"):
        reply(ticket_id, "Hello", by=AMY, source_id="1")
        reply(ticket_id, "Hello", by=AMY, source_id="1")

    (deed,) = deeds(at_work("sue@bank.example", "supervisor"), about=ticket_id)
    assert (deed["who"], deed["deed"]) == (AMY.id, "ticket_replied")
    assert deed["before"] == {"state": "open", "assignee": None}
