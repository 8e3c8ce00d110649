"""What agents do with tickets: /v1/agent/tickets."""

from typing import Any

import pytest

from functions.support.incoming import Author, WayBack
from tests.agents import Agent, at_work, deeds
from tests.clock import TestClock
from tests.edge import Answer
from tests.functions.bank_cards import unused_phone
from tests.functions.support.files import upload
from tests.functions.support.saying import come_to, opened, said, way_of_tests
from tests.people import Person, register

TICKETS = "/v1/agent/tickets"


@pytest.fixture
def amy() -> Agent:
    return at_work("amy@bank.example", "agent")


@pytest.fixture
def zoe() -> Agent:
    return at_work("zoe@bank.example", "agent")


@pytest.fixture
def sue() -> Agent:
    return at_work("sue@bank.example", "supervisor")


@pytest.fixture
def ana() -> Person:
    return register(unused_phone(), funds=5_000)


def ask(person: Person, subject: str = "Payment failed", **more: Any) -> str:
    body = {"subject": subject, "message": "It failed."} | more
    made = person.call("POST", "/v1/support/tickets", body, headers={"Accept-Language": "en"})
    assert made.status == 201, made.text
    return str(made.json["ticket_id"])


def do(agent: Agent, ticket_id: str, what: str, body: object = None, **more: Any) -> Answer:
    return agent.call("POST", f"{TICKETS}/{ticket_id}/{what}", body, **more)


def seen(agent: Agent, ticket_id: str) -> Any:
    answer = agent.call("GET", f"{TICKETS}/{ticket_id}?limit=100")
    assert answer.status == 200, answer.text
    return answer.json


def listed(agent: Agent, query: str = "") -> list[str]:
    answer = agent.call("GET", f"{TICKETS}?{query}")
    assert answer.status == 200, answer.text
    return [one["ticket_id"] for one in answer.json["items"]]


def found(agent: Agent, query: str) -> list[str]:
    answer = agent.call("GET", f"/v1/agent/ticket-search?{query}")
    assert answer.status == 200, answer.text
    return [one["ticket_id"] for one in answer.json["items"]]


def test_a_ticket_goes_through_the_desk(
    ana: Person, amy: Agent, sue: Agent, test_clock: TestClock
) -> None:
    ticket_id = ask(ana)
    assert listed(amy, "assignee=nobody") == [ticket_id]
    assert do(amy, ticket_id, "take").json["assignee"] == amy.agent_id
    test_clock.move(seconds=1)
    assert do(amy, ticket_id, "notes", {"text": "Looks like the card."}).status == 201
    test_clock.move(seconds=1)
    answered = do(amy, ticket_id, "replies", {"text": "Which card?", "client_id": "r1"})
    assert (answered.status, answered.json["ticket"]["state"]) == (201, "pending")
    assert do(amy, ticket_id, "replies", {"text": "Which card?", "client_id": "r1"}).status == 201

    shown = seen(amy, ticket_id)
    assert [(one["internal"], one["text"]) for one in shown["lines"]] == [
        (False, "Which card?"),
        (True, "Looks like the card."),
        (False, "It failed."),
    ]
    own = ana.call("GET", f"/v1/support/tickets/{ticket_id}").json
    assert [one["text"] for one in own["messages"]] == ["Which card?", "It failed."]
    assert "Looks like" not in str(own)
    assert listed(amy, "assignee=me&state=pending") == [ticket_id]
    assert sorted(one["deed"] for one in deeds(sue, about=ticket_id)) == [
        "ticket_noted", "ticket_replied", "ticket_seen", "ticket_taken"
    ]  # fmt: skip


def test_what_somebody_has_nobody_else_takes(ana: Person, amy: Agent, zoe: Agent) -> None:
    ticket_id = ask(ana)
    assert do(amy, ticket_id, "take").status == 200
    assert do(amy, ticket_id, "take").status == 200
    refused = do(zoe, ticket_id, "take")
    assert (refused.status, refused.code) == (409, "TAKEN_ALREADY")
    assert do(zoe, ticket_id, "assign", {"assignee": "nobody"}).json["assignee"] is None
    assert do(zoe, ticket_id, "take").json["assignee"] == zoe.agent_id


