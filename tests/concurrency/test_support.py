"""Support at the same moment: one agent gets a ticket, and no message is lost or doubled."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from functions.agents.actor import Actor
from functions.support.conversation import add_message
from functions.support.desk.handling import take
from functions.support.figures import backlog
from functions.support.records import TicketLine, queue_of
from functions.support.reply import reply
from functions.support.tickets import ticket_of
from shared.errors import Problem
from tests.concurrency.clients import at_once
from tests.functions.support.saying import come_to, opened, said, texts

TIMES = 10


@pytest.fixture(autouse=True)
def world(keys: None, isolated: None) -> None:
    """Nothing but the two."""


def agent(number: int) -> Actor:
    return Actor(f"a_{number}", "req", roles=frozenset({"agent"}))


def what_each_was_told(acts: list[Callable[[], object]]) -> Counter[str]:
    answers = at_once(acts)
    return Counter(one.code if isinstance(one, Problem) else str(one) for one in answers)


def taken(ticket_id: str, by: Actor) -> str:
    return take(ticket_id, by=by).assignee


def added(ticket_id: str, text: str) -> int:
    return add_message(ticket_id, said(text, text)).sequence


def test_of_agents_who_take_a_ticket_at_once_one_has_it() -> None:
    for number in range(TIMES):
        ticket_id = opened(source_id=str(number)).ticket_id
        agents = [agent(one) for one in range(4)]
        told = what_each_was_told([
            partial(taken, ticket_id, by) for by in agents
        ])  # fmt: skip

        winner = ticket_of(ticket_id).assignee
        assert told == {winner: 1, "TAKEN_ALREADY": 3}
        lines = list(TicketLine.query(queue_of("assignee", winner, "open")))
        assert ticket_id in [line.ticket_id for line in lines]
    assert list(TicketLine.query(queue_of("assignee", "nobody", "open"))) == []


def test_messages_that_come_at_once_and_twice_are_there_once_in_one_order() -> None:
    ticket_id = opened().ticket_id
    told = what_each_was_told([
        partial(added, ticket_id, f"m{number}") for number in [*range(12), *range(12)]
    ])  # fmt: skip

    assert told == {str(sequence): 2 for sequence in range(2, 14)}
    said_there = texts(ticket_id)
    assert [sequence for sequence, _ in said_there] == list(range(1, 14))
    assert sorted(text for _, text in said_there[1:]) == sorted(f"m{one}" for one in range(12))


def test_a_ticket_that_is_opened_many_times_at_once_is_one() -> None:
    told = what_each_was_told([lambda: opened().ticket_id] * 8)

    assert len(told) == 1
    assert [one.states["open"] for one in backlog()] == [1]


def test_a_reply_and_a_message_at_once_both_stand() -> None:
    for number in range(TIMES):
        ticket_id = opened(source_id=f"o{number}").ticket_id
        what_each_was_told([
            partial(reply, ticket_id, f"ours {number}", by=agent(1), source_id=str(number)),
            partial(added, ticket_id, f"theirs {number}"),
        ])  # fmt: skip
        assert sorted(text for _, text in texts(ticket_id)[1:]) == [
            f"ours {number}",
            f"theirs {number}",
        ]
        assert ticket_of(ticket_id).state in ("open", "pending")
    (counted,) = backlog()
    assert sum(counted.states.values()) == TIMES


def test_messages_to_a_closed_ticket_at_once_begin_one_that_follows_it() -> None:
    ticket_id = opened().ticket_id
    come_to(ticket_id, "closed")
    what_each_was_told([partial(added, ticket_id, f"m{number}") for number in range(6)])

    following = ticket_of(ticket_id).followed_by
    assert sorted(text for _, text in texts(following)) == [f"m{number}" for number in range(6)]
    assert texts(ticket_id) == [(1, "My payment failed.")]
