"""Writing to support by mail, with a real SMTP client, and what comes back."""

import uuid
from typing import Any

import pytest

from infra.agent_console import AgentConsole
from infra.demo.mail import write_a_mail
from infra.mail_program import MailProgram, text_of
from infra.phone_app import PhoneApp, new_key
from infra.stack import Addresses
from tests.e2e.conftest import eventually, somebody

BOUNCES = "bounce@simulator.amazonses.com"


@pytest.fixture
def ana(addresses: Addresses) -> PhoneApp:
    return somebody(addresses)


@pytest.fixture
def post(addresses: Addresses, ana: PhoneApp) -> MailProgram:
    """Ana's mail program, with an address that she has bound."""
    program = MailProgram(addresses, f"ana-{uuid.uuid4().hex[:8]}@post.example")
    ana.bind_email(program.address)
    return program


def tickets(app: PhoneApp) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = app.must(200, "GET", "/v1/support/tickets")["items"]
    return items


def aside(agent: AgentConsole, state: str = "quarantined") -> list[str]:
    items = agent.must(200, "GET", f"/v1/agent/mails?state={state}")["items"]
    return [one["subject"] for one in items]


def test_a_mail_is_answered_by_mail_and_the_answer_to_that_goes_on_with_it(
    ana: PhoneApp, amy: AgentConsole
) -> None:
    """As the demo shows it, which ends at the first thing that is not as it must be."""
    write_a_mail(ana, amy)

    assert len(tickets(ana)) == 1


def test_a_forged_sender_is_not_the_user(
    ana: PhoneApp, post: MailProgram, amy: AgentConsole
) -> None:
    subject = f"forged {uuid.uuid4()}"
    forger = MailProgram(ana.addresses, post.address)
    forger.write(subject, "Send it to me.", verdicts="dmarc=FAIL")

    def opened() -> list[str]:
        found = amy.must(200, "GET", "/v1/agent/tickets?assignee=nobody&limit=100")["items"]
        return [one["subject"] for one in found if one["subject"] == subject]

    eventually(opened, [subject])
    assert tickets(ana) == []
    assert post.inbox() == []


def test_spam_lies_aside_for_an_agent_to_see(addresses: Addresses, amy: AgentConsole) -> None:
    subject = f"spam {uuid.uuid4()}"
    MailProgram(addresses, "eve@evil.example").write(subject, "Buy it.", verdicts="spam=FAIL")

    eventually(lambda: subject in aside(amy), True)


def test_an_address_that_bounces_gets_no_more_and_the_agent_sees_it(
    addresses: Addresses, amy: AgentConsole
) -> None:
    subject = f"bounces {uuid.uuid4()}"
    MailProgram(addresses, BOUNCES).write(subject, "Hello?", verdicts="dmarc=GRAY")
    found: list[dict[str, Any]] = []

    def notes() -> list[str]:
        found[:] = [
            one
            for one in amy.must(200, "GET", "/v1/agent/tickets?assignee=nobody&limit=100")["items"]
            if one["subject"] == subject
        ]
        if not found:
            return []
        lines = amy.must(200, "GET", f"/v1/agent/tickets/{found[0]['ticket_id']}")["lines"]
        return [one["kind"] for one in lines if one["kind"].startswith("mail_")]

    eventually(notes, ["mail_bounced"])
    path = f"/v1/agent/tickets/{found[0]['ticket_id']}"
    amy.must(201, "POST", f"{path}/replies", {"text": "Hello!", "client_id": new_key()})
    kinds = [one["kind"] for one in amy.must(200, "GET", path)["lines"]]
    assert "delivery_failed" in kinds


def test_a_mail_that_no_library_reads_is_there_all_the_same(
    addresses: Addresses, amy: AgentConsole
) -> None:
    subject = f"broken {uuid.uuid4()}"
    raw = (
        f"From: eve@evil.example\r\nSubject: {subject}\r\n"
        "Content-Type: multipart/mixed; boundary=\r\n\r\n\x00--\r\n"
    )
    program = MailProgram(addresses, "eve@evil.example")
    program.send_raw(raw.encode(), to=addresses.support_address)

    def opened() -> bool:
        found = amy.must(200, "GET", "/v1/agent/tickets?assignee=nobody&limit=100")["items"]
        return subject in [one["subject"] for one in found]

    eventually(opened, True)


def test_a_stranger_is_told_in_the_language_of_the_mail(addresses: Addresses) -> None:
    stranger = MailProgram(addresses, f"stranger-{uuid.uuid4().hex[:8]}@post.example")
    stranger.write("付款失败", "我的付款失败了。")
    eventually(lambda: len(stranger.inbox()), 1)
    (sent,) = stranger.inbox()

    assert sent["Auto-Submitted"] == "auto-replied"
    assert "工单号" in text_of(sent)
    assert addresses.support_address in str(sent["From"])