def test_it_is_given_to_agents_and_teams_that_there_are(
    ana: Person, amy: Agent, zoe: Agent
) -> None:
    ticket_id = ask(ana)
    given = do(amy, ticket_id, "assign", {"assignee": zoe.agent_id, "team": "payments"}).json
    assert (given["assignee"], given["team"]) == (zoe.agent_id, "payments")
    fin = at_work("fin@bank.example", "finance")
    for body in ({"assignee": "a_unknown"}, {"assignee": fin.agent_id}, {"team": "cooks"}, {}):
        assert do(amy, ticket_id, "assign", body).code == "INVALID_FIELD"
    assert listed(zoe, "assignee=me") == listed(amy, "team=payments") == [ticket_id]
    assert listed(amy, "team=general") == []


def test_state_priority_tags_and_subject_are_changed_and_listed(ana: Person, amy: Agent) -> None:
    first, second = ask(ana), ask(ana, "Second")
    changed = amy.call(
        "PATCH",
        f"{TICKETS}/{second}",
        {"priority": "urgent", "tags": ["card", "vip"], "subject": "Card declined"},
    )
    assert changed.status == 200, changed.text
    assert listed(amy) == [second, first], "the urgent first"
    assert listed(amy, "tag=vip") == [second]
    amy.call("PATCH", f"{TICKETS}/{second}", {"tags": ["vip"], "state": "solved"})
    assert listed(amy, "tag=card&state=solved") == []
    assert listed(amy, "tag=vip&state=solved") == [second]
    assert listed(amy) == [first]
    refused = amy.call("PATCH", f"{TICKETS}/{second}", {"state": "pending"})
    assert (refused.status, refused.code) == (409, "STATE_NOT_POSSIBLE")
    assert amy.call("PATCH", f"{TICKETS}/{second}", {}).code == "INVALID_FIELD"
    assert amy.call("GET", f"{TICKETS}?tag=vip&team=general").code == "INVALID_FIELD"


def test_pages_of_the_inbox_follow_each_other(ana: Person, amy: Agent) -> None:
    made = [ask(ana, f"Question {number}") for number in range(3)]
    first = amy.call("GET", f"{TICKETS}?limit=2").json
    rest = amy.call("GET", f"{TICKETS}?limit=2&cursor={first['next_cursor']}").json

    together = [one["ticket_id"] for one in first["items"] + rest["items"]]
    assert sorted(together) == sorted(made)
    assert rest["next_cursor"] is None
    wrong = amy.call("GET", f"{TICKETS}?state=pending&cursor={first['next_cursor']}")
    assert wrong.status == 400


def test_counts_say_how_much_waits(ana: Person, amy: Agent) -> None:
    first, second = ask(ana), ask(ana)
    do(amy, first, "take")
    come_to(second, "solved")
    items = amy.call("GET", "/v1/agent/ticket-counts").json["items"]
    counted = {one["queue"]: one["states"] for one in items}

    assert counted["all"] == counted["general"] == {"open": 1, "reopened": 0, "pending": 0}
    assert counted["me"]["open"] == 1
    assert counted["nobody"] == counted["payments"] == {"open": 0, "reopened": 0, "pending": 0}


def test_a_ticket_is_found_by_whatever_one_knows_of_it(ana: Person, amy: Agent) -> None:
    ticket_id = ask(ana, "银行卡提现失败 card declined")
    number = seen(amy, ticket_id)["ticket"]["number"]
    phone = ana.phone.replace("+", "%2B")
    for query in (
        f"number={number}", f"user_id={ana.user_id}", f"phone={phone}",
        f"phone={ana.phone.removeprefix('+86')}", "words=declined", "words=提现失败",
        "words=Card%20银行卡",
    ):  # fmt: skip
        assert found(amy, query) == [ticket_id], query
    for query in ("number=000000-000000", "user_id=u_x", "words=refund", "words=提现%20refund"):
        assert found(amy, query) == [], query
    for query in ("", "words=!!", f"number={number}&user_id=x", "phone=12"):
        assert amy.call("GET", f"/v1/agent/ticket-search?{query}").status == 400, query


def test_a_visitor_is_found_by_the_address_they_wrote_from(amy: Agent) -> None:
    posted = opened(
        channel="mail", author=Author("visitor", "v"), way_back=WayBack("Eve@post.example")
    )
    assert found(amy, "email=eve@post.example") == [posted.ticket_id]


