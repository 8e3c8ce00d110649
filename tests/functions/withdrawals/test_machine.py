"""The state machine as it is deployed, on every way that it has, against the real bank."""

from itertools import pairwise

import pytest
from statelint.linter import Linter

from functions.withdrawals.progress import Outcome
from functions.withdrawals.resolution import resolve_due
from functions.withdrawals.steps import STEPS
from infra.state_picture import DEFINITION
from shared import clock
from shared.ledger.accounts import set_status
from shared.ledger.records import Account
from shared.settings import settings
from shared.table import change
from tests.clock import TestClock
from tests.functions.bank_cards import bind
from tests.functions.withdrawals.asking import cancel
from tests.functions.withdrawals.carried import AMOUNT, FEE, Carried, begin
from tests.functions.withdrawals.conftest import FUNDS
from tests.functions.withdrawals.step_functions import (
    FAILED,
    SUCCEEDED,
    StepFunctions,
    definition_of,
    transitions_of,
)
from tests.ledger_accounts import account
from tests.people import Person
from tests.sandbox.running import TIMES_OUT_EXECUTED, TIMES_OUT_LOST, RunningBank
from tests.soundness import check_sound

ACCOUNT_CLOSED = "6222021234500040005"
DEFINED = definition_of(DEFINITION)
# The states of each way, without WhatNow, through which all pass but those marked with !.
WAYS = {
    "paid": "CheckRisk Submit AwaitBank Settle Tell Done",
    "rejected at once": "CheckRisk Submit Release Tell Done",
    "rejected later": "CheckRisk Submit AwaitBank Release Tell Done",
    "delayed": "CheckRisk WaitUntil !CheckRisk Submit AwaitBank Settle Tell Done",
    "cancelled": "CheckRisk WaitUntil !CheckRisk Tell Done",
    "away": "CheckRisk Submit WaitUntil !CheckRisk Submit AwaitBank Settle Tell Done",
    "away and cancelled": "CheckRisk Submit WaitUntil !CheckRisk Tell Done",
    "frozen before": "CheckRisk Release Tell Done",
    "silent": "CheckRisk Submit AwaitBank !Ask AwaitBank Settle Tell Done",
    "unknown": "CheckRisk Submit WaitToAsk !Ask Settle Tell Done",
    "never seen": "CheckRisk " + 6 * "Submit WaitToAsk !Ask " + "Release Tell Done",
    "came back": "CheckRisk Submit AwaitBank Settle Reverse Tell Done",
    "stuck": "CheckRisk Submit AwaitBank !Ask MarkStuck !Stuck",
    "CheckRisk fails": "CheckRisk !MarkStuck !Stuck",
    "Submit fails": "CheckRisk Submit !Ask Submit AwaitBank Settle Tell Done",
    "AwaitBank fails": "CheckRisk Submit AwaitBank !Ask AwaitBank Settle Tell Done",
    "Ask fails": "CheckRisk Submit AwaitBank !Ask !MarkStuck !Stuck",
    "Settle fails": "CheckRisk Submit AwaitBank Settle !MarkStuck !Stuck",
    "Release fails": "CheckRisk Submit AwaitBank Release !MarkStuck !Stuck",
    "Reverse fails": "CheckRisk Submit AwaitBank Settle Reverse !MarkStuck !Stuck",
    "Tell fails": "CheckRisk Submit AwaitBank Settle Tell !Done",
    "MarkStuck fails": "CheckRisk !MarkStuck !Stuck",
}  # fmt: skip


def states_of(way: str) -> list[str]:
    """With every WhatNow."""
    states: list[str] = []
    for word in way.split():
        if states and not word.startswith("!"):
            states.append("WhatNow")
        states.append(word.removeprefix("!"))
    return states


@pytest.fixture
def slow(ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str) -> Carried:
    """Begun, with a bank that accepts it and then takes longer than a test does."""
    return begin(machine, bank, ana, slow_card)


def went(carried: Carried, way: str, status: str = SUCCEEDED) -> None:
    assert carried.execution.way == states_of(WAYS[way])
    assert carried.execution.status == status


def fail_at(carried: Carried, state: str) -> None:
    """The task of a state fails at each of its tries."""
    carried.step_to(state)
    while carried.execution.at == state and carried.execution.status == "RUNNING":
        carried.machine.fail_task(carried.execution, "Lambda.Unknown")


def test_every_way_there_is_is_gone_by_a_test_below() -> None:
    gone = {pair for way in WAYS.values() for pair in pairwise(states_of(way))}

    assert gone == transitions_of(DEFINED)
    assert {state for pair in gone for state in pair} == DEFINED["States"].keys()


def test_the_definition_is_right_by_the_language() -> None:
    assert Linter.validate(DEFINED) == []


