"""Writing to support by mail, with a real SMTP client, and what comes back."""

import uuid
from typing import Any

import pytest

from infra.mail_program import MailProgram, text_of
from infra.phone_app import PhoneApp
from infra.stack import Addresses
from tests.e2e.conftest import eventually, somebody


@pytest.fixture(scope="module")
def ana(addresses: Addresses) -> PhoneApp:
    return somebody(addresses)


@pytest.fixture(scope="module")
def post(addresses: Addresses, ana: PhoneApp) -> MailProgram:
    """Ana's mail program, with an address that she has bound."""
    program = MailProgram(addresses, f"ana-{uuid.uuid4().hex[:8]}@post.example")
    ana.bind_email(program.address)
    return program


def tickets(app: PhoneApp) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = app.must(200, "GET", "/v1/support/tickets")["items"]
    return items


def said(app: PhoneApp, ticket_id: str) -> list[str]:
    shown = app.must(200, "GET", f"/v1/support/tickets/{ticket_id}")
    return [one["text"] for one in reversed(shown["messages"])]


def test_a_mail_becomes_a_ticket_and_its_answer_comes_back_into_it(
    ana: PhoneApp, post: MailProgram
) -> None:
    before = len(post.inbox())
    post.write("Payment failed", "My payment to the shop failed.")
    eventually(lambda: len(tickets(ana)), 1)
    eventually(lambda: len(post.inbox()), before + 1)

    acknowledged = post.inbox()[-1]
    (ticket,) = tickets(ana)
    assert ticket["number"] in text_of(acknowledged)
    assert acknowledged["Auto-Submitted"] == "auto-replied"

    post.answer(acknowledged, "It was yesterday.")
    ticket_id = ticket["ticket_id"]
    eventually(lambda: "It was yesterday." in said(ana, ticket_id), True)
    assert len(tickets(ana)) == 1
    assert len(post.inbox()) == before + 1