def test_an_answer_said_often_is_filled_in_the_language_of_the_ticket(
    ana: Person, amy: Agent
) -> None:
    ticket_id = ask(ana)
    items = amy.call("GET", f"{TICKETS}/{ticket_id}/macros").json["items"]
    number = seen(amy, ticket_id)["ticket"]["number"]
    solved = next(one for one in items if one["macro_id"] == "solved")
    assert "Payment failed" in solved["text"]
    assert number in solved["text"]
    assert solved["title"] == "已解决"

    done = do(amy, ticket_id, "replies", {"macro": "withdrawal_late"}).json["ticket"]
    assert (done["state"], done["priority"], done["tags"]) == ("open", "high", ["withdrawal"])
    done = do(amy, ticket_id, "replies", {"macro": "solved", "text": "All done."}).json["ticket"]
    assert done["state"] == "solved"
    assert seen(amy, ticket_id)["lines"][0]["text"] == "All done."
    assert do(amy, ticket_id, "replies", {"macro": "unknown"}).status == 404
    assert do(amy, ticket_id, "replies", {}).code == "INVALID_FIELD"


def test_tickets_of_one_person_become_one(ana: Person, amy: Agent) -> None:
    first, second = ask(ana), ask(ana, "The same again")
    do(amy, second, "notes", {"text": "A note there"})
    merged = do(amy, second, "merge", {"into": first})
    again = do(amy, second, "merge", {"into": first})

    assert (merged.status, merged.json["merged"]) == (200, [second])
    assert again.json["merged"] == [second]
    ana.call("POST", f"/v1/support/tickets/{second}/messages", {"message": "Anything new?"})
    texts = [one["text"] for one in seen(amy, first)["lines"] if one["text"]]
    assert sorted(texts) == ["A note there", "Anything new?", "It failed.", "It failed."]
    own = ana.call("GET", f"/v1/support/tickets/{first}").json["messages"]
    assert sorted(one["ticket_id"] for one in own) == sorted([first, first, second])
    gone = seen(amy, second)["ticket"]
    assert (gone["state"], gone["merged_into"]) == ("closed", first)
    assert listed(amy) == [first]


def test_after_a_merge_answers_go_where_the_newer_ticket_came_from(
    ana: Person, amy: Agent, test_clock: TestClock
) -> None:
    first = ask(ana)
    test_clock.move(seconds=1)
    mail = opened(
        channel="mail",
        author=Author("user", ana.user_id),
        way_back=WayBack("ana@post.example", {"in_reply_to": "<1@post.example>"}),
    )
    assert do(amy, mail.ticket_id, "merge", {"into": first}).status == 200
    with way_of_tests("mail") as went:
        do(amy, first, "replies", {"text": "By mail, then"})

    assert [(one.ticket_id, one.address) for one in went] == [(first, "ana@post.example")]
    assert went[0].details == {"in_reply_to": "<1@post.example>"}


def test_tickets_of_different_people_never_become_one(ana: Person, amy: Agent) -> None:
    bo = register(unused_phone(), pay_password=False)
    first, other = ask(ana), ask(bo)
    visitor = opened(channel="mail", author=said().author._replace(kind="visitor", id="v"))
    for ticket_id in (other, visitor.ticket_id):
        refused = do(amy, ticket_id, "merge", {"into": first})
        assert (refused.status, refused.code) == (409, "NOT_THE_SAME_PERSON")
    assert do(amy, first, "merge", {"into": first}).code == "INVALID_FIELD"
    closed = ask(ana)
    come_to(closed, "closed")
    assert do(amy, first, "merge", {"into": closed}).code == "TICKET_CLOSED"


def test_another_matter_is_split_off_once(ana: Person, amy: Agent) -> None:
    wish = {"name": "a.png", "content_type": "image/png", "size": 32}
    attachment_id = upload(ana.call("POST", "/v1/support/attachments", wish))
    ticket_id = ask(ana)
    body = {"message": "Also, where is my refund?", "attachments": [attachment_id]}
    ana.call("POST", f"/v1/support/tickets/{ticket_id}/messages", body)
    split = {"subject": "Refund", "sequences": [2], "client_id": "s1"}
    made, again = do(amy, ticket_id, "split", split), do(amy, ticket_id, "split", split)

    assert (made.status, made.json["subject"]) == (201, "Refund")
    new_id = made.json["ticket_id"]
    assert again.json["ticket_id"] == new_id
    assert len(ana.call("GET", "/v1/support/tickets").json["items"]) == 2
    own = ana.call("GET", f"/v1/support/tickets/{new_id}").json["messages"]
    assert [one["text"] for one in own] == ["Also, where is my refund?"]
    assert (
        ana.call("GET", f"/v1/support/tickets/{new_id}/attachments/{attachment_id}").status == 200
    )
    for sequences in ([2], [9]):
        refused = do(amy, ticket_id, "split", split | {"sequences": sequences, "client_id": "x"})
        assert refused.code == "INVALID_FIELD"