def test_every_task_outcome_and_error_that_is_named_exists() -> None:
    states = DEFINED["States"]
    tasks = [state for state in states.values() if state["Type"] == "Task"]
    named = {task["Parameters"]["Payload"]["step"] for task in tasks}
    outcomes = {rule["StringEquals"] for rule in states["WhatNow"]["Choices"]}
    errors = {
        error
        for task in tasks
        for handler in [*task["Retry"], *task["Catch"]]
        for error in handler["ErrorEquals"]
    }

    assert named == {*STEPS, "wait"}
    assert outcomes == {*Outcome} - {Outcome.STUCK}, "that one goes the way of all others"
    assert errors == {
        "Lambda.TooManyRequestsException",
        "States.ALL",
        "States.HeartbeatTimeout",
        "States.Timeout",
    }


def test_every_task_is_bounded_and_has_a_way_for_what_is_left() -> None:
    for name, state in DEFINED["States"].items():
        if state["Type"] != "Task":
            continue
        assert 0 < state["TimeoutSeconds"] <= 90_000, name
        assert [catch["ErrorEquals"] for catch in state["Catch"]] == [["States.ALL"]], name
        crowded, again = state["Retry"][-2:]
        assert (crowded["ErrorEquals"], crowded["MaxAttempts"]) == (
            ["Lambda.TooManyRequestsException"],
            30,
        ), name
        assert (again["ErrorEquals"], again["MaxAttempts"]) == (["States.ALL"], 5), name
        assert (again["MaxDelaySeconds"], again["JitterStrategy"]) == (60, "FULL"), name
    assert 0 < DEFINED["TimeoutSeconds"] <= 2_592_000


def test_paid(slow: Carried) -> None:
    slow.machine.run()
    assert slow.shown["status"] == "submitted"
    assert slow.balances() == (FUNDS - AMOUNT - FEE, AMOUNT + FEE)
    assert slow.hear("paid").status == 204
    slow.machine.run()

    went(slow, "paid")
    assert slow.statuses == ["pending", "submitted", "paid"]
    assert slow.balances() == (FUNDS - AMOUNT - FEE, 0)
    assert slow.shown["bank_reference"] == f"pay_{slow.withdrawal_id}"
    assert [one["amount"] for one in slow.paid_out] == [AMOUNT]
    (told,) = slow.told
    assert told.startswith("【U钱包】您提现的 1500.00 CNY 已到账 沙盒银行 Sandbox Bank 0002。")
    entries = slow.owner.call("GET", "/v1/wallet/entries").json["items"]
    assert [(one["kind"], one["amount"]) for one in entries[:2]] == [
        ("fee", FEE),
        ("withdrawal", AMOUNT),
    ]
    check_sound()


def test_rejected_at_once(
    ana: Person, bank: RunningBank, machine: StepFunctions, card_id: str
) -> None:
    carried = begin(machine, bank, ana, bind(ana, bank, ACCOUNT_CLOSED))
    machine.run()

    went(carried, "rejected at once")
    assert carried.statuses == ["pending", "failed"]
    assert carried.balances() == (FUNDS, 0)
    assert carried.shown["diagnosis"]["code"] == carried.shown["reason"] == "ACCOUNT_CLOSED"
    assert len(carried.told) == 1
    assert "资金已退回钱包" in carried.told[0]
    check_sound()


def test_rejected_later(slow: Carried) -> None:
    slow.machine.run()
    slow.hear("rejected", "WRONG_NAME")
    slow.machine.run()

    went(slow, "rejected later")
    assert slow.statuses == ["pending", "submitted", "failed"]
    assert slow.shown["reason"] == "WRONG_NAME"
    assert slow.balances() == (FUNDS, 0)


def cool_down(person: Person) -> None:
    until = Account.cool_down_until.set(clock.seconds() + 86_400)
    change(account(person.user_id), [until], Account.pk.exists())


def test_delayed(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, test_clock: TestClock
) -> None:
    cool_down(ana)
    carried = begin(machine, bank, ana, slow_card)
    asked_at = test_clock.seconds
    carried.step_to("WaitUntil")
    assert carried.shown["reason"] == "SAFETY_DELAY"
    machine.run()
    assert test_clock.seconds - asked_at == 86_400
    carried.hear("paid")
    machine.run()

    went(carried, "delayed")
    assert carried.shown["status"] == "paid"


def test_a_cool_down_that_begins_after_the_request_delays_it_too(
    slow: Carried, test_clock: TestClock
) -> None:
    asked_at = test_clock.seconds
    cool_down(slow.owner)
    slow.machine.run()
    slow.hear("paid")
    slow.machine.run()

    went(slow, "delayed")
    assert test_clock.seconds - asked_at == 86_400


