"""What support keeps of a user: shown in an export, and forgotten when the law lets it."""

from functions.support.attachments import check_uploaded
from functions.support.incoming import Author, WayBack
from functions.support.personal_data import forget_tickets
from functions.support.tickets import ticket_of
from tests.functions.bank_cards import unused_phone
from tests.functions.support.saying import USER, opened, texts
from tests.functions.support.test_attachments import uploaded
from tests.people import PASSWORD, register
from tests.seeded_secrets import items

OTHER = Author("user", "u_bbbbbbbbbbbbbbbbbbbbbbbbbb")


def test_an_export_names_the_tickets() -> None:
    ana = register(unused_phone(), pay_password=False)
    opened(author=Author("user", ana.user_id))
    data = ana.call("POST", "/v1/me/export", {"password": PASSWORD}).json

    assert [one["subject"] for one in data["tickets"]["items"]] == ["Payment failed"]
    assert data["go_on_at"]["tickets"] == "/v1/support/tickets"


def test_all_of_a_users_tickets_are_forgotten_and_no_other() -> None:

    attachment_id = uploaded()
    check_uploaded([attachment_id], USER)
    first = opened("Where is my llama?", "1", attachments=(attachment_id,), subject="Llama lost")
    opened("And my vicuna?", "2", channel="mail", way_back=WayBack("ana@post.example"))
    other = opened("My alpaca", "3", author=OTHER, subject="Llama found")
    for _ in range(2):
        forget_tickets(USER)

    left = "\n".join(items())
    number = ticket_of(other.ticket_id).number
    for gone in (
        USER,
        "llama?",
        "vicuna",
        "Llama lost",
        attachment_id,
        f"TICKET#{first.ticket_id}",
    ):
        assert gone not in left, gone
    assert texts(other.ticket_id) == [(1, "My alpaca")]
    assert number in left
