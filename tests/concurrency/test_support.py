"""Support at the same moment: one agent gets a ticket, and no message is lost or doubled."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import boto3
import pytest

from functions.agents.actor import Actor
from functions.support.conversation import add_message
from functions.support.desk.handling import take
from functions.support.figures import backlog
from functions.support.records import TicketLine, queue_of
from functions.support.reply import reply
from functions.support.tickets import ticket_of
from shared.errors import Problem, ServiceUnavailable
from tests.functions.support.saying import opened, said, texts

TIMES = 10
_PATIENCE = 30


@pytest.fixture(scope="module")
def keys(engine: str) -> None:
    secrets = boto3.client("secretsmanager", endpoint_url=engine)
    secrets.create_secret(Name="test-keys", SecretString="0123456789abcdef" * 4)


@pytest.fixture(autouse=True)
def world(keys: None, isolated: None) -> None:
    """Nothing but the two."""


def agent(number: int) -> Actor:
    return Actor(f"a_{number}", "req", roles=frozenset({"agent"}))


def taken(ticket_id: str, by: Actor) -> str:
    return take(ticket_id, by=by).assignee


def added(ticket_id: str, text: str) -> int:
    return add_message(ticket_id, said(text, text)).sequence


def at_once(acts: list[Callable[[], object]]) -> Counter[str]:
    """What each was told; who is told to come again does."""

    def told(act: Callable[[], object]) -> str:
        for _ in range(_PATIENCE):
            try:
                return str(act())
            except ServiceUnavailable:
                continue
            except Problem as problem:
                return problem.code
        return "SERVICE_UNAVAILABLE"

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(told, acts))


def test_of_agents_who_take_a_ticket_at_once_one_has_it() -> None:
    for number in range(TIMES):
        ticket_id = opened(source_id=str(number)).ticket_id
        agents = [agent(one) for one in range(4)]
        told = at_once([
            partial(taken, ticket_id, by) for by in agents
        ])  # fmt: skip

        winner = ticket_of(ticket_id).assignee
        assert told == {winner: 1, "TAKEN_ALREADY": 3}
        lines = list(TicketLine.query(queue_of("assignee", winner, "open")))
        assert ticket_id in [line.ticket_id for line in lines]
    assert list(TicketLine.query(queue_of("assignee", "nobody", "open"))) == []


def test_messages_that_come_at_once_and_twice_are_there_once_in_one_order() -> None:
    ticket_id = opened().ticket_id
    told = at_once([
        partial(added, ticket_id, f"m{number}") for number in [*range(12), *range(12)]
    ])  # fmt: skip

    assert told == {str(sequence): 2 for sequence in range(2, 14)}
    said_there = texts(ticket_id)
    assert [sequence for sequence, _ in said_there] == list(range(1, 14))
    assert sorted(text for _, text in said_there[1:]) == sorted(f"m{one}" for one in range(12))


def test_a_ticket_that_is_opened_many_times_at_once_is_one() -> None:
    told = at_once([lambda: opened().ticket_id] * 8)

    assert len(told) == 1
    assert [one.states["open"] for one in backlog()] == [1]


def test_a_reply_and_a_message_at_once_both_stand() -> None:
    for number in range(TIMES):
        ticket_id = opened(source_id=f"o{number}").ticket_id
        at_once([
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
