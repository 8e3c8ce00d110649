"""One conversation, on whatever channels: what comes in is there once, in its order."""

import pytest

from functions.support.access import own
from functions.support.conversation import add_message, earlier
from functions.support.incoming import Author, WayBack
from functions.support.records import Way, tickets_of, way_key
from functions.support.reply import reply
from functions.support.tickets import ticket_of
from functions.support.ways import way_of
from shared.errors import IdempotencyKeyReused, NotFound
from tests.functions.support.saying import AMY, USER, come_to, messages, opened, said, texts


def test_a_ticket_begins_with_what_its_person_said() -> None:
    posted = opened("My payment failed.", subject="  Payment\n failed ")
    ticket = ticket_of(posted.ticket_id)

    assert (ticket.subject, ticket.state, ticket.user_id) == ("Payment failed", "open", USER)
    assert texts(posted.ticket_id) == [(1, "My payment failed.")]
    assert len(ticket.number) == len("261129-480733")


def test_the_same_message_of_a_channel_has_one_effect() -> None:
    first = opened()
    again = opened()

    assert (again.ticket_id, again.sequence, again.replayed) == (first.ticket_id, 1, True)
    add_message(first.ticket_id, said("And now?", "2"))
    assert add_message(first.ticket_id, said("And now?", "2")).replayed
    assert texts(first.ticket_id) == [(1, "My payment failed."), (2, "And now?")]
    found = earlier(said("And now?", "2"))
    assert found is not None
    assert found.sequence == 2


def test_the_same_id_on_another_channel_is_another_message() -> None:
    first = opened(source_id="7")
    other = opened(source_id="7", channel="mail")

    assert other.ticket_id != first.ticket_id


def test_another_text_under_the_same_id_is_refused() -> None:
    opened("One thing", "1")
    with pytest.raises(IdempotencyKeyReused):
        opened("Another thing", "1")


def test_a_message_to_a_pending_ticket_opens_it_and_to_a_solved_one_opens_it_again() -> None:
    ticket_id = opened().ticket_id
    for number, (state, then) in enumerate(
        [("pending", "open"), ("solved", "reopened"), ("pending", "open")]
    ):
        come_to(ticket_id, state)
        add_message(ticket_id, said("Hm.", f"m{number}"))
        assert ticket_of(ticket_id).state == then


def test_a_message_to_a_closed_ticket_begins_one_that_follows_it() -> None:
    first = opened()
    come_to(first.ticket_id, "closed")

    posted = add_message(first.ticket_id, said("It happened again.", "2"))
    again = add_message(first.ticket_id, said("It happened again.", "2"))

    more = add_message(first.ticket_id, said("And again.", "3"))
    assert (more.ticket_id, more.sequence) == (posted.ticket_id, 2)
    following = ticket_of(posted.ticket_id)
    assert again.ticket_id == posted.ticket_id != first.ticket_id
    assert (following.follows, following.user_id) == (first.ticket_id, USER)
    assert texts(first.ticket_id) == [(1, "My payment failed.")]


def test_what_must_not_be_kept_is_masked_before_it_is_stored() -> None:
    posted = opened("Card 6222 0212 3456 7894, 验证码 123456", subject="my password is hunter22")
    ticket = ticket_of(posted.ticket_id)
    (message,) = messages(posted.ticket_id)

    for kept in (ticket.subject, message.text):
        assert not any(secret in kept for secret in ("6222", "123456", "hunter22"))
    assert message.masked


def test_the_way_back_is_kept_sealed_and_the_newest_counts() -> None:
    way_back = WayBack("Ana@post.example", {"in_reply_to": "<1@post.example>"})
    posted = opened(channel="mail", author=Author("visitor", "v1"), way_back=way_back)
    add_message(
        posted.ticket_id,
        said("More", "2", channel="mail", way_back=WayBack("ana@home.example")),
    )
    key = way_key(posted.ticket_id, "mail")
    (stored,) = Way.query(key.pk, Way.sk == key.sk)

    assert "ana" not in stored.address.casefold()
    assert way_of(posted.ticket_id, "mail") == WayBack("ana@home.example", None)
    assert way_of(posted.ticket_id, "hotline") == WayBack()


def test_a_ticket_is_its_owners_alone() -> None:
    ticket = ticket_of(opened().ticket_id)

    assert own(ticket, USER) is ticket
    for found, asks in ((ticket, "u_other"), (None, USER)):
        with pytest.raises(NotFound):
            own(found, asks)


def test_an_answer_goes_where_its_person_wrote_last() -> None:
    posted = opened()
    add_message(posted.ticket_id, said("By mail now", "m-1", channel="mail"))
    reply(posted.ticket_id, "We look into it.", by=AMY, source_id="r1")

    last = messages(posted.ticket_id)[-1]
    assert (last.channel, last.author_kind, last.author_id) == ("mail", "agent", AMY.id)
    assert ticket_of(posted.ticket_id).assignee == AMY.id
    assert tickets_of(USER)
