"""Support on the running stack: from a failed payment to an answer, and a file there and back."""

import urllib3

from infra.agent_console import AgentConsole
from infra.demo.support import ask_support
from infra.phone_app import PhoneApp
from infra.stack import Stack
from tests.e2e.conftest import run_schedule

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 24


def test_a_failed_payment_becomes_a_ticket_that_an_agent_answers(
    ana: PhoneApp, bo: PhoneApp, amy: AgentConsole
) -> None:
    ask_support(ana, bo, amy)


def test_a_file_goes_to_the_bucket_and_comes_back(bo: PhoneApp, amy: AgentConsole) -> None:
    wish = {"name": "proof.png", "content_type": "image/png", "size": len(PNG)}
    asked = bo.must(201, "POST", "/v1/support/attachments", wish)
    put = urllib3.request("PUT", asked["url"], body=PNG, headers=asked["headers"])
    assert put.status == 200, put.data
    body = {"subject": "Look", "message": "See this", "attachments": [asked["attachment_id"]]}
    ticket_id = bo.must(201, "POST", "/v1/support/tickets", body)["ticket_id"]

    path = f"tickets/{ticket_id}/attachments/{asked['attachment_id']}"
    for who, base in ((bo, "/v1/support"), (amy, "/v1/agent")):
        link = who.must(200, "GET", f"{base}/{path}")["url"]
        assert urllib3.request("GET", link).data == PNG


def test_this_was_not_me_reaches_the_inbox_by_itself(stack: Stack, amy: AgentConsole) -> None:
    cy = PhoneApp(stack.addresses)
    cy.register()
    event = cy.security_events()[0]["event_id"]
    assert cy.ask("POST", f"/v1/me/security-events/{event}/dispute").status == 202
    run_schedule(stack, "open_automatic_tickets", "OpenAutomaticTickets")

    found = amy.must(200, "GET", f"/v1/agent/ticket-search?user_id={cy.user_id}")["items"]
    assert [one["tags"] for one in found] == [["automatic", "not_me"]]
