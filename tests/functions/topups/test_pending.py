"""Top-ups whose outcome is not known at once: never guessed, asked for until the bank says."""

import pytest

import app
from functions.topups.events import on_schedule
from functions.topups.records import TopUp, top_up_key
from functions.topups.resolution import resolve_due
from shared.ledger.accounts import set_status
from shared.ledger.books import check_books
from shared.sweep import SweepIncomplete
from shared.table import change
from tests.clock import TestClock
from tests.faults import Fault, Injection, ProcessDied, intercepted
from tests.functions.bank_cards import bind, top_up
from tests.functions.meanwhile import meanwhile
from tests.functions.scheduled import TICK
from tests.functions.topups.test_top_up import same_answer_again, used_today
from tests.people import Person
from tests.sandbox.running import TIMES_OUT_EXECUTED, TIMES_OUT_LOST, RunningBank
from tests.soundness import contents

REQUEST_DIES_SECONDS = 30 + 300 + 60
THE_CREATING_WRITE = 2
THE_BOOKING = 3


def status(person: Person, top_up_id: str) -> str:
    answer = person.signed_in_again().call("GET", f"/v1/top-ups/{top_up_id}")
    return str(answer.json["status"])


def die(person: Person, card_id: str, fault: Fault, *, at: int) -> None:
    """A top-up of 500 whose process dies at a call of AWS."""
    with intercepted(Injection(fault, at).answer), pytest.raises(ProcessDied):
        top_up(person, card_id, 500, key="k")


def test_an_unknown_outcome_is_pending_until_the_bank_says_that_it_was_done(
    ana: Person, bank: RunningBank
) -> None:
    card_id = bind(ana, bank, TIMES_OUT_EXECUTED)
    first = top_up(ana, card_id, 500, key="k")
    assert (first.status, first.json["status"]) == (202, "pending")
    assert (ana.available, used_today(ana)) == (0, 500)

    assert resolve_due() == 1
    assert ana.available == used_today(ana) == 500
    assert status(ana, first.json["top_up_id"]) == "succeeded"
    assert resolve_due() == 0
    assert same_answer_again(first, top_up(ana, card_id, 500, key="k"))
    assert len(bank.charges_of(first.json["top_up_id"])) == 1
    assert check_books().sound


