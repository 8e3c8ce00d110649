"""A mail becomes one message of one ticket, and what must not become one is kept aside."""

import pytest

from functions.support.mail.events import on_mail
from functions.support.mail.records import FILED, HELD, QUARANTINED, MailLine
from functions.support.tickets import ticket_of
from shared.aws import client
from shared.errors import NotFound
from shared.settings import settings
from tests.clock import TestClock
from tests.functions.support.mail.posting import (
    ANA,
    delivered,
    message_of,
    notification,
    put_raw,
    tell,
    text_of,
    went_out,
    written,
)
from tests.functions.support.saying import come_to, messages, texts


def raw_mails() -> int:
    found = client("s3").list_objects_v2(Bucket=settings().mail_bucket, Prefix="inbound/")
    return int(found["KeyCount"])


def test_a_mail_opens_a_ticket_and_is_acknowledged() -> None:
    record = delivered(written("My payment failed.", subject="Payment"))

    ticket = ticket_of(record.ticket_id)
    assert (record.state, ticket.subject, ticket.channel) == (FILED, "Payment", "mail")
    assert [text for _, text in texts(ticket.ticket_id)][:1] == ["My payment failed."]
    (sent,) = went_out(ANA)
    assert sent["Subject"] == "Re: Payment"
    assert ticket.number in text_of(sent)
    assert messages(ticket.ticket_id)[-1].delivery == "sent"


def test_the_same_mail_again_has_one_effect() -> None:
    mail = written()
    first = delivered(mail, ses_id="ses-1")
    again = delivered(mail, ses_id="ses-1")
    under_another_id = delivered(mail, ses_id="ses-2")

    assert first.ticket_id == again.ticket_id == under_another_id.ticket_id
    assert len(texts(first.ticket_id)) == 2
    assert len(went_out()) == 1


def test_somebody_who_borrows_a_message_id_is_not_taken_for_the_same_mail() -> None:
    mail = written(message_id="<known@post.example>")
    first = delivered(mail)
    other = delivered(
        written("Something else", sender="eve@evil.example", message_id="<known@post.example>")
    )

    assert other.ticket_id != first.ticket_id


@pytest.mark.parametrize("verdict", ["spam", "virus"])
def test_spam_and_viruses_open_no_ticket_and_are_kept(verdict: str) -> None:
    record = delivered(written(), **{verdict: "FAIL"})

    assert (record.state, record.reason) == (QUARANTINED, verdict)
    assert not record.ticket_id
    assert [line.mail_id for line in MailLine.query("MAILS#quarantined")] == [record.mail_id]
    assert raw_mails() >= 1
    assert went_out() == []


def test_a_storm_of_one_sender_is_bounded_and_loses_nothing(test_clock: TestClock) -> None:
    allowed = settings().mails_per_sender_per_hour
    before = raw_mails()
    records = [delivered(written(f"storm {number}")) for number in range(allowed + 5)]

    assert [one.state for one in records] == [FILED] * allowed + [HELD] * 5
    assert raw_mails() - before == allowed + 5
    assert len(list(MailLine.query("MAILS#held"))) == 5
    assert len(went_out(ANA)) == settings().acknowledgements_per_sender_per_day
    assert delivered(written(sender="bo@post.example")).state == FILED
    test_clock.move(hours=1)
    assert delivered(written("a calm one")).state == FILED


def test_who_forges_an_address_uses_up_nothing_of_its_owner() -> None:
    for number in range(settings().mails_per_sender_per_hour + 1):
        forged = delivered(written(f"storm {number}"), dmarc="FAIL", dkim="FAIL")

    assert forged.state == HELD
    assert delivered(written("It is me.")).state == FILED


def test_secrets_are_masked_before_they_are_kept() -> None:
    record = delivered(
        written("卡 6222021234500010008，密码是 hunter22.", subject="卡 6222021234500010008")
    )

    kept = str([one.to_dynamodb_dict() for one in messages(record.ticket_id)])
    assert "6222021234500010008" not in kept + str(record.to_dynamodb_dict())
    assert "hunter22" not in kept


def test_a_mail_to_a_solved_ticket_opens_it_again() -> None:
    first = delivered(written())
    come_to(first.ticket_id, "solved")
    (sent,) = went_out()
    again = delivered(written(in_reply_to=sent["Message-ID"]))

    assert again.ticket_id == first.ticket_id
    assert ticket_of(first.ticket_id).state == "reopened"


def test_a_mail_to_a_closed_ticket_opens_one_that_follows() -> None:
    first = delivered(written())
    come_to(first.ticket_id, "closed")
    (sent,) = went_out()
    again = delivered(written(in_reply_to=sent["Message-ID"]))

    assert ticket_of(again.ticket_id).follows == first.ticket_id
    assert message_of(again).text == "My payment failed."


def test_what_ses_says_when_it_is_connected_is_no_mail() -> None:
    tell(on_mail, "Successfully validated SNS topic for Amazon SES event publishing.")
    tell(on_mail, {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have"})


def test_a_notification_without_its_raw_mail_fails_and_comes_again() -> None:
    with pytest.raises(NotFound):
        tell(on_mail, notification("not-there"))
    put_raw("not-there", written().as_bytes())
    tell(on_mail, notification("not-there"))


def test_english_and_chinese_are_answered_in_their_language() -> None:
    delivered(written("我的付款失败了", subject="付款", sender="zh@post.example"))
    delivered(written("My payment failed", sender="en@post.example"))

    assert "工单号" in text_of(went_out("zh@post.example")[0])
    assert "ticket" in text_of(went_out("en@post.example")[0])
