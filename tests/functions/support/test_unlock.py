"""Unlocking: the owner gets back in when phone, mail, facts and two agents say so, nobody else."""

from itertools import product
from typing import Any

import pytest

from functions.agents.approvals.states import current
from functions.agents.events import on_approvals_schedule
from functions.identity import sealed
from functions.identity.dispute import open_reports
from functions.identity.events import on_notice_schedule
from functions.support.automatic import ticket_of_report
from functions.support.cases import ACCOUNT_UNLOCKED
from functions.support.events import on_cases_schedule
from functions.support.records import Case, TicketLine, case_key, tickets_of
from functions.support.tickets import ticket_of
from functions.support.unlock.records import OPEN_LINES, UnlockLine, UnlockRequest, unlock_key
from shared.errors import ServiceUnavailable
from shared.ledger.accounts import find_account, set_status
from shared.settings import settings
from shared.table import due_shards
from tests.agents import Agent, at_work, deeds
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import CUTS, Fault, Swept, sweep, watched
from tests.functions.identity import second_factor
from tests.functions.identity.asking import OTHER_PHONE, PHONE, ask_code, opens, sign_in, wrong
from tests.functions.identity.test_closing import close
from tests.functions.notifications.hearing import bind_email
from tests.functions.scheduled import TICK
from tests.functions.support.locked_out import (
    EMAIL,
    FOR_AGENTS,
    REQUESTS,
    amy,
    ask,
    asked,
    hear,
    look,
    made_sure,
    propose,
    proposed,
    prove_mail,
    refuse,
    wish,
    zoe,
)
from tests.functions.support.saying import come_to, notes, take_up_cases, texts
from tests.people import (
    PASSWORD,
    Person,
    code_in_last_sms,
    fund,
    mails_sent_to,
    register,
    sms_sent_to,
)

NEW_PASSWORD = "another phrase that is long"


@pytest.fixture
def ana() -> Person:
    """With a bound mail address and money."""
    return owner()


@pytest.fixture
def agent() -> Agent:
    return amy()


@pytest.fixture
def second() -> Agent:
    return zoe()


def owner(phone: str = PHONE, email: str | None = EMAIL) -> Person:
    person = register(phone, funds=123_456)
    if email is not None:
        bind_email(person, email)
    return person


def reset(clock: TestClock, **more: object) -> Answer:
    clock.move(seconds=settings().code_resend_seconds)
    sent = ask_code(PHONE, "reset_password")
    body = {
        "phone": PHONE,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(PHONE),
        "new_password": NEW_PASSWORD,
    }
    return call("POST", "/v1/password-resets", body | more)


def dispute(person: Person) -> str:
    events = person.call("GET", "/v1/me/security-events?limit=100").json["items"]
    event = next(one["event_id"] for one in events if one["kind"] == "registered")
    answer = person.call("POST", f"/v1/me/security-events/{event}/dispute")
    assert answer.status == 202, answer.text
    return str(answer.json["report_id"])


def status_of(person: Person) -> str:
    account = find_account(person.user_id)
    assert account is not None
    return account.status


