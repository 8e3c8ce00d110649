"""POST /v1/me/security-events/{id}/dispute: "this wasn't me" stops everything, at once and once."""

from contextlib import suppress

import pytest

from functions.identity.records import Report, User, user_key
from functions.transfers.arrival import settle_due
from shared.errors import ServiceUnavailable
from shared.ledger.accounts import find_account, set_status
from shared.table import due_shards
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.faults import Attempt, Fault, Injection, ProcessDied, intercepted
from tests.functions.identity.asking import OTHER_PHONE, PHONE, opens, sign_in, stored
from tests.people import Person, register, sms_sent_to

PATH = "/v1/me/security-events"


@pytest.fixture
def ana() -> Person:
    return register(PHONE, funds=10_000)


@pytest.fixture
def bo() -> Person:
    return register(OTHER_PHONE, funds=500)


def event_of(person: Person, kind: str) -> str:
    items = person.call("GET", f"{PATH}?limit=100").json["items"]
    return next(str(item["event_id"]) for item in items if item["kind"] == kind)


def dispute(person: Person, event_id: str, **more: object) -> Answer:
    return person.call("POST", f"{PATH}/{event_id}/dispute", **more)


def status(person: Person) -> str:
    account = find_account(person.user_id)
    assert account is not None
    return account.status


def restore(person: Person) -> None:
    """What support does once it knows who the owner is, but for closing the report."""
    set_status(person.user_id, "active")
    key = user_key(person.user_id)
    User(key.pk, key.sk).update(actions=[User.disputed_at.remove()])


def waiting() -> list[Report]:
    """What support finds to do."""
    return [one for shard in due_shards("report") for one in Report.due.query(shard)]


def test_it_freezes_the_account_ends_all_sessions_and_opens_a_report(ana: Person) -> None:
    thief = ana.signed_in_again()
    event_id = event_of(ana, "signed_in")
    answer = dispute(ana, event_id)

    assert answer.status == 202, answer.text
    assert answer.json["account_status"] == "frozen"
    assert answer.json["report_status"] == "open"
    assert answer.json["signed_out"] is True
    assert status(ana) == "frozen"
    assert not opens(ana.token)
    assert not opens(thief.token)
    (report,) = waiting()
    assert report.report_id == answer.json["report_id"]
    assert (report.user_id, report.event_id) == (ana.user_id, event_id)
    assert report.facts["event"]["kind"] == "signed_in"


def test_the_owner_is_told_once(ana: Person) -> None:
    event_id = event_of(ana, "registered")
    dispute(ana, event_id)
    told = sms_sent_to(PHONE)[-1]
    dispute(ana.signed_in_with_step(), event_id)

    assert "冻结" in told
    assert sum("冻结" in text for text in sms_sent_to(PHONE)) == 1


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "联系客服"), ("en", "Contact support")])
def test_the_way_back_is_named(ana: Person, language: str, word: str) -> None:
    answer = dispute(ana, event_of(ana, "registered"), headers={"Accept-Language": language})

    assert word in answer.json["next_step"]
    assert answer.json["report_id"] in answer.json["next_step"]


def test_no_money_leaves_and_money_can_come(ana: Person, bo: Person) -> None:
    ana.send(bo, 100, key="before")
    dispute(bo, event_of(bo, "registered"))
    thief = bo.signed_in_with_step()

    assert thief.send(ana, 1, key="k").code == "ACCOUNT_FROZEN"
    assert ana.send(bo, 7, key="k").status == 201
    assert thief.available == 607


@pytest.mark.parametrize("opened_again", [False, True])
def test_what_was_scheduled_does_not_arrive(
    ana: Person, bo: Person, test_clock: TestClock, *, opened_again: bool
) -> None:
    answer = ana.send(bo, 400, key="k", arrive="in_2_hours")
    assert answer.json["status"] == "scheduled"
    dispute(ana, event_of(ana, "registered"))
    if opened_again:
        set_status(ana.user_id, "active")
    test_clock.move(hours=2)
    settle_due()

    account = find_account(ana.user_id)
    assert account is not None
    assert (account.available, account.held) == (10_000, 0)
    assert bo.signed_in_again().available == 500


