"""Tickets under every fault at every call: what is said is there once, and goes out."""

from typing import Any

import pytest

from functions.support.events import on_replies_schedule, on_tickets_schedule
from functions.support.figures import backlog
from functions.support.records import TicketLine, tickets_of
from functions.support.tickets import ticket_of
from shared.errors import ServiceUnavailable
from tests.agents import at_work
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import CUTS, Fault, Swept, sweep
from tests.functions.bank_cards import unused_phone
from tests.functions.scheduled import TICK
from tests.functions.support.saying import messages, take_up_cases, texts
from tests.people import register

TICKETS = "/v1/support/tickets"
BODY = {"subject": "It failed", "message": "My payment failed.", "client_id": "c1"}


def told(answer: Answer) -> Any:
    if answer.status == 503:
        raise ServiceUnavailable
    assert answer.status in (200, 201), answer.text
    return answer.status, answer.json.get("ticket_id"), answer.json.get("sequence")


def counted() -> int:
    return sum(sum(one.states.values()) for one in backlog())


class Opening(Swept):
    made = 1

    def prepare(self) -> None:
        self.ana = register(unused_phone(), pay_password=False)

    def act(self) -> Any:
        return told(self.ana.call("POST", TICKETS, BODY))

    def check_done(self) -> None:
        lines = list(TicketLine.query(tickets_of(self.ana.user_id)))
        assert len(lines) == self.made
        assert texts(lines[0].ticket_id)[0] == (1, "My payment failed.")
        assert counted() == self.made

    def run_sweepers(self) -> None:
        on_replies_schedule(TICK, None)


class Writing(Opening):
    """Into a ticket that was solved, which opens it again."""

    def prepare(self) -> None:
        super().prepare()
        self.ticket_id = self.ana.call("POST", TICKETS, BODY).json["ticket_id"]
        self.amy = at_work("amy@bank.example", "agent")
        changed = self.amy.call("PATCH", f"/v1/agent/tickets/{self.ticket_id}", {"state": "solved"})
        assert changed.status == 200

    def act(self) -> Any:
        body = {"message": "It failed again.", "client_id": "m1"}
        return told(self.ana.call("POST", f"{TICKETS}/{self.ticket_id}/messages", body))

    def check_done(self) -> None:
        super().check_done()
        assert texts(self.ticket_id)[1:] == [(2, "It failed again.")]
        assert ticket_of(self.ticket_id).state == "reopened"


class Replying(Writing):
    """Which goes out, at once or by the schedule."""

    def act(self) -> Any:
        body = {"text": "Paid back.", "client_id": "r1"}
        path = f"/v1/agent/tickets/{self.ticket_id}/replies"
        return told(self.amy.call("POST", path, body))

    def check_done(self) -> None:
        assert texts(self.ticket_id)[1:] == [(2, "Paid back.")]
        assert ticket_of(self.ticket_id).assignee == self.amy.agent_id

    def check_finally(self) -> None:
        self.check_done()
        assert messages(self.ticket_id)[-1].delivery == "sent"


class Merging(Opening):
    """Of two of the same person."""

    made = 2

    def prepare(self) -> None:
        super().prepare()
        self.amy = at_work("amy@bank.example", "agent")
        first, second = BODY, BODY | {"client_id": "c2"}
        self.target = self.ana.call("POST", TICKETS, first).json["ticket_id"]
        self.source = self.ana.call("POST", TICKETS, second).json["ticket_id"]

    def act(self) -> Any:
        path = f"/v1/agent/tickets/{self.source}/merge"
        return told(self.amy.call("POST", path, {"into": self.target}))

    def check_done(self) -> None:
        super().check_done()
        assert ticket_of(self.target).merged == [self.source]
        source = ticket_of(self.source)
        assert (source.merged_into, source.state) == (self.target, "closed")


class Finding(Opening):
    """An owner who says "this wasn't me"; a schedule makes a ticket of it."""

    def prepare(self) -> None:
        super().prepare()
        events = self.ana.call("GET", "/v1/me/security-events").json["items"]
        path = f"/v1/me/security-events/{events[0]['event_id']}/dispute"
        assert self.ana.call("POST", path).status == 202

    def act(self) -> Any:
        take_up_cases()

    def check_done(self) -> None:
        lines = list(TicketLine.query(tickets_of(self.ana.user_id)))
        assert len(lines) == counted() == 1

    def run_sweepers(self) -> None:
        on_tickets_schedule(TICK, None)
        on_replies_schedule(TICK, None)


@pytest.mark.parametrize("operation", [Opening, Writing, Replying, Merging, Finding])
@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name.lower())
@pytest.mark.usefixtures("cloud")
def test_it_happens_once_whatever_befalls_it(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock) >= 2