def test_who_has_lost_the_second_factor_gets_back_in(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    second_factor.turn_on(ana)
    assert reset(test_clock).code == "SECOND_FACTOR_REQUIRED"
    request_id = asked(ana)
    assert prove_mail(request_id).status == 204
    approval_id = proposed(agent, request_id, remove_second_factor=True)

    assert second.approve(approval_id).json["state"] == "executed"

    assert look(agent, request_id).json["state"] == "unlocked"
    assert not opens(ana.token)
    assert sign_in().code == "WRONG_CREDENTIALS"
    assert reset(test_clock).status == 204
    back = sign_in(PHONE, NEW_PASSWORD)
    assert back.status == 201
    token = back.json["tokens"]["access_token"]
    assert call("GET", "/v1/me/two-factor", token=token).json["enabled"] is False
    assert call("GET", "/v1/wallet", token=token).json["available"] == 123_456
    events = call("GET", "/v1/me/security-events?limit=100", token=token).json["items"]
    assert {"unlock_asked", "unlocked"} <= {one["kind"] for one in events}


def test_a_lock_by_wrong_passwords_ends_and_the_old_password_is_good_no_more(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    for _ in range(settings().sign_in_tries):
        sign_in(password="a wrong password")
    assert sign_in().code == "ACCOUNT_LOCKED"
    request_id = asked(ana)
    prove_mail(request_id)
    second.approve(proposed(agent, request_id))

    assert sign_in().code == "WRONG_CREDENTIALS"
    assert reset(test_clock).status == 204
    assert sign_in(PHONE, NEW_PASSWORD).status == 201


def test_the_owner_is_told_at_each_step_and_each_deed_and_look_is_kept(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    request_id = asked(ana)
    assert "申请客服解锁" in sms_sent_to(PHONE)[-1]
    assert any("申请客服解锁" in mail for mail in mails_sent_to(EMAIL))
    prove_mail(request_id)
    approval_id = proposed(agent, request_id)
    second.approve(approval_id)
    test_clock.move(seconds=settings().notice_wait_seconds)
    on_notice_schedule(TICK, None)

    assert "已按申请解锁" in sms_sent_to(PHONE)[-1]
    assert "已按申请解锁" in mails_sent_to(EMAIL)[-1]
    assert "http" not in sms_sent_to(PHONE)[-1]
    boss = at_work("boss@bank.example", "supervisor")
    about_request = {one["deed"]: one for one in deeds(boss, about=request_id)}
    assert about_request.keys() == {"unlock_looked_at", "unlock_facts_heard"}
    assert {one["who"] for one in about_request.values()} == {agent.agent_id}
    heard = about_request["unlock_facts_heard"]
    assert (heard["before"], heard["after"]["registered"]) == ({}, "confirmed")
    about_approval = {(one["who"], one["deed"]) for one in deeds(boss, about=approval_id)}
    assert about_approval == {
        (agent.agent_id, "proposed"),
        (second.agent_id, "approved"),
        (second.agent_id, "executed"),
    }


def test_this_was_not_me_ends_when_support_is_sure_of_the_owner(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    report_id = dispute(ana)
    request_id = asked(ana, report_id=report_id)
    prove_mail(request_id)
    shown = look(agent, request_id).json["account"]
    assert shown == {
        "status": "frozen",
        "disputed": True,
        "second_factor": False,
        "report": "open",
    }
    second.approve(proposed(agent, request_id))

    assert status_of(ana) == "active"
    assert open_reports(ana.user_id) == []
    assert waiting("report") == 0
    assert reset(test_clock).status == 204
    assert sign_in(PHONE, NEW_PASSWORD).status == 201


def test_what_tickets_are_about_it_is_solved_once_with_a_note(
    ana: Person, agent: Agent, second: Agent
) -> None:
    not_me = ticket_of_report(dispute(ana))
    on_cases_schedule(TICK, None)
    request_id = asked(ana)
    prove_mail(request_id)
    of_request = look(agent, request_id).json["ticket_id"]
    approval_id = proposed(agent, request_id)
    on_cases_schedule(TICK, None)
    assert {ticket_of(one).state for one in (not_me, of_request)} == {"open"}

    second.approve(approval_id)
    case = Case.get(*case_key(ACCOUNT_UNLOCKED, request_id)[1:])
    assert on_cases_schedule(TICK, None) == {"opened": 1}
    assert on_cases_schedule(TICK, None) == {"opened": 0}
    come_to(of_request, "reopened")
    case.save()  # as a run leaves it that was cut off after it had solved both
    assert on_cases_schedule(TICK, None) == {"opened": 1}

    assert (ticket_of(not_me).state, ticket_of(of_request).state) == ("solved", "reopened")
    for ticket_id in (not_me, of_request):
        (note,) = notes(ticket_id)
        assert note.kind == "account_unlocked"
        assert note.details == {"about": request_id, "approval_id": approval_id}


def test_what_is_over_before_it_was_taken_up_opens_no_ticket(
    ana: Person, agent: Agent, second: Agent
) -> None:
    report_id = dispute(ana)
    request_id = asked(ana)
    prove_mail(request_id)
    second.approve(proposed(agent, request_id))
    on_cases_schedule(TICK, None)

    (line,) = TicketLine.query(tickets_of(ana.user_id))
    assert line.ticket_id != ticket_of_report(report_id)
    assert ticket_of(line.ticket_id).state == "solved"


def test_the_owner_is_told_of_the_no_of_a_second_agent(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    request_id = asked(ana)
    prove_mail(request_id)
    assert second.reject(proposed(agent, request_id)).json["state"] == "rejected"
    test_clock.move(seconds=settings().notice_wait_seconds)
    on_notice_schedule(TICK, None)

    assert "未通过核实" in sms_sent_to(PHONE)[-1]
    assert "未通过核实" in mails_sent_to(EMAIL)[-1]
    events = ana.call("GET", "/v1/me/security-events?limit=100").json["items"]
    assert [one["kind"] for one in events].count("unlock_refused") == 1
    assert look(agent, request_id).json["state"] == "refused"


def test_the_owner_is_told_once_when_nobody_decides_in_time(
    ana: Person, agent: Agent, test_clock: TestClock
) -> None:
    request_id = asked(ana)
    prove_mail(request_id)
    proposed(agent, request_id)
    test_clock.move(hours=25)
    for _ in range(2):
        on_approvals_schedule(TICK, None)
        test_clock.move(seconds=settings().notice_wait_seconds)
        on_notice_schedule(TICK, None)

    assert told_of_refusal() == 1


def told_of_refusal() -> int:
    """How often by SMS."""
    return sum("未通过核实" in text for text in sms_sent_to(PHONE))


def waiting(purpose: str) -> int:
    from functions.identity.records import Report

    return sum(1 for shard in due_shards(purpose) for _ in Report.due.query(shard))


def test_what_an_operator_froze_stays_frozen(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    dispute(ana)
    test_clock.move(seconds=1)
    set_status(ana.user_id, "frozen")
    request_id = asked(ana)
    prove_mail(request_id)
    assert second.approve(proposed(agent, request_id)).json["state"] == "executed"

    assert status_of(ana) == "frozen"


def test_an_unknown_report_number_is_seen(ana: Person, agent: Agent) -> None:
    request_id = asked(ana, report_id="rp_of_somebody_else")
    assert look(agent, request_id).json["account"]["report"] == "unknown"


def test_it_is_a_ticket_which_agents_answer(ana: Person, agent: Agent) -> None:
    ticket = ticket_of(look(agent, asked(ana)).json["ticket_id"])
    assert (ticket.user_id, ticket.priority, ticket.channel) == (ana.user_id, "high", "hotline")
    assert ticket.tags == {"unlock"}
    assert len(texts(ticket.ticket_id)) == 1


@pytest.mark.usefixtures("ana")
def test_known_and_unknown_phones_are_answered_alike() -> None:
    known = {"phone": PHONE, "email": EMAIL} | code_for(PHONE)
    unknown = {"phone": OTHER_PHONE, "email": EMAIL} | code_for(OTHER_PHONE)
    with watched() as for_known:
        first = ask(known | {"code": wrong(code_in_last_sms(PHONE))})
    with watched() as for_unknown:
        other = ask(unknown | {"code": "123456"})

    assert (first.status, first.code) == (422, "WRONG_CODE")
    assert (first.status, first.json) == (other.status, other.json)
    assert [one.operation for one in for_known] == [one.operation for one in for_unknown]


def code_for(phone: str) -> dict[str, str]:
    sent = ask_code(phone, "unlock")
    assert sent.status == 202
    return {"verification_id": sent.json["verification_id"]}


def test_an_address_that_is_not_bound_is_answered_like_one_that_is_and_gets_no_code(
    ana: Person, test_clock: TestClock
) -> None:
    answers, calls = [], []
    for email in (EMAIL, "thief@post.example"):
        test_clock.move(seconds=settings().code_resend_seconds)
        body = wish(ana, email)
        sealed.forget()
        with watched() as seen:
            answers.append(ask(body))
        calls.append([one.operation for one in seen])
    first, second = answers

    assert first.json.keys() == second.json.keys()
    assert (first.status, first.json["email_code_sent"]) == (202, True)
    assert (second.status, second.json["email_code_sent"]) == (202, True)
    assert calls[0] == calls[1]
    (told,) = mails_sent_to("thief@post.example")
    assert not any(letter.isdigit() for letter in told)
    for code in ("000000", "123456"):
        assert prove_mail(second.json["request_id"], code).code == "WRONG_CODE"


def test_a_wrong_mail_code_proves_nothing_and_the_right_one_does_twice(
    ana: Person, agent: Agent
) -> None:
    request_id = asked(ana)
    code = mails_code()
    assert prove_mail(request_id, wrong(code)).code == "WRONG_CODE"
    assert look(agent, request_id).json["email"] == "not_proven"
    assert prove_mail(request_id, code).status == 204
    assert prove_mail(request_id, code).status == 204
    assert look(agent, request_id).json["email"] == "proven"


def mails_code() -> str:
    from tests.people import six_digits_in

    return six_digits_in(mails_sent_to(EMAIL)[-1])


def test_another_mail_code_can_be_had_and_the_first_is_over(
    ana: Person, test_clock: TestClock
) -> None:
    request_id = asked(ana)
    first = mails_code()
    path = f"{REQUESTS}/{request_id}/email/codes"
    assert call("POST", path).code == "TOO_MANY_REQUESTS"
    test_clock.move(seconds=settings().code_resend_seconds)
    assert call("POST", path).status == 202
    second = mails_code()
    if first != second:
        assert prove_mail(request_id, first).code == "WRONG_CODE"
    assert prove_mail(request_id, second).status == 204
    assert call("POST", f"{REQUESTS}/ul_unknown/email/codes").code == "NOT_FOUND"
    assert prove_mail("ul_unknown", "123456").code == "NOT_FOUND"


def test_without_the_bound_mail_it_takes_more_facts_and_a_day_and_leaves_the_factor(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    second_factor.turn_on(ana)
    request_id = asked(ana)
    shown = look(agent, request_id).json
    assert shown["confirmations_needed"] == len(shown["questions"]) == 3
    assert shown["second_factor_removable"] is False
    made_sure(agent, request_id)
    refused = propose(agent, request_id)
    assert (refused.status, refused.code) == (409, "UNLOCK_TOO_EARLY")
    assert refused.json["retry_after"] == settings().unlock_wait_seconds
    test_clock.move(seconds=settings().unlock_wait_seconds)
    agent, second = relogged("amy2@bank.example"), relogged("zoe2@bank.example")
    assert propose(agent, request_id, remove_second_factor=True).code == "SECOND_FACTOR_STAYS"
    approval_id = propose(agent, request_id).json["approval_id"]
    assert second.approve(approval_id).json["state"] == "executed"
    assert reset(test_clock).code == "SECOND_FACTOR_REQUIRED"


def relogged(email: str) -> Agent:
    return at_work(email, "agent")


def test_who_has_no_mail_bound_waits_a_day_and_may_lose_the_factor(
    agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    ana = owner(email=None)
    second_factor.turn_on(ana)
    request_id = asked(ana, email=None)
    assert look(agent, request_id).json["email"] == "none_bound"
    made_sure(agent, request_id)
    assert propose(agent, request_id).code == "UNLOCK_TOO_EARLY"
    test_clock.move(seconds=settings().unlock_wait_seconds)
    agent, second = relogged("amy2@bank.example"), relogged("zoe2@bank.example")
    approval_id = propose(agent, request_id, remove_second_factor=True).json["approval_id"]
    assert second.approve(approval_id).json["state"] == "executed"
    assert reset(test_clock).status == 204


def test_an_agent_who_is_not_sure_cannot_propose(ana: Person, agent: Agent) -> None:
    """There is no card that anybody could have named; and two wrong answers are one too many."""
    request_id = asked(ana)
    prove_mail(request_id)
    assert propose(agent, request_id).code == "NOT_MADE_SURE"
    hear(agent, request_id, registered="confirmed", balance="confirmed", card="confirmed")
    assert propose(agent, request_id).code == "NOT_MADE_SURE"
    hear(agent, request_id, registered="wrong", balance="wrong", movement="confirmed")
    assert propose(agent, request_id).code == "NOT_MADE_SURE"
    made_sure(agent, request_id)
    assert propose(agent, request_id).status == 201


def test_the_questions_have_answers_that_only_the_owner_knows(ana: Person, agent: Agent) -> None:
    shown = agent.call("GET", f"{FOR_AGENTS}/{asked(ana)}", headers={"Accept-Language": "en"}).json
    answers = {one["fact"]: one["answer"] for one in shown["questions"]}
    assert answers["balance"] == "1200.00 CNY - 1300.00 CNY"
    assert answers["movement"].endswith("top_up in 1234.56 CNY")
    assert shown["questions"][0]["question"] == "In which month did you register?"
    assert PHONE not in str(shown)
    assert EMAIL not in str(shown)


def test_nobody_proposes_and_approves_alone(ana: Person, agent: Agent) -> None:
    request_id = asked(ana)
    prove_mail(request_id)
    approval_id = proposed(agent, request_id)
    assert agent.approve(approval_id).code == "SAME_PERSON"
    assert sign_in().status == 201


def test_no_agent_acts_on_an_account_of_their_own(ana: Person, agent: Agent, second: Agent) -> None:
    request_id = asked(ana)
    prove_mail(request_id)
    own = at_work("own@bank.example", "agent", user_id=ana.user_id)
    for answer in (
        look(own, request_id),
        hear(own, request_id, registered="confirmed"),
        propose(own, request_id),
        refuse(own, request_id),
        own.approve(proposed(agent, request_id)),
    ):
        assert (answer.status, answer.code) == (403, "OWN_ACCOUNT")


def test_what_the_owner_does_meanwhile_makes_it_void(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    """A thief who holds the phone asks; the owner says "this wasn't me" before the second yes."""
    request_id = asked(ana)
    prove_mail(request_id)
    approval_id = proposed(agent, request_id)
    dispute(ana)

    decided = second.approve(approval_id).json
    assert (decided["state"], decided["failure"]) == ("failed", "UNLOCK_OUTDATED")
    test_clock.move(seconds=settings().notice_wait_seconds)
    on_notice_schedule(TICK, None)
    assert told_of_refusal() == 1
    assert status_of(ana) == "frozen"
    assert len(open_reports(ana.user_id)) == 1
    assert look(agent, request_id).json["state"] == "refused"


def test_who_has_closed_the_account_meanwhile_is_told_of_the_closing_alone(
    agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    poor = register(PHONE)
    bind_email(poor, EMAIL)
    request_id = asked(poor)
    prove_mail(request_id)
    approval_id = proposed(agent, request_id)
    assert close(poor).status == 204

    assert second.approve(approval_id).json["state"] == "failed"
    test_clock.move(seconds=settings().notice_wait_seconds)
    on_notice_schedule(TICK, None)
    assert told_of_refusal() == 0
    assert "已注销" in sms_sent_to(PHONE)[-1]


def test_a_password_that_was_reset_meanwhile_stays(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    request_id = asked(ana)
    prove_mail(request_id)
    approval_id = proposed(agent, request_id)
    assert reset(test_clock).status == 204
    assert second.approve(approval_id).json["failure"] == "UNLOCK_OUTDATED"
    assert sign_in(PHONE, NEW_PASSWORD).status == 201


def test_a_request_is_good_for_three_days_and_once(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    request_id = asked(ana)
    prove_mail(request_id)
    approval_id = proposed(agent, request_id)
    assert propose(agent, request_id).code == "UNLOCK_ENDED"
    second.approve(approval_id)
    assert hear(agent, request_id, registered="wrong").code == "UNLOCK_ENDED"
    assert propose(agent, request_id).code == "UNLOCK_ENDED"
    assert refuse(agent, request_id).code == "UNLOCK_ENDED"
    assert prove_mail(request_id, "123456").code == "NOT_FOUND"

    test_clock.move(seconds=settings().code_resend_seconds)
    another = asked(ana)
    test_clock.move(seconds=settings().unlock_request_seconds)
    agent = relogged("amy2@bank.example")
    assert look(agent, another).json["state"] == "expired"
    assert propose(agent, another).code == "UNLOCK_ENDED"
    assert agent.call("GET", FOR_AGENTS).json["items"] == []


def test_who_is_refused_is_told_and_cannot_go_on_asking(
    ana: Person, agent: Agent, test_clock: TestClock
) -> None:
    for number in range(settings().unlock_requests_per_day):
        request_id = asked(ana)
        assert agent.call("GET", FOR_AGENTS).json["items"][0]["request_id"] == request_id
        assert refuse(agent, request_id).status == 204
        shown = look(agent, request_id).json
        assert shown["state"] == "refused"
        assert [one["state"] for one in shown["earlier"]] == ["refused"] * number
        test_clock.move(seconds=settings().code_resend_seconds)
    assert "未通过核实" in sms_sent_to(PHONE)[-1]
    assert agent.call("GET", FOR_AGENTS).json["items"] == []

    refused = ask(wish(ana))
    assert (refused.status, refused.code) == (429, "TOO_MANY_REQUESTS")
    assert sign_in().status == 201


def test_the_same_request_again_has_the_same_answer_and_one_effect(
    ana: Person, agent: Agent
) -> None:
    body = wish(ana)
    first, again = ask(body), ask(body)
    assert (first.status, first.json) == (again.status, again.json)
    assert len(agent.call("GET", FOR_AGENTS).json["items"]) == 1
    assert len([mail for mail in mails_sent_to(EMAIL) if "申请客服解锁" in mail]) == 1
    assert ask(body | {"email": "other@post.example"}).code == "CODE_EXPIRED"


def test_the_open_requests_come_page_by_page_the_oldest_first(
    ana: Person, agent: Agent, test_clock: TestClock
) -> None:
    first = asked(ana)
    test_clock.move(seconds=settings().code_resend_seconds)
    second = asked(ana)
    page = agent.call("GET", f"{FOR_AGENTS}?limit=1").json
    assert [one["request_id"] for one in page["items"]] == [first]
    page = agent.call("GET", f"{FOR_AGENTS}?limit=1&cursor={page['next_cursor']}").json
    assert [one["request_id"] for one in page["items"]] == [second]
    assert page["next_cursor"] is None


class Asking(Swept):
    """Files one request with one ticket, of which the owner is told."""

    def prepare(self) -> None:
        self.ana = owner()
        self.body = wish(self.ana)

    def act(self) -> Any:
        answer = ask(self.body)
        if answer.status in (429, 503):
            raise ServiceUnavailable
        assert answer.status == 202, answer.text
        self.request_id = str(answer.json["request_id"])
        return answer.json

    def check_done(self) -> None:
        (request,) = UnlockRequest.query(unlock_key(self.request_id).pk)
        assert request.email_verification_id
        assert len(texts(request.ticket_id)) == 1

    def run_sweepers(self) -> None:
        on_notice_schedule(TICK, None)
        assert "申请客服解锁" in str(sms_sent_to(PHONE))


class Opening(Swept):
    """The second yes lets the owner in, once."""

    def prepare(self) -> None:
        self.ana, self.agent, self.second = owner(), amy(), zoe()
        dispute(self.ana)
        request_id = asked(self.ana)
        prove_mail(request_id)
        self.approval_id = proposed(self.agent, request_id)

    def act(self) -> Any:
        answer = self.second.approve(self.approval_id)
        if answer.status == 503:
            raise ServiceUnavailable
        assert answer.status == 200, answer.text
        return answer.json["state"]

    def check_done(self) -> None:
        assert status_of(self.ana) == "active"
        assert open_reports(self.ana.user_id) == []
        assert sign_in(PHONE, PASSWORD).code == "WRONG_CREDENTIALS"

    def run_sweepers(self) -> None:
        on_notice_schedule(TICK, None)
        assert str(sms_sent_to(PHONE)).count("已按申请解锁") == 1


class _Asked(Swept):
    """A request whose phone is proven."""

    def prepare(self) -> None:
        self.ana, self.agent = owner(), amy()
        self.request_id = asked(self.ana)
        self.code = mails_code()

    def told(self, answer: Answer) -> str:
        """How the request stands; a deed that came through before is not done again."""
        if answer.status == 503:
            raise ServiceUnavailable
        assert answer.status < 300 or answer.code == "UNLOCK_ENDED", answer.text
        return self.request().state

    def request(self) -> UnlockRequest:
        (request,) = UnlockRequest.query(unlock_key(self.request_id).pk)
        return request

    def open_lines(self) -> int:
        return sum(1 for _ in UnlockLine.query(OPEN_LINES))

    def run_sweepers(self) -> None:
        on_notice_schedule(TICK, None)


class Proving(_Asked):
    def act(self) -> Any:
        return self.told(prove_mail(self.request_id, self.code))

    def check_done(self) -> None:
        request = self.request()
        assert request.email_proven_at
        assert (request.version, self.open_lines()) == (1, 1)


class Proposing(_Asked):
    """Uses the request up for one approval."""

    def prepare(self) -> None:
        super().prepare()
        prove_mail(self.request_id, self.code)
        made_sure(self.agent, self.request_id)

    def act(self) -> Any:
        return self.told(propose(self.agent, self.request_id))

    def check_done(self) -> None:
        request = self.request()
        assert (request.state, self.open_lines()) == ("proposed", 0)
        assert current(str(request.approval_id)).state == "proposed"


class Refusing(_Asked):
    def act(self) -> Any:
        return self.told(refuse(self.agent, self.request_id))

    def check_done(self) -> None:
        assert (self.request().state, self.open_lines()) == ("refused", 0)

    def check_finally(self) -> None:
        self.check_done()
        assert "未通过核实" in str(sms_sent_to(PHONE))


class Solving(Opening):
    """A schedule solves the two tickets about it."""

    def prepare(self) -> None:
        super().prepare()
        on_cases_schedule(TICK, None)
        super().act()

    def act(self) -> Any:
        take_up_cases()

    def check_done(self) -> None:
        ids = [line.ticket_id for line in TicketLine.query(tickets_of(self.ana.user_id))]
        assert [ticket_of(one).state for one in ids] == ["solved", "solved"]
        assert [len(notes(one)) for one in ids] == [1, 1]


@pytest.fixture
def _long_codes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sweep tries again after minutes, for which a code is not good."""
    monkeypatch.setenv("CODE_VALID_SECONDS", "3600")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.usefixtures("_long_codes")
@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        *product((Asking, Opening, Solving), (Fault.DIES_AFTER, Fault.RESPONSE_LOST)),
        *product((Proving, Proposing, Refusing), CUTS),
    ],
    ids=lambda one: one.name if isinstance(one, Fault) else one.__name__,
)
def test_it_happens_once(operation: type[Swept], fault: Fault, test_clock: TestClock) -> None:
    assert sweep(operation, fault, test_clock)


def test_money_can_move_again_within_the_cool_down(
    ana: Person, agent: Agent, second: Agent, test_clock: TestClock
) -> None:
    fund(ana.user_id, 1_000_000)
    bo = register(OTHER_PHONE)
    dispute(ana)
    request_id = asked(ana)
    prove_mail(request_id)
    second.approve(proposed(agent, request_id))
    reset(test_clock)
    tokens = sign_in(PHONE, NEW_PASSWORD).json["tokens"]
    back = Person(PHONE, ana.user_id, tokens["access_token"], "")

    assert back.send(bo, 100, key="1").status == 201
    assert back.send(bo, settings().unguarded_day_limit_minor, key="2").code == "COOL_DOWN"