def test_what_is_scheduled_after_the_account_is_opened_arrives(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    dispute(ana, event_of(ana, "registered"))
    set_status(ana.user_id, "active")
    test_clock.move(minutes=1)
    ana.signed_in_with_step().send(bo, 400, key="k", arrive="in_2_hours")
    test_clock.move(hours=2)
    settle_due()

    assert bo.signed_in_again().available == 900


def test_after_it_the_password_alone_lets_nobody_in(ana: Person) -> None:
    dispute(ana, event_of(ana, "registered"))

    assert opens(ana.signed_in_with_step().token)


def test_the_owner_finds_the_dispute_among_the_events(ana: Person, test_clock: TestClock) -> None:
    event_id = event_of(ana, "registered")
    test_clock.move(minutes=1)
    report_id = dispute(ana, event_id).json["report_id"]
    test_clock.move(minutes=1)
    items = ana.signed_in_with_step().call("GET", PATH).json["items"]

    (told,) = (item for item in items if item["kind"] == "disputed")
    assert told["details"] == {"event_id": event_id, "report_id": report_id}
    assert [item["kind"] for item in items if item["disputed"]] == ["registered"]


def test_said_again_it_is_the_same_report_and_ends_what_has_begun_since(ana: Person) -> None:
    event_id = event_of(ana, "registered")
    first = dispute(ana, event_id)
    back = ana.signed_in_with_step()
    again = dispute(back, event_id)

    assert (again.status, again.json) == (first.status, first.json)
    assert not opens(back.token)
    assert len(waiting()) == 1


def test_a_report_that_support_has_closed_is_not_used_again(ana: Person) -> None:
    event_id = event_of(ana, "registered")
    first = dispute(ana, event_id)
    (report,) = waiting()
    report.update(
        actions=[
            Report.status.set("closed"), Report.due_shard.remove(), Report.due_at.remove()
        ]
    )  # fmt: skip
    set_status(ana.user_id, "active")
    again = dispute(ana.signed_in_with_step(), event_id)

    assert again.json["report_id"] != first.json["report_id"]
    assert status(ana) == "frozen"
    assert [one.report_id for one in waiting()] == [again.json["report_id"]]


def test_a_session_that_starts_meanwhile_ends_as_well(ana: Person) -> None:
    thief: list[str] = []

    def sign_in_first(attempt: Attempt) -> object:
        if "rp_" in str(attempt.request) and not thief:
            thief.append("")
            thief[0] = sign_in().json["tokens"]["access_token"]
        return attempt.make()

    event_id = event_of(ana, "registered")
    with intercepted(sign_in_first):
        answer = dispute(ana, event_id)

    assert answer.status == 202
    assert thief[0]
    assert not opens(thief[0])


@pytest.mark.parametrize("event_id", ["ev_none", "ev_1772337600000_aaaaaaaaaaaaaaaaaaaaaaaaaa"])
def test_an_event_that_is_not_there_changes_nothing(ana: Person, event_id: str) -> None:
    answer = dispute(ana, event_id)

    assert (answer.status, answer.code) == (404, "NOT_FOUND")
    assert status(ana) == "active"
    assert opens(ana.token)


def test_an_event_of_somebody_else_changes_nothing(ana: Person, bo: Person) -> None:
    theirs = dispute(ana, event_of(bo, "registered"))
    unknown = dispute(ana, "ev_none")

    assert theirs.json | {"request_id": ""} == unknown.json | {"request_id": ""}
    assert (status(ana), status(bo)) == ("active", "active")


def test_it_takes_a_session(ana: Person) -> None:
    assert call("POST", f"{PATH}/{event_of(ana, 'registered')}/dispute").status == 401


@pytest.mark.parametrize("fault", list(Fault))
def test_after_a_fault_at_any_call_a_retry_finishes_it(
    ana: Person, fault: Fault, test_clock: TestClock
) -> None:
    event_id = event_of(ana, "registered")
    for at in range(1, 30):
        test_clock.move(minutes=1)
        restore(ana)
        person = ana.signed_in_again()
        injection = Injection(fault, at)
        with intercepted(injection.answer), suppress(ProcessDied, ServiceUnavailable):
            dispute(person, event_id)
        # The first may have ended the session of the retry: then it was done.
        assert dispute(person, event_id).status in (202, 401)
        assert status(ana) == "frozen"
        assert not opens(person.token)
        assert len(stored("REPORT")) == len(waiting()) == 1
        if not injection.befell:
            return
    pytest.fail("there is no end of calls")
