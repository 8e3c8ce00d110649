"""Machines that answer machines come to rest, and nobody gets an answer that is not due."""

import pytest

from functions.support.mail.records import FILED, QUARANTINED
from functions.support.tickets import ticket_of
from shared.settings import settings
from tests.functions.support.mail.posting import (
    ANA,
    NO_POLICY,
    SUPPORT,
    answer_to,
    delivered,
    went_out,
    written,
)
from tests.functions.support.saying import come_to, notes, texts


@pytest.mark.parametrize(
    "header",
    [
        {"auto_submitted": "auto-generated"},
        {"auto_submitted": "auto-notified; owner-email=x@y"},
        {"precedence": "bulk"},
        {"precedence": "List"},
        {"precedence": "junk"},
        {"x_loop": "x"},
        {"x_auto_response_suppress": "OOF"},
        {"list_id": "<news.post.example>"},
        {"list_unsubscribe": "<mailto:x@y>"},
        {"feedback_id": "1:2:3"},
    ],
)
def test_what_no_machine_may_answer_is_filed_and_not_acknowledged(header: dict[str, str]) -> None:
    record = delivered(written(**header))

    assert record.state == FILED
    assert went_out() == []


@pytest.mark.parametrize(
    "verdicts",
    [
        {"dmarc": "FAIL"},
        {"spf": "FAIL", "dkim": "FAIL", "dmarc": "GRAY"},
        {"spam": "GRAY"},
        {"virus": "PROCESSING_FAILED"},
        {"spam": None},
    ],
)
def test_a_sender_who_may_be_forged_is_not_acknowledged(verdicts: dict[str, str | None]) -> None:
    assert delivered(written(), **verdicts).state == FILED
    assert went_out() == []


def test_a_mail_of_a_person_is_acknowledged_also_where_there_is_no_policy() -> None:
    delivered(written(auto_submitted="no"), **NO_POLICY)

    assert len(went_out()) == 1


def test_nobody_who_takes_no_mail_is_answered() -> None:
    delivered(written(sender="no-reply@shop.example"))
    delivered(written(sender="mailer-daemon@shop.example"))

    assert went_out() == []


@pytest.mark.parametrize(
    ("header", "return_path"),
    [({"auto_submitted": "auto-replied"}, ANA), ({"x_autoreply": "yes"}, ANA), ({}, "<>")],
)
def test_a_machines_answer_is_a_note_and_opens_nothing_again(
    header: dict[str, str], return_path: str
) -> None:
    first = delivered(written())
    come_to(first.ticket_id, "solved")
    (sent,) = went_out()
    before = texts(first.ticket_id)
    away = answer_to(sent, "I am away.", **header)
    record = delivered(away, return_path=return_path)

    assert (record.state, record.ticket_id) == (FILED, first.ticket_id)
    assert texts(first.ticket_id) == before
    assert ticket_of(first.ticket_id).state == "solved"
    (note,) = notes(first.ticket_id)
    assert (note.kind, note.text) == ("automatic_mail", "I am away.")


def test_a_machines_answer_to_nothing_is_set_aside() -> None:
    record = delivered(written(auto_submitted="auto-replied"))

    assert (record.state, record.reason) == (QUARANTINED, "auto_reply")


def test_a_report_on_a_mail_is_set_aside_or_noted() -> None:
    raw = (
        b"From: Mailer <mailer-daemon@post.example>\r\nTo: support@support.u-wallet.example\r\n"
        b"Subject: Undelivered\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
        b"--b\r\n\r\nIt did not arrive.\r\n--b--\r\n"
    )
    assert delivered(raw).reason == "report"


def test_mail_from_ourselves_opens_nothing() -> None:
    record = delivered(written(sender=SUPPORT))

    assert (record.state, record.reason) == (QUARANTINED, "own_address")
    assert went_out() == []


def test_ping_pong_with_a_machine_that_does_not_say_so_stops() -> None:
    """It answers each mail of ours to where the mail came from, as new, for ever."""
    rounds = 0
    delivered(written("I am a machine."))
    while rounds < 50:
        outgoing = went_out(ANA)
        if len(outgoing) <= rounds:
            break
        rounds += 1
        delivered(written("I am a machine.", subject=outgoing[-1]["Subject"]))

    assert rounds == settings().acknowledgements_per_sender_per_day


def test_ping_pong_within_a_thread_stops_at_once() -> None:
    delivered(written("I am a machine."))
    delivered(answer_to(went_out(ANA)[-1], "I am a machine."))

    assert len(went_out(ANA)) == 1
