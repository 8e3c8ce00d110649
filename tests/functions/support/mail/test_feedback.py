"""Answers go out as mail programs expect them; an address that takes none gets no more."""

from email import message_from_bytes, policy

import pytest

from functions.support.delivery import send_waiting
from functions.support.mail.records import ReceivedMail
from functions.support.reply import reply
from shared import mail
from shared.settings import settings
from tests.clock import TestClock
from tests.functions.bank_cards import unused_phone
from tests.functions.notifications.hearing import bind_email
from tests.functions.support.mail.posting import (
    ANA,
    bounced,
    complained,
    delivered,
    last_sent_id,
    text_of,
    went_out,
    written,
)
from tests.functions.support.saying import AMY, messages, notes
from tests.people import PASSWORD, mails_sent_to, register


@pytest.fixture
def filed() -> ReceivedMail:
    return delivered(written("Hello", message_id="<1@post.example>", references="<0@post.example>"))


def answered(record: ReceivedMail, text: str = "We look into it.", source_id: str = "1") -> None:
    reply(str(record.ticket_id), text, by=AMY, source_id=source_id)


def test_an_answer_stands_below_what_it_answers_and_leads_back(filed: ReceivedMail) -> None:
    answered(filed)
    sent = went_out(ANA)[-1]

    assert sent["In-Reply-To"] == "<1@post.example>"
    assert sent["References"].split() == ["<0@post.example>", "<1@post.example>"]
    assert sent["Message-ID"].endswith("@support.u-wallet.example>")
    assert "reply+" in sent["Reply-To"]
    assert sent["From"].endswith("<support@support.u-wallet.example>")
    assert sent["Auto-Submitted"] is None
    assert text_of(sent).startswith("We look into it.")


def test_what_no_person_has_written_says_so(filed: ReceivedMail) -> None:
    (sent,) = went_out()

    assert sent["Auto-Submitted"] == "auto-replied"
    assert sent["X-Auto-Response-Suppress"] == "All"


def test_long_ids_are_folded_and_never_encoded() -> None:
    ids = [f"<{'x' * 200}{number}@post.example>" for number in range(30)]
    answered(delivered(written("Hello", message_id=ids[-1], references=" ".join(ids[:-1]))))
    sent = went_out(ANA)[-1]

    assert sent["In-Reply-To"] == ids[-1]
    assert sent["References"].split() == [ids[0], *ids[-10:]]
    assert max(len(line) for line in sent["References"].splitlines()) < 998


def test_an_answer_in_chinese_is_one_that_mail_programs_read() -> None:
    answered(delivered(written("付款失败了", subject="付款")), "已为您查询。")
    sent = message_from_bytes(went_out(ANA)[-1].as_bytes(), policy=policy.default)

    assert str(sent["Subject"]) == "Re: 付款"
    body = sent.get_body(("plain",))
    assert body is not None
    assert "已为您查询。" in body.get_content()


def test_an_address_that_bounced_for_good_gets_no_more_and_the_agent_sees_it(
    filed: ReceivedMail,
) -> None:
    answered(filed)
    bounced(last_sent_id(), ANA)
    before = len(went_out())
    answered(filed, "Are you there?", "2")

    assert len(went_out()) == before
    assert messages(str(filed.ticket_id))[-1].delivery == "failed"
    told = [(one.kind, one.details["why"]) for one in notes(str(filed.ticket_id))]
    assert told == [("mail_bounced", "General"), ("delivery_failed", "bounced")]


def test_a_bounce_that_is_told_twice_is_one(filed: ReceivedMail) -> None:
    answered(filed)
    for _ in range(2):
        bounced(last_sent_id(), ANA)

    assert [one.kind for one in notes(str(filed.ticket_id))] == ["mail_bounced"]


def test_a_full_mailbox_is_only_told(filed: ReceivedMail) -> None:
    answered(filed)
    bounced(last_sent_id(), ANA, kind="Transient")
    answered(filed, "Are you there?", "2")

    assert [one.kind for one in notes(str(filed.ticket_id))] == ["mail_delayed"]
    assert messages(str(filed.ticket_id))[-1].delivery == "sent"


def test_who_calls_our_mail_spam_gets_none(filed: ReceivedMail) -> None:
    answered(filed)
    complained(last_sent_id(), ANA)
    answered(filed, "Are you there?", "2")

    assert [one.kind for one in notes(str(filed.ticket_id))] == [
        "mail_complaint",
        "delivery_failed",
    ]


def test_notices_do_not_go_to_an_address_that_bounced_until_that_is_forgotten(
    test_clock: TestClock,
) -> None:
    person = register(unused_phone(), pay_password=False)
    bind_email(person, ANA)
    before = len(mails_sent_to(ANA))
    bounced("of a notice", ANA.upper())
    change = {"current_password": PASSWORD, "new_password": "another quite long phrase"}
    assert person.call("PUT", "/v1/me/password", change).status == 204

    assert len(mails_sent_to(ANA)) == before
    test_clock.move(seconds=settings().mail_stop_seconds)
    assert mail.stopped(ANA) is None


def test_when_ses_takes_no_mail_it_goes_out_later(
    filed: ReceivedMail, test_clock: TestClock
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPPORT_MAIL_DOMAIN", "unverified.example")
        settings.cache_clear()
        answered(filed)
    settings.cache_clear()
    assert messages(str(filed.ticket_id))[-1].delivery == "waiting"
    test_clock.move(minutes=5)
    send_waiting()

    assert messages(str(filed.ticket_id))[-1].delivery == "sent"