def test_what_is_never_cleared_is_given_back(
    slow: Carried, monkeypatch: pytest.MonkeyPatch, test_clock: TestClock
) -> None:
    until = Account.cool_down_until.set(clock.seconds() + 8 * 86_400)
    change(account(slow.owner.user_id), [until], Account.pk.exists())
    slow.machine.run()

    went(slow, "frozen before")
    assert (slow.shown["status"], slow.shown["reason"]) == ("failed", "NOT_CLEARED")
    assert slow.balances() == (FUNDS, 0)
    assert slow.paid_out == []


def test_cancelled(ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str) -> None:
    cool_down(ana)
    carried = begin(machine, bank, ana, slow_card)
    carried.step_to("WaitUntil")
    assert cancel(ana, carried.withdrawal_id).status == 200
    machine.run()

    went(carried, "cancelled")
    assert carried.statuses == ["pending", "cancelled"]
    assert carried.balances() == (FUNDS, 0)
    assert (carried.paid_out, carried.told) == ([], [])


def test_once_the_bank_may_have_it_it_can_not_be_cancelled(slow: Carried) -> None:
    slow.machine.run()
    answer = cancel(slow.owner, slow.withdrawal_id)

    assert (answer.status, answer.code) == (409, "NOT_CANCELLABLE")
    assert slow.balances() == (FUNDS - AMOUNT - FEE, AMOUNT + FEE)


@pytest.mark.parametrize("opened_again", [False, True])
def test_frozen_before(slow: Carried, opened_again: bool) -> None:
    set_status(slow.owner.user_id, "frozen")
    if opened_again:
        set_status(slow.owner.user_id, "active")
    slow.machine.run()

    went(slow, "frozen before")
    assert slow.shown["reason"] == "WALLET_FROZEN"
    assert slow.balances() == (FUNDS, 0)
    assert slow.paid_out == []


def test_what_the_bank_has_paid_is_booked_though_the_wallet_is_frozen_meanwhile(
    slow: Carried,
) -> None:
    slow.machine.run()
    set_status(slow.owner.user_id, "frozen")
    slow.hear("paid")
    slow.machine.run()

    went(slow, "paid")
    assert slow.balances() == (FUNDS - AMOUNT - FEE, 0)
    check_sound()


def test_silent(slow: Carried) -> None:
    slow.machine.run()
    slow.machine.fall_silent(slow.execution)
    slow.machine.run()
    slow.hear("paid")
    slow.machine.run()

    went(slow, "silent")
    assert slow.shown["status"] == "paid"


def test_unknown(ana: Person, bank: RunningBank, machine: StepFunctions, card_id: str) -> None:
    carried = begin(machine, bank, ana, bind(ana, bank, TIMES_OUT_EXECUTED))
    carried.step_to("WaitToAsk")
    assert carried.shown["status"] == "unknown"
    machine.run()

    went(carried, "unknown")
    assert carried.statuses == ["pending", "unknown", "submitted", "paid"]
    assert len(carried.paid_out) == 1


def test_never_seen(
    ana: Person, bank: RunningBank, machine: StepFunctions, card_id: str, test_clock: TestClock
) -> None:
    carried = begin(machine, bank, ana, bind(ana, bank, TIMES_OUT_LOST))
    asked_at = test_clock.seconds
    machine.run()

    went(carried, "never seen")
    assert carried.statuses == ["pending", "unknown", "failed"]
    assert carried.shown["reason"] == "BANK_UNAVAILABLE"
    assert carried.balances() == (FUNDS, 0)
    assert carried.paid_out == []
    assert test_clock.seconds - asked_at == sum(20 * 2**n for n in range(6))