def test_what_the_bank_never_saw_expires_once_it_can_not_come_any_more(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank, TIMES_OUT_LOST)
    first = top_up(ana, card_id, 500, key="k")
    top_up_id = first.json["top_up_id"]
    assert (first.status, first.json["status"]) == (202, "pending")

    for _ in range(REQUEST_DIES_SECONDS // 30 - 1):
        test_clock.move(seconds=30)
        resolve_due()
    assert status(ana, top_up_id) == "pending"
    test_clock.move(minutes=10)
    assert resolve_due() == 1

    ana = ana.signed_in_again()
    shown = ana.call("GET", f"/v1/top-ups/{top_up_id}").json
    assert (shown["status"], shown["reason"]) == ("expired", "TOP_UP_EXPIRED")
    assert (ana.available, used_today(ana)) == (0, 0)
    assert same_answer_again(first, top_up(ana, card_id, 500, key="k"))
    assert bank.charges_of(top_up_id) == []


def test_the_bank_is_asked_less_and_less_often(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    top_up(ana, bind(ana, bank, TIMES_OUT_LOST), 500, key="k")
    asked_at = []
    for second in range(0, 300, 15):
        if resolve_due():
            asked_at.append(second)
        test_clock.move(seconds=15)

    assert asked_at == [0, 60, 180]


def test_an_allowance_of_yesterday_is_not_given_back_today(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    lost, ordinary = bind(ana, bank, TIMES_OUT_LOST), bind(ana, bank)
    top_up(ana, lost, 500, key="k")
    test_clock.move(hours=12)
    ana = ana.signed_in_again()
    top_up(ana, ordinary, 700, key="k2")
    assert resolve_due() == 1

    assert [one["status"] for one in ana.call("GET", "/v1/top-ups").json["items"]] == [
        "succeeded",
        "expired",
    ]
    assert used_today(ana) == 700


@pytest.mark.parametrize("fault", ["dropped", "silent", "forged"])
def test_an_answer_that_proves_nothing_leaves_it_pending(
    ana: Person, bank: RunningBank, fault: str
) -> None:
    card_id = bind(ana, bank)
    bank.plan_fault(fault)
    answer = top_up(ana, card_id, 500, key="k")

    assert (answer.status, ana.available) == (202, 0)
    assert resolve_due() == 1
    assert ana.available == 500


@pytest.mark.parametrize("fault", ["unavailable", "lost", "forged"])
def test_while_the_bank_can_not_be_asked_it_stays_pending(
    ana: Person, bank: RunningBank, test_clock: TestClock, fault: str
) -> None:
    made = top_up(ana, bind(ana, bank, TIMES_OUT_EXECUTED), 500, key="k").json
    bank.plan_fault(fault, times=3)
    test_clock.move(hours=40)
    assert resolve_due() == 1
    assert status(ana, made["top_up_id"]) == "pending"

    bank.operator("DELETE", "/faults")
    test_clock.move(minutes=2)
    assert resolve_due() == 1
    assert status(ana, made["top_up_id"]) == "succeeded"


def test_a_bank_that_is_away_is_a_503_and_the_same_request_goes_on(
    ana: Person, bank: RunningBank
) -> None:
    card_id = bind(ana, bank)
    bank.plan_fault("unavailable", times=3)
    away = top_up(ana, card_id, 500, key="k")
    assert (away.status, away.code) == (503, "SERVICE_UNAVAILABLE")
    assert int(away.headers["Retry-After"]) > 0
    assert top_up(ana, card_id, 501, key="k").code == "IDEMPOTENCY_KEY_REUSED"

    answer = top_up(ana, card_id, 500, key="k")
    assert (answer.status, answer.json["status"]) == (201, "succeeded")
    assert "Idempotency-Replayed" not in answer.headers
    assert ana.available == used_today(ana) == 500


def test_a_request_that_never_came_back_expires_and_says_so(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank)
    bank.plan_fault("unavailable", times=3)
    top_up(ana, card_id, 500, key="k")
    test_clock.move(hours=23)
    assert resolve_due() == 1
    test_clock.move(hours=2)
    assert resolve_due() == 1

    ana = ana.signed_in_again()
    answer = top_up(ana, card_id, 500, key="k")
    assert (answer.status, answer.code) == (422, "TOP_UP_EXPIRED")
    assert used_today(ana) == 0


def test_a_request_still_in_work_is_not_begun_again(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    die(ana, card_id, Fault.DIES_AFTER, at=THE_CREATING_WRITE)

    answer = top_up(ana, card_id, 500, key="k")
    assert (answer.status, answer.code) == (409, "IDEMPOTENCY_KEY_IN_USE")
    assert resolve_due() == 0


def test_a_request_whose_process_died_is_taken_over(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank)
    die(ana, card_id, Fault.DIES_BEFORE, at=THE_BOOKING)
    test_clock.move(seconds=30)

    answer = top_up(ana, card_id, 500, key="k")
    assert (answer.status, ana.available) == (201, 500)
    assert len(bank.charges_of(answer.json["top_up_id"])) == 1
    assert same_answer_again(answer, top_up(ana, card_id, 500, key="k"))


def test_what_was_charged_is_booked_though_nobody_asks_again(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank)
    die(ana, card_id, Fault.DIES_BEFORE, at=THE_BOOKING)
    test_clock.move(seconds=30)

    assert resolve_due() == 1
    assert ana.available == 500
    assert same_answer_again(top_up(ana, card_id, 500, key="k"), top_up(ana, card_id, 500, key="k"))


def test_one_that_was_taken_over_late_is_not_given_up_at_once(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank)
    die(ana, card_id, Fault.DIES_AFTER, at=THE_CREATING_WRITE)
    test_clock.move(hours=24, seconds=-1)
    ana = ana.signed_in_again()
    bank.plan_fault("unavailable", times=3)
    assert top_up(ana, card_id, 500, key="k").status == 503
    test_clock.move(seconds=REQUEST_DIES_SECONDS - 31)
    assert resolve_due() == 1

    assert top_up(ana, card_id, 500, key="k").status == 201


def test_one_that_is_taken_over_while_the_sweeper_gives_up_is_not_given_up(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank)
    die(ana, card_id, Fault.DIES_AFTER, at=THE_CREATING_WRITE)
    test_clock.move(hours=25)
    ana = ana.signed_in_again()
    with meanwhile(lambda: die(ana, card_id, Fault.DIES_BEFORE, at=THE_BOOKING)):
        assert resolve_due() == 1
    assert ana.call("GET", "/v1/top-ups").json["items"][0]["status"] == "pending"
    test_clock.move(seconds=30)

    assert top_up(ana, card_id, 500, key="k").status == 201
    assert ana.available == 500
    assert check_books().sound


def test_two_equal_requests_at_once_are_one(ana: Person, bank: RunningBank) -> None:
    card_id = bind(ana, bank)
    with meanwhile(lambda: top_up(ana, card_id, 500, key="k")) as answers:
        other = top_up(ana, card_id, 500, key="k")

    assert same_answer_again(answers[0], other)
    assert ana.available == used_today(ana) == 500
    assert len(bank.charges_of(other.json["top_up_id"])) == 1


def test_the_second_of_two_equal_requests_does_not_begin_while_the_first_is_at_work(
    ana: Person, bank: RunningBank
) -> None:
    card_id = bind(ana, bank)
    with meanwhile(lambda: die(ana, card_id, Fault.DIES_AFTER, at=THE_CREATING_WRITE)):
        other = top_up(ana, card_id, 500, key="k")

    assert (other.status, other.code) == (409, "IDEMPOTENCY_KEY_IN_USE")


def test_a_frozen_account_still_gets_what_its_card_has_paid(ana: Person, bank: RunningBank) -> None:
    top_up(ana, bind(ana, bank, TIMES_OUT_EXECUTED), 500, key="k")
    set_status(ana.user_id, "frozen")

    assert resolve_due() == 1
    assert ana.available == 500


def test_what_came_for_a_closed_account_is_kept_apart(ana: Person, bank: RunningBank) -> None:
    made = top_up(ana, bind(ana, bank, TIMES_OUT_EXECUTED), 500, key="k").json
    set_status(ana.user_id, "closed")
    assert resolve_due() == 1

    shown = ana.call("GET", f"/v1/top-ups/{made['top_up_id']}").json
    suspense = [one for one in contents().accounts.values() if "suspense" in one.account_id]
    assert (shown["status"], shown["reason"]) == ("failed", "ACCOUNT_CLOSED")
    assert sum(one.balance for one in suspense) == 500
    assert check_books().sound


def test_a_removed_card_changes_nothing_for_what_it_has_paid(
    ana: Person, bank: RunningBank
) -> None:
    card_id = bind(ana, bank, TIMES_OUT_EXECUTED)
    top_up(ana, card_id, 500, key="k")
    ana.call("DELETE", f"/v1/cards/{card_id}")

    assert resolve_due() == 1
    assert ana.available == 500


def test_one_bad_record_stops_no_other(
    ana: Person, bo: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    bad = top_up(bo, bind(bo, bank, TIMES_OUT_LOST), 500, key="k").json["top_up_id"]
    top_up(ana, bind(ana, bank, TIMES_OUT_EXECUTED), 500, key="k")
    change(
        TopUp(*top_up_key(bad)[1:]),
        [TopUp.lease_until.remove()],
        TopUp.lease_until.exists(),
    )

    with pytest.raises(SweepIncomplete):
        resolve_due()
    assert ana.available == 500
    assert resolve_due() == 0, "the bad one waits for its next turn"
    test_clock.move(minutes=1)
    with pytest.raises(SweepIncomplete):
        resolve_due()


def test_the_schedule_resolves_them(ana: Person, bank: RunningBank) -> None:
    top_up(ana, bind(ana, bank, TIMES_OUT_EXECUTED), 500, key="k")

    assert "resolve_pending_top_ups" in app.app.handler_map
    assert on_schedule(TICK, None) == {"ended": 1}
    assert ana.available == 500
