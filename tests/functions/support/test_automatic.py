"""What the wallet itself finds wrong becomes a ticket by itself, exactly once."""

import pytest

from functions.identity.dispute import waiting_reports
from functions.support import automatic
from functions.support.cases import WITHDRAWAL_OVERDUE, opening
from functions.support.events import on_cases_schedule
from functions.support.records import Ticket, TicketLine, queue_of
from functions.support.views import tickets_in
from shared.sweep import SweepIncomplete
from shared.table import write
from tests.functions.bank_cards import unused_phone
from tests.functions.scheduled import TICK
from tests.functions.support.saying import texts
from tests.people import Person, register


@pytest.fixture
def ana() -> Person:
    return register(unused_phone(), pay_password=False)


def run(*, opened: int) -> None:
    assert on_cases_schedule(TICK, None) == {"opened": opened}


def all_open() -> list[Ticket]:
    return tickets_in(list(TicketLine.query(queue_of("all", "", "open"))))


def overdue(person: Person) -> None:
    facts = {"status": "submitted"}
    write(opening(WITHDRAWAL_OVERDUE, about="w_1", user_id=person.user_id, facts=facts))


def test_an_overdue_withdrawal_opens_one_ticket_for_its_owner(ana: Person) -> None:
    overdue(ana)
    run(opened=1)
    run(opened=0)

    (ticket,) = all_open()
    assert (ticket.user_id, ticket.team, ticket.priority) == (ana.user_id, "payments", "high")
    assert ticket.about == {"kind": "withdrawal", "id": "w_1"}
    (shown,) = ana.call("GET", "/v1/support/tickets").json["items"]
    assert shown["subject"] == "提现未按时到账"
    assert "w_1" in texts(ticket.ticket_id)[0][1]


def test_this_was_not_me_opens_one_urgent_ticket(ana: Person) -> None:
    events = ana.call("GET", "/v1/me/security-events").json["items"]
    event_id = events[0]["event_id"]
    disputed = ana.call("POST", f"/v1/me/security-events/{event_id}/dispute").json
    run(opened=1)
    run(opened=0)

    (ticket,) = all_open()
    assert (ticket.user_id, ticket.team, ticket.priority) == (ana.user_id, "security", "urgent")
    assert ticket.about == {"kind": "security_event", "id": event_id}
    assert disputed["report_id"] in texts(ticket.ticket_id)[0][1]
    assert list(waiting_reports(10)) == []


def test_one_that_cannot_be_opened_stops_no_other(ana: Person) -> None:
    write(opening("unheard_of", about="x", user_id=None, facts={}))
    overdue(ana)
    with pytest.raises(SweepIncomplete):
        automatic.open_waiting("r")
    assert len(all_open()) == 1