def test_it_is_not_given_up_while_its_last_request_may_still_come(
    ana: Person, bank: RunningBank, machine: StepFunctions, card_id: str, test_clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("WITHDRAWAL_SUBMISSIONS", "1")
    settings.cache_clear()
    carried = begin(machine, bank, ana, bind(ana, bank, TIMES_OUT_LOST))
    asked_at = test_clock.seconds
    carried.step_to("WaitToAsk")
    while carried.execution.status == "RUNNING":
        if test_clock.seconds - asked_at < 360:
            assert carried.shown["status"] == "unknown"
        machine.step(carried.execution)

    assert carried.shown["status"] == "failed"
    assert test_clock.seconds - asked_at == 20 + 40 + 80 + 160 + 320


def remove_card(carried: Carried) -> None:
    """The bank pays nothing new to it any more."""
    card_id = carried.shown["card"]["card_id"]
    assert carried.owner.call("DELETE", f"/v1/cards/{card_id}").status == 204


def test_a_card_that_the_bank_no_longer_knows_is_refused_at_once(slow: Carried) -> None:
    remove_card(slow)
    slow.machine.run()

    went(slow, "rejected at once")
    assert slow.shown["reason"] == "CARD_NOT_BOUND"
    assert slow.balances() == (FUNDS, 0)


def test_a_refusal_is_no_end_while_an_earlier_request_is_in_doubt(
    slow: Carried, bank: RunningBank, test_clock: TestClock
) -> None:
    bank.plan_fault("lost")
    slow.step_to("WaitToAsk")
    in_doubt_since = test_clock.seconds
    remove_card(slow)
    while slow.execution.status == "RUNNING":
        if test_clock.seconds - in_doubt_since < 360:
            assert slow.shown["status"] == "unknown"
        slow.machine.step(slow.execution)

    assert slow.execution.way.count("Submit") == 6
    assert (slow.shown["status"], slow.shown["reason"]) == ("failed", "BANK_UNAVAILABLE")
    assert slow.balances() == (FUNDS, 0)


def test_came_back(slow: Carried) -> None:
    slow.machine.run()
    slow.hear("reversed", "RETURNED_BY_BANK")
    slow.machine.run()

    went(slow, "came back")
    assert slow.statuses == ["pending", "submitted", "paid", "reversed"]
    assert slow.balances() == (FUNDS, 0)
    assert len(slow.told) == 1
    assert "退回" in slow.told[0]
    check_sound()


def test_a_bank_that_is_away_gets_it_when_it_is_back(
    slow: Carried, bank: RunningBank, test_clock: TestClock
) -> None:
    bank.plan_fault("unavailable", times=3)
    slow.step_to("WaitUntil")
    assert slow.shown["status"] == "pending"
    slow.machine.run()
    slow.hear("paid")
    slow.machine.run()

    went(slow, "away")
    assert slow.statuses == ["pending", "submitted", "paid"]


def test_while_the_bank_is_away_it_can_be_cancelled(slow: Carried, bank: RunningBank) -> None:
    bank.plan_fault("unavailable", times=3)
    slow.step_to("WaitUntil")
    assert cancel(slow.owner, slow.withdrawal_id).status == 200
    slow.machine.run()

    went(slow, "away and cancelled")
    assert slow.statuses == ["pending", "cancelled"]
    assert slow.paid_out == []
    assert slow.balances() == (FUNDS, 0)


def test_a_bank_that_stays_away_fails_it(slow: Carried, bank: RunningBank) -> None:
    bank.plan_fault("unavailable", times=100)
    slow.machine.run()
    bank.operator("DELETE", "/faults")

    assert (slow.shown["status"], slow.shown["reason"]) == ("failed", "BANK_UNAVAILABLE")
    assert slow.execution.way.count("Submit") == 7
    assert slow.balances() == (FUNDS, 0)


def test_stuck(slow: Carried, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WITHDRAWAL_ASKS", "1")
    settings.cache_clear()
    slow.machine.run()
    slow.machine.fall_silent(slow.execution)
    slow.machine.run()
    went(slow, "stuck", FAILED)
    assert slow.shown["status"] == "submitted"

    assert slow.hear("paid").status == 204
    test_clock.move(minutes=3)
    assert resolve_due() == 1
    assert slow.shown["status"] == "paid"
    assert len(slow.told) == 1


FAILING = {
    "CheckRisk": ("Stuck", None),
    "Submit": ("Ask", None),
    "AwaitBank": ("Ask", None),
    "Ask": ("Stuck", None),
    "Settle": ("Stuck", "paid"),
    "Release": ("Stuck", "rejected"),
    "Reverse": ("Stuck", "reversed"),
    "Tell": ("Done", "paid"),
    "MarkStuck": ("Stuck", None),
}


@pytest.mark.parametrize("state", FAILING)
def test_what_is_left_of_an_error_goes_its_way_and_the_sweeper_ends_it(
    slow: Carried, test_clock: TestClock, state: str
) -> None:
    word = FAILING[state][1]
    if word or state == "Ask":
        slow.step_to("AwaitBank")
        slow.machine.run()
    if word:
        slow.hear(word)
    if state == "Ask":
        slow.machine.fall_silent(slow.execution)
    if state == "MarkStuck":
        fail_at(slow, "CheckRisk")
    fail_at(slow, state)
    slow.machine.run()
    if slow.execution.token:
        slow.hear("paid")
        slow.machine.run()

    went(slow, f"{state} fails", SUCCEEDED if slow.execution.at == "Done" else FAILED)
    for _ in range(3):
        test_clock.move(minutes=5)
        resolve_due()
        slow.hear(word or "paid")
    ends = {"rejected": "failed", "reversed": "reversed"}
    assert slow.shown["status"] == ends.get(word or "", "paid")
    assert slow.balances()[1] == 0
    assert slow.told
    check_sound()
