"""A mail goes on with a ticket only when its sender belongs to it, whatever it names."""

import pytest

from functions.support.mail.reply_address import reply_address, ticket_named_by
from functions.support.reply import reply
from functions.support.tickets import Change, alter, altered, ticket_of
from shared.settings import settings
from tests.clock import TestClock
from tests.functions.bank_cards import unused_phone
from tests.functions.notifications.hearing import bind_email
from tests.functions.support.mail.posting import (
    ANA,
    EVE,
    FORGED,
    NO_POLICY,
    answer_to,
    delivered,
    last_sent_id,
    message_of,
    went_out,
    written,
)
from tests.functions.support.saying import AMY, texts
from tests.people import Person, register


@pytest.fixture
def user() -> Person:
    """Somebody who has bound the address that Ana's mails come from."""
    person = register(unused_phone(), pay_password=False)
    bind_email(person, ANA)
    return person


def reply_to(ticket_id: str) -> str:
    return reply_address(ticket_id)


def test_the_answer_to_an_agent_goes_into_the_same_ticket() -> None:
    first = delivered(written())
    reply(first.ticket_id, "Which shop?", by=AMY, source_id="1")
    sent = went_out(ANA)[-1]

    assert sent["Auto-Submitted"] is None
    again = delivered(answer_to(sent, "The bakery."), to=sent["Reply-To"].split("<")[1].strip(">"))
    assert again.ticket_id == first.ticket_id
    assert texts(first.ticket_id)[-1][1] == "The bakery."
    assert len(went_out(ANA)) == 2


@pytest.mark.parametrize("by", ["token", "in_reply_to", "references", "id of SES", "own mail"])
def test_each_way_to_name_a_ticket_finds_it(by: str) -> None:
    mail = written()
    first = delivered(mail)
    (sent,) = went_out()
    ses_id = f"<{last_sent_id()}@ap-southeast-1.amazonses.com>"
    ways = {
        "token": lambda: delivered(written("x"), to=reply_to(first.ticket_id)),
        "in_reply_to": lambda: delivered(written("x", in_reply_to=sent["Message-ID"])),
        "references": lambda: delivered(written("x", references=f"<a@b> {sent['Message-ID']}")),
        "id of SES": lambda: delivered(written("x", in_reply_to=ses_id)),
        "own mail": lambda: delivered(written("x", references=str(mail["Message-ID"]))),
    }

    assert ways[by]().ticket_id == first.ticket_id


def test_the_address_comes_before_what_is_answered() -> None:
    first, second = delivered(written("first")), delivered(written("second"))
    third = delivered(
        written("third", in_reply_to=went_out()[0]["Message-ID"]), to=reply_to(second.ticket_id)
    )

    assert third.ticket_id == second.ticket_id != first.ticket_id


def test_a_number_in_a_subject_finds_nothing() -> None:
    first = delivered(written())
    number = ticket_of(first.ticket_id).number

    assert delivered(written(subject=f"Re: ticket {number}")).ticket_id != first.ticket_id


@pytest.mark.parametrize("by", ["token", "in_reply_to"])
def test_somebody_elses_token_or_id_opens_a_ticket_of_ones_own(by: str) -> None:
    first = delivered(written())
    (sent,) = went_out()
    before = texts(first.ticket_id)
    named = {"in_reply_to": sent["Message-ID"]} if by == "in_reply_to" else {}
    to = reply_to(first.ticket_id) if by == "token" else "support@support.u-wallet.example"
    other = delivered(written("I am Ana.", sender=EVE, **named), to=to)

    assert other.ticket_id != first.ticket_id
    assert texts(first.ticket_id) == before
    assert ticket_of(other.ticket_id).contact != ticket_of(first.ticket_id).contact


def test_a_forged_sender_comes_into_no_ticket() -> None:
    first = delivered(written())
    (sent,) = went_out()
    forged = delivered(written("Send it to me.", in_reply_to=sent["Message-ID"]), **FORGED)

    assert forged.ticket_id != first.ticket_id
    assert len(went_out()) == 1, "its victim gets no mail"


def test_a_domain_without_a_policy_can_go_on_with_its_own_ticket(user: Person) -> None:
    first = delivered(written(sender="bo@old.example"), **NO_POLICY)
    (sent,) = went_out("bo@old.example")
    again = delivered(
        written("x", sender="bo@old.example", in_reply_to=sent["Message-ID"]), **NO_POLICY
    )

    assert again.ticket_id == first.ticket_id


def test_a_token_that_was_changed_names_no_ticket() -> None:
    address = reply_address(delivered(written()).ticket_id)
    local, _, domain = address.partition("@")
    letter = "a" if local[-1] != "a" else "b"

    assert ticket_named_by(address.upper()) is not None
    assert ticket_named_by(f"{local[:-1]}{letter}@{domain}") is None
    assert ticket_named_by(f"{local}@elsewhere.example") is None


def test_a_proven_sender_is_the_user_who_has_bound_the_address(user: Person) -> None:
    record = delivered(written())

    assert ticket_of(record.ticket_id).user_id == user.user_id
    message = message_of(record)
    assert (message.author_kind, message.author_id) == ("user", user.user_id)
    assert [one["ticket_id"] for one in user.call("GET", "/v1/support/tickets").json["items"]] == [
        record.ticket_id
    ]


@pytest.mark.parametrize(
    "verdicts",
    [
        FORGED,
        NO_POLICY,
        {"dmarc": "PASS", "spf": "FAIL", "dkim": "FAIL"},
        {"dmarc": None},
        {"spf": None, "dkim": None},
        {"dmarc": "PROCESSING_FAILED"},
    ],
)
def test_without_passing_verdicts_nobody_is_a_user(
    user: Person, verdicts: dict[str, str | None]
) -> None:
    record = delivered(written(), **verdicts)

    assert not ticket_of(record.ticket_id).user_id
    assert message_of(record).author_kind == "visitor"
    assert user.call("GET", "/v1/support/tickets").json["items"] == []


def test_an_unproven_mail_does_not_get_into_a_users_ticket(user: Person) -> None:
    first = delivered(written())
    (sent,) = went_out()
    before = texts(first.ticket_id)
    delivered(written("Change it.", in_reply_to=sent["Message-ID"]), **NO_POLICY)

    assert texts(first.ticket_id) == before


def test_two_senders_are_no_user(user: Person) -> None:
    record = delivered(written(sender=f"{ANA}, {EVE}"))

    assert not ticket_of(record.ticket_id).user_id


def test_an_address_that_two_have_bound_is_nobodys(user: Person, test_clock: TestClock) -> None:
    test_clock.move(seconds=settings().code_resend_seconds)
    bind_email(register(unused_phone(), pay_password=False), ANA)

    assert not ticket_of(delivered(written()).ticket_id).user_id


def test_an_address_that_was_replaced_is_nobodys(user: Person) -> None:
    bind_email(user, "ana@work.example")

    assert not ticket_of(delivered(written()).ticket_id).user_id
    record = delivered(written(sender="ANA@Work.example"))
    assert ticket_of(record.ticket_id).user_id == user.user_id


def test_who_belongs_to_a_merged_ticket_belongs_to_that_which_it_was_merged_into() -> None:
    first, second = delivered(written("first")), delivered(written("x", sender="bo@post.example"))
    alter(
        first.ticket_id,
        lambda ticket: Change(altered(ticket, merged_into=second.ticket_id, state="closed")),
    )
    alter(second.ticket_id, lambda ticket: Change(altered(ticket, merged=[first.ticket_id])))
    again = delivered(written("more"), to=reply_to(second.ticket_id))

    assert again.ticket_id == second.ticket_id