def test_facts_are_masked_and_every_look_is_kept(ana: Person, amy: Agent, sue: Agent) -> None:
    ticket_id = ask(ana)
    shown = amy.call("GET", f"{TICKETS}/{ticket_id}/facts")

    assert shown.status == 200, shown.text
    assert ana.phone not in shown.text
    assert shown.json["account_status"] == "active"
    assert [one["amount"] for one in shown.json["movements"]] == [5_000]
    assert "balance_after" not in shown.text
    assert "registered" in [one["kind"] for one in shown.json["security_events"]]
    (look,) = deeds(sue, deed="facts_seen")
    assert (look["who"], look["about"]) == (amy.agent_id, ticket_id)


def test_a_field_is_unmasked_for_a_reason_which_is_kept(
    ana: Person, amy: Agent, sue: Agent
) -> None:
    ticket_id = ask(ana)
    path = f"{TICKETS}/{ticket_id}/facts/unmask"
    assert amy.call("POST", path, {"field": "phone"}).code == "INVALID_FIELD"
    reason = "They asked to be called back"
    values = {
        name: amy.call("POST", path, {"field": name, "reason": reason}).json["value"]
        for name in ("phone", "balance")
    }
    assert values == {"phone": ana.phone, "balance": "5000"}
    assert amy.call("POST", path, {"field": "email", "reason": reason}).status == 404
    kept = deeds(sue, deed="field_unmasked")
    assert {one["after"]["field"] for one in kept} == {"phone", "balance", "email"}
    assert {one["after"]["reason"] for one in kept} == {reason}
    assert ana.phone not in str(kept)


def test_nobody_acts_on_a_ticket_of_their_own(ana: Person, amy: Agent) -> None:
    ticket_id, other = ask(ana), ask(register(unused_phone(), pay_password=False))
    own = at_work("own@bank.example", "agent", "supervisor", user_id=ana.user_id)
    calls: list[tuple[str, str, object]] = [
        ("GET", "", None),
        ("PATCH", "", {"priority": "urgent"}),
        ("POST", "/take", None),
        ("POST", "/assign", {"team": "payments"}),
        ("POST", "/replies", {"text": "Hi"}),
        ("POST", "/notes", {"text": "Hi"}),
        ("POST", "/merge", {"into": other}),
        ("POST", "/split", {"subject": "S", "sequences": [1], "client_id": "1"}),
        ("GET", "/macros", None),
        ("GET", "/facts", None),
        ("POST", "/facts/unmask", {"field": "phone", "reason": "because I can"}),
        ("GET", "/attachments/at_x", None),
    ]
    for method, rest, body in calls:
        refused = own.call(method, f"{TICKETS}/{ticket_id}{rest}", body)
        assert (refused.status, refused.code) == (403, "OWN_ACCOUNT"), rest
    assert do(own, other, "merge", {"into": ticket_id}).code == "OWN_ACCOUNT"
    assert do(amy, ticket_id, "assign", {"assignee": own.agent_id}).code == "INVALID_FIELD"
    assert listed(own) == [other]
    assert found(own, f"user_id={ana.user_id}") == []
    assert len(seen(amy, ticket_id)["lines"]) == 1


def test_an_agent_sends_a_file(ana: Person, amy: Agent, zoe: Agent) -> None:
    ticket_id = ask(ana)
    wish = {"name": "how.pdf", "content_type": "application/pdf", "size": 8}
    asked = amy.call("POST", "/v1/agent/attachments", wish)
    attachment_id = upload(asked, b"%PDF-1.7")
    body = {"text": "As shown here", "attachments": [attachment_id]}
    assert do(zoe, ticket_id, "replies", body).code == "ATTACHMENT_REFUSED"
    with way_of_tests("app") as went:
        assert do(amy, ticket_id, "replies", body).status == 201
    assert went[0].attachments == (attachment_id,)
    for who, base in ((ana, "/v1/support/tickets"), (amy, TICKETS)):
        assert who.call("GET", f"{base}/{ticket_id}/attachments/{attachment_id}").status == 200
