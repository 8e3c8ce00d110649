"""What a user does with tickets: /v1/support/tickets."""

from typing import Any

import pytest

from functions.support.reply import reply
from tests.agents import at_work
from tests.clock import TestClock
from tests.edge import Answer
from tests.functions.bank_cards import unused_phone
from tests.functions.support.files import upload
from tests.functions.support.saying import AMY, come_to
from tests.people import Person, register

TICKETS = "/v1/support/tickets"


@pytest.fixture
def ana() -> Person:
    return register(unused_phone(), funds=5_000)


@pytest.fixture
def bo() -> Person:
    return register(unused_phone(), pay_password=False)


def ask(person: Person, message: str = "It failed.", **more: Any) -> Answer:
    key = more.pop("key", None)
    headers = {"Accept-Language": "en"}
    body = {"subject": "Payment failed", "message": message} | more
    return person.call("POST", TICKETS, body, key=key, headers=headers)


def test_a_ticket_is_opened_answered_and_goes_on(ana: Person) -> None:
    made = ask(ana)
    assert made.status == 201, made.text
    ticket_id = made.json["ticket_id"]
    reply(ticket_id, "Which one?", by=AMY, source_id="1")
    again = ana.call("POST", f"{TICKETS}/{ticket_id}/messages", {"message": "The coffee."})

    assert (again.status, again.json["sequence"], again.json["state"]) == (201, 3, "open")
    shown = ana.call("GET", f"{TICKETS}/{ticket_id}?limit=2").json
    assert [one["text"] for one in shown["messages"]] == ["The coffee.", "Which one?"]
    assert [one["author"] for one in shown["messages"]] == ["you", "support"]
    rest = ana.call("GET", f"{TICKETS}/{ticket_id}?limit=2&cursor={shown['next_cursor']}").json
    assert [one["text"] for one in rest["messages"]] == ["It failed."]
    assert rest["next_cursor"] is None
    (listed,) = ana.call("GET", TICKETS).json["items"]
    assert listed == shown["ticket"]
    assert AMY.id not in str(shown)


@pytest.mark.parametrize("by", ["key", "client_id"])
def test_the_same_request_is_one_ticket(ana: Person, by: str) -> None:
    first, again = ask(ana, **{by: "k-1"}), ask(ana, **{by: "k-1"})

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(ana.call("GET", TICKETS).json["items"]) == 1
    refused = ask(ana, "Something else", **{by: "k-1"})
    assert (refused.status, refused.code) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("key", ["", "a b", "键", "k" * 256])
def test_a_key_that_is_none_is_refused(ana: Person, key: str) -> None:
    body = {"subject": "It failed", "message": "It failed."}
    refused = ana.call("POST", TICKETS, body, headers={"Idempotency-Key": key})
    assert refused.status == 400
    assert ana.call("GET", TICKETS).json["items"] == []


def test_without_a_key_each_request_is_a_ticket_and_keys_of_others_are_others(
    ana: Person, bo: Person
) -> None:
    made = {ask(one, key=key).json["ticket_id"] for one in (ana, bo) for key in ("k", None, None)}
    assert len(made) == 6


def test_a_ticket_is_about_something_of_ones_own(ana: Person, bo: Person) -> None:
    events = ana.call("GET", "/v1/me/security-events").json["items"]
    sent = ana.send(bo, 500, key="1").json["transfer_id"]
    own = [("security_event", events[0]["event_id"]), ("transfer", sent)]
    for kind, about_id in own:
        made = ask(ana, about={"kind": kind, "id": about_id})
        assert made.status == 201, made.text
    for kind in ("payment", "transfer", "top_up", "withdrawal", "security_event"):
        refused = ask(ana, about={"kind": kind, "id": "x_unknown"})
        assert (refused.status, refused.code) == (404, "NOT_FOUND")
    refused = ask(bo, about={"kind": "security_event", "id": events[0]["event_id"]})
    assert refused.code == "NOT_FOUND"
    assert ask(bo, about={"kind": "transfer", "id": sent}).status == 201, "it arrived at bo"
    assert len(ana.call("GET", TICKETS).json["items"]) == 2


