"""What people say to support in tests, and what stands there then."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from functions.agents.actor import Actor
from functions.support import channels
from functions.support.channels import Outgoing
from functions.support.conversation import Opening, open_ticket
from functions.support.events import on_cases_schedule
from functions.support.incoming import Author, Incoming, Posted
from functions.support.records import NOTE_PREFIX, Message, Note, note_key
from functions.support.tickets import Change, alter, altered
from functions.support.timeline import after
from shared.errors import ServiceUnavailable
from shared.sweep import SweepIncomplete
from tests.functions.scheduled import TICK

USER = "u_aaaaaaaaaaaaaaaaaaaaaaaaaa"
AMY = Actor("a_aaaaaaaaaaaaaaaaaaaaaaaaaa", "req-1", roles=frozenset({"agent"}))
ZOE = Actor("a_zzzzzzzzzzzzzzzzzzzzzzzzzz", "req-2", roles=frozenset({"agent"}))


def said(text: str = "My payment failed.", source_id: str = "1", **more: Any) -> Incoming:
    """What a user writes, in the app unless it says otherwise."""
    fields: dict[str, Any] = {"channel": "app", "author": Author("user", USER), "language": "en"}
    return Incoming(**fields | {"text": text, "source_id": source_id} | more)


def opened(text: str = "My payment failed.", source_id: str = "1", **more: Any) -> Posted:
    opening = Opening(more.pop("subject", "Payment failed"), **more.pop("opening", {}))
    return open_ticket(said(text, source_id, **more), opening)


def texts(ticket_id: str) -> list[tuple[int, str]]:
    """The messages of a ticket."""
    return [(int(one.sequence), one.text) for one in messages(ticket_id)]


def messages(ticket_id: str) -> list[Message]:
    return after(ticket_id, 0)


def notes(ticket_id: str) -> list[Note]:
    return list(Note.query(note_key(ticket_id, 0).pk, Note.sk.startswith(NOTE_PREFIX)))


def come_to(ticket_id: str, state: str) -> None:
    """A ticket in another state, whoever brought it there."""
    alter(ticket_id, lambda ticket: Change(altered(ticket, state=state)))


def take_up_cases() -> None:
    """What the schedule does with what waits. Raises ServiceUnavailable when it must run again."""
    try:
        on_cases_schedule(TICK, None)
    except SweepIncomplete as error:
        raise ServiceUnavailable from error


@contextmanager
def way_of_tests(name: str = "mail", *raises: Exception) -> Iterator[list[Outgoing]]:
    """A way back that notes what goes out on it, after it has raised what it is told to."""
    went: list[Outgoing] = []
    left = list(raises)

    def deliver(outgoing: Outgoing) -> None:
        if left:
            raise left.pop(0)
        went.append(outgoing)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(channels._ways, name, deliver)
        yield went
