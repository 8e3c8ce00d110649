"""The states of a ticket: every way from each to each, by whoever may take it."""

import itertools

import msgspec
import pytest

from functions.support.conversation import add_message
from functions.support.desk.handling import change
from functions.support.desk.models import ChangeRequest
from functions.support.reply import TicketClosed, reply
from functions.support.states import STATES, StateNotPossible
from functions.support.tickets import ticket_of
from tests.functions.support.saying import AMY, come_to, opened, said

# From a state to all that an agent may bring it to, written down a second time.
WAYS = {
    "open": {"pending", "solved", "closed"},
    "pending": {"open", "solved", "closed"},
    "solved": {"reopened", "closed"},
    "reopened": {"pending", "solved", "closed"},
    "closed": set(),
}


def test_an_agent_takes_the_ways_there_are_and_no_other() -> None:
    ticket_id = opened().ticket_id
    for now, wanted in itertools.product(STATES, STATES):
        come_to(ticket_id, now)
        wish = msgspec.convert({"state": wanted}, ChangeRequest)
        if wanted == now or wanted in WAYS[now]:
            assert change(ticket_id, wish, by=AMY).state == wanted
            continue
        with pytest.raises((StateNotPossible, TicketClosed)):
            change(ticket_id, wish, by=AMY)
        assert ticket_of(ticket_id).state == now


@pytest.mark.parametrize(
    ("now", "after_its_person", "after_ours"),
    [
        ("open", "open", "pending"),
        ("pending", "open", "pending"),
        ("solved", "reopened", "solved"),
        ("reopened", "reopened", "pending"),
    ],
)
def test_what_is_said_changes_the_state(now: str, after_its_person: str, after_ours: str) -> None:
    first, second = opened(source_id="1").ticket_id, opened(source_id="2").ticket_id
    for ticket_id in (first, second):
        come_to(ticket_id, now)
    add_message(first, said("Hm", "3"))
    reply(second, "Hm", by=AMY, source_id="4")

    assert ticket_of(first).state == after_its_person
    assert ticket_of(second).state == after_ours