def test_a_ticket_is_about_what_was_refused_and_its_agent_sees_why(ana: Person, bo: Person) -> None:
    assert ana.send(bo, 900_000, key="1").code == "INSUFFICIENT_FUNDS"
    attempt = ana.call("GET", "/v1/me/failed-attempts").json["items"][0]
    about = {"kind": attempt["kind"], "id": attempt["id"]}
    ticket_id = ask(ana, about=about).json["ticket_id"]
    assert ask(bo, about=about).code == "NOT_FOUND"

    amy = at_work("amy@bank.example", "agent")
    facts = amy.call(
        "GET", f"/v1/agent/tickets/{ticket_id}/facts", headers={"Accept-Language": "en"}
    ).json
    assert facts["failed_attempts"][0]["diagnosis"]["code"] == "INSUFFICIENT_FUNDS"
    assert facts["last_failure"]["id"] == attempt["id"]


def test_a_ticket_of_somebody_else_is_not_there(ana: Person, bo: Person) -> None:
    ticket_id = ask(ana).json["ticket_id"]
    calls = [
        ("GET", "", None),
        ("POST", "/messages", {"message": "Hi"}),
        ("POST", "/rating", {"score": 5}),
        ("GET", "/attachments/at_x", None),
    ]
    for method, rest, body in calls:
        refused = bo.call(method, f"{TICKETS}/{ticket_id}{rest}", body)
        unknown = bo.call(method, f"{TICKETS}/tk_unknown{rest}", body)
        assert (refused.status, refused.text) == (404, unknown.text)
    assert bo.call("GET", TICKETS).json["items"] == []


def test_a_file_is_uploaded_named_and_fetched_by_its_owner_alone(ana: Person, bo: Person) -> None:
    wish = {"name": "proof.png", "content_type": "image/png", "size": 32}
    attachment_id = upload(ana.call("POST", "/v1/support/attachments", wish))
    assert ask(bo, attachments=[attachment_id]).code == "ATTACHMENT_REFUSED"
    ticket_id = ask(ana, attachments=[attachment_id]).json["ticket_id"]

    shown = ana.call("GET", f"{TICKETS}/{ticket_id}").json["messages"][0]["attachments"]
    assert [(one["name"], one["can_be_opened"]) for one in shown] == [("proof.png", True)]
    path = f"{TICKETS}/{ticket_id}/attachments/{attachment_id}"
    assert ana.call("GET", path).status == 200
    assert bo.call("GET", path).status == 404


@pytest.mark.parametrize(
    "wish",
    [
        {"content_type": "text/html"},
        {"content_type": "image/svg+xml"},
        {"size": 10_485_761},
        {"size": 0},
        {"name": ""},
    ],
)
def test_files_of_other_kinds_and_sizes_have_no_place(ana: Person, wish: dict[str, Any]) -> None:
    body = {"name": "a.png", "content_type": "image/png", "size": 1} | wish
    assert ana.call("POST", "/v1/support/attachments", body).code == "INVALID_FIELD"


def test_a_solved_ticket_is_rated_once(ana: Person) -> None:
    ticket_id = ask(ana).json["ticket_id"]
    rating = f"{TICKETS}/{ticket_id}/rating"
    assert ana.call("POST", rating, {"score": 5}).code == "NOT_SOLVED_YET"
    come_to(ticket_id, "solved")
    for _ in range(2):
        rated = ana.call("POST", rating, {"score": 4, "comment": "my password is hunter2222"})
        assert (rated.status, rated.json["rating"]) == (200, 4)
    assert ana.call("POST", rating, {"score": 1}).code == "RATED_ALREADY"
    for score in (0, 6, "5", 4.5, True):
        assert ana.call("POST", rating, {"score": score}).code == "INVALID_FIELD"


def test_how_much_one_may_ask_is_bounded(ana: Person, test_clock: TestClock) -> None:
    codes = [ask(ana).code for _ in range(21)]
    assert codes == [None] * 20 + ["TOO_MANY_REQUESTS"]
    test_clock.move(hours=24)
    assert ask(ana.signed_in_again()).status == 201
