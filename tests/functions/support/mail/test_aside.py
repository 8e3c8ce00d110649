"""Agents see what lies aside and the whole of a mail, and may let one in; what they do is kept."""

import itertools

import pytest

from app import app
from functions.support.mail.events import on_releases_schedule
from functions.support.mail.intake import known_mail
from functions.support.mail.records import FILED, ReceivedMail
from tests.agents import Agent, at_work, deeds
from tests.edge import Answer, call
from tests.functions.bank_cards import unused_phone
from tests.functions.notifications.hearing import bind_email
from tests.functions.scheduled import TICK
from tests.functions.support.mail.posting import ANA, delivered, written
from tests.functions.support.saying import texts
from tests.people import register

ROUTES = [one for one in app.operations if one.handler.__module__ == "functions.support.mail.api"]


@pytest.fixture
def amy() -> Agent:
    return at_work("amy@bank.example", "agent")


@pytest.fixture
def spam() -> ReceivedMail:
    return delivered(written("Not spam at all.", subject="卡 6222021234500010008"), spam="FAIL")


def released(agent: Agent, record: ReceivedMail) -> Answer:
    return agent.call("POST", f"/v1/agent/mails/{record.mail_id}/release")


def test_what_lies_aside_is_listed_without_secrets(amy: Agent, spam: ReceivedMail) -> None:
    (shown,) = amy.call("GET", "/v1/agent/mails").json["items"]

    assert (shown["mail_id"], shown["reason"]) == (spam.mail_id, "spam")
    assert shown["sender"] == "a***@post.example"
    assert shown["subject"] == "卡 ••••0008"
    assert amy.call("GET", "/v1/agent/mails?state=held").json["items"] == []


def test_lists_come_in_pages(amy: Agent) -> None:
    ids = {delivered(written(str(number)), spam="FAIL").mail_id for number in range(3)}
    first = amy.call("GET", "/v1/agent/mails?limit=2").json
    second = amy.call("GET", f"/v1/agent/mails?limit=2&cursor={first['next_cursor']}").json

    assert {one["mail_id"] for one in first["items"] + second["items"]} == ids
    assert second["next_cursor"] is None


def test_a_mail_is_shown_without_scripts_pictures_and_secrets(amy: Agent) -> None:
    mail = written("My card is 6222021234500010008")
    mail.add_alternative("<p>6222021234500010008<script>x</script><img src=x></p>", subtype="html")
    record = delivered(mail)
    shown = amy.call("GET", f"/v1/agent/mails/{record.mail_id}").json

    assert shown["text"].strip() == "My card is ••••0008"
    assert shown["html"].strip() == "<p>••••0008</p>"
    assert shown["verdicts"]["dmarc"] == "PASS"
    (deed,) = deeds(at_work("sue@bank.example", "supervisor"), about=record.mail_id)
    assert (deed["who"], deed["deed"]) == (amy.agent_id, "mail_seen")


def test_a_mail_that_was_let_in_is_in_a_ticket_once(amy: Agent, spam: ReceivedMail) -> None:
    assert [released(amy, spam).status for _ in range(2)] == [202, 202]
    assert amy.call("GET", "/v1/agent/mails").json["items"] == []
    assert on_releases_schedule(TICK, None) == {"released": 1}
    assert on_releases_schedule(TICK, None) == {"released": 0}

    record = known_mail(spam.mail_id)
    assert record is not None
    assert record.state == FILED
    assert texts(str(record.ticket_id)) == [(1, "Not spam at all.")]
    assert released(amy, spam).code == "MAIL_NOT_TO_BE_RELEASED"
    (deed,) = deeds(at_work("sue@bank.example", "supervisor"), about=spam.mail_id)
    assert (deed["who"], deed["deed"]) == (amy.agent_id, "mail_released")


def test_a_virus_is_never_let_in(amy: Agent) -> None:
    record = delivered(written(), virus="FAIL")

    assert released(amy, record).code == "MAIL_NOT_TO_BE_RELEASED"


def test_nobody_looks_at_mail_of_an_account_of_their_own() -> None:
    person = register(unused_phone(), pay_password=False)
    bind_email(person, ANA)
    record = delivered(written())
    agent = at_work("own@bank.example", "agent", user_id=person.user_id)

    assert agent.call("GET", f"/v1/agent/mails/{record.mail_id}").code == "OWN_ACCOUNT"


def test_each_route_is_for_support_alone(amy: Agent, spam: ReceivedMail) -> None:
    finance = at_work("finance@bank.example", "finance")
    user = register(unused_phone(), pay_password=False)
    for route, mail_id in itertools.product(ROUTES, (spam.mail_id, "ml_unknown")):
        path = route.path.format(mail_id=mail_id)
        assert call(route.method, path, token=finance.token).code == "ROLE_REQUIRED"
        assert call(route.method, path, token=user.token).status == 401
    assert len(ROUTES) == 3
    assert amy.call("GET", "/v1/agent/mails/ml_unknown").code == "NOT_FOUND"
    assert amy.call("POST", "/v1/agent/mails/ml_unknown/release").code == "NOT_FOUND"
