"""The sweeper: whatever an execution leaves behind comes to its end all the same."""

import itertools

import pytest

import app
from functions.support.cases import WAITING
from functions.support.records import Case
from functions.withdrawals.events import on_schedule
from functions.withdrawals.records import Withdrawal, withdrawal_key
from functions.withdrawals.resolution import resolve_due
from shared.clock import seconds_of
from shared.sweep import SweepIncomplete
from shared.table import change, due_shards
from tests.clock import TestClock
from tests.functions.bank_cards import bind
from tests.functions.scheduled import TICK
from tests.functions.withdrawals.asking import cancel
from tests.functions.withdrawals.carried import AMOUNT, FEE, Carried, begin
from tests.functions.withdrawals.conftest import FUNDS
from tests.functions.withdrawals.step_functions import SUCCEEDED, StepFunctions
from tests.people import Person
from tests.sandbox.running import TIMES_OUT_EXECUTED, TIMES_OUT_LOST, RunningBank
from tests.soundness import check_sound

STATES = ["CheckRisk", "Submit", "AwaitBank", "Settle", "Tell"]


@pytest.fixture
def begun(ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str) -> Carried:
    return begin(machine, bank, ana, slow_card)


def cases() -> list[Case]:
    """What waits for support."""
    return [one for shard in due_shards(WAITING) for one in Case.due.query(shard)]


def sweep_for(clock: TestClock, *, minutes: int) -> None:
    """The sweeper runs as it is scheduled."""
    for _ in range(minutes):
        clock.move(minutes=1)
        resolve_due()


def come_to(carried: Carried, state: str) -> None:
    """Its execution is about to carry out a state, the bank has said its word where that is due."""
    if state in ("Settle", "Tell"):
        carried.step_to("AwaitBank")
        carried.machine.run()
        carried.hear("paid")
    carried.step_to(state)


def test_the_schedule_is_known_to_the_app() -> None:
    assert "resolve_withdrawals" in app.app.handler_map
    assert "withdrawal_step" in app.app.handler_map


def test_it_leaves_those_alone_that_are_not_late(begun: Carried, test_clock: TestClock) -> None:
    assert on_schedule(TICK, None) == {"looked_at": 0}
    begun.machine.run()
    test_clock.move(seconds=100)
    assert on_schedule(TICK, None) == {"looked_at": 0}


def test_one_that_was_never_started_is_started(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, test_clock: TestClock
) -> None:
    machine.throttled = True
    carried = begin(machine, bank, ana, slow_card)
    assert machine.executions == {}
    machine.throttled = False
    sweep_for(test_clock, minutes=2)
    machine.run()
    carried.hear("paid")
    machine.run()

    assert carried.execution.status == SUCCEEDED
    assert carried.shown["status"] == "paid"


@pytest.mark.parametrize("state", STATES)
def test_one_whose_execution_died_is_driven_to_its_end(
    begun: Carried, test_clock: TestClock, state: str
) -> None:
    come_to(begun, state)
    begun.machine.kill(begun.execution)
    sweep_for(test_clock, minutes=5)
    begun.hear("paid")
    sweep_for(test_clock, minutes=5)

    assert begun.shown["status"] == "paid"
    assert len(begun.told) == 1
    assert len(begun.paid_out) == 1
    assert begun.balances() == (FUNDS - AMOUNT - FEE, 0)
    check_sound()


@pytest.mark.parametrize("state", STATES)
def test_one_that_is_redriven_after_that_changes_nothing_more(
    begun: Carried, test_clock: TestClock, state: str
) -> None:
    come_to(begun, state)
    begun.machine.kill(begun.execution)
    begun.hear("paid") if begun.paid_out else None
    sweep_for(test_clock, minutes=5)
    begun.hear("paid")
    sweep_for(test_clock, minutes=5)
    begun.machine.redrive(begun.execution)
    begun.machine.run()

    assert begun.execution.status == SUCCEEDED
    assert begun.statuses == ["pending", "submitted", "paid"]
    assert len(begun.told) == 1
    assert len(begun.paid_out) == 1
    check_sound()


def test_an_execution_that_still_waits_is_told_what_the_sweeper_has_done(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, test_clock: TestClock
) -> None:
    carried = begin(machine, bank, ana, slow_card)
    machine.run()
    machine.throttled = True
    assert carried.hear("paid").status == 503
    machine.throttled = False
    sweep_for(test_clock, minutes=3)
    machine.run()

    assert carried.execution.status == SUCCEEDED
    assert carried.shown["status"] == "paid"
    assert len(carried.told) == 1


@pytest.mark.parametrize(
    ("number", "status"), [(TIMES_OUT_EXECUTED, "paid"), (TIMES_OUT_LOST, "failed")]
)
def test_unknown_ones_are_asked_for_without_an_execution(
    ana: Person, bank: RunningBank, machine: StepFunctions, card_id: str, test_clock: TestClock,
    number: str, status: str,
) -> None:  # fmt: skip
    carried = begin(machine, bank, ana, bind(ana, bank, number))
    carried.step_to("WaitToAsk")
    machine.kill(carried.execution)
    sweep_for(test_clock, minutes=60)

    assert carried.shown["status"] == status
    assert len(carried.paid_out) == (status == "paid")
    assert carried.balances()[1] == 0
    check_sound()


def test_the_bank_is_asked_less_and_less_often(
    begun: Carried, bank: RunningBank, test_clock: TestClock
) -> None:
    begun.machine.run()
    begun.machine.kill(begun.execution)
    bank.plan_fault("unavailable", times=100)
    looked_at = []
    for minute in range(60):
        test_clock.move(minutes=1)
        if resolve_due():
            looked_at.append(minute)
    bank.operator("DELETE", "/faults")

    gaps = [later - earlier for earlier, later in itertools.pairwise(looked_at)]
    assert len(looked_at) > 3
    assert gaps == sorted(gaps)
    assert gaps[-1] > 2 * gaps[0]


def test_an_overdue_one_is_told_to_its_owner_and_brought_before_support_once(
    begun: Carried, bank: RunningBank, test_clock: TestClock, capsys: pytest.CaptureFixture[str]
) -> None:
    begun.machine.run()
    bank.plan_fault("unavailable", times=100)
    for _ in range(30):
        test_clock.move(hours=1)
        resolve_due()
    bank.operator("DELETE", "/faults")

    (case,) = cases()
    assert (case.kind, case.about) == ("withdrawal_overdue", begun.withdrawal_id)
    assert case.user_id == begun.owner.user_id
    assert case.facts["status"] == "submitted"
    assert len(begun.told) == 1
    assert "未按时到账" in begun.told[0]
    assert capsys.readouterr().out.count('"WithdrawalsOverdue":[1.0]') == 1
    assert begun.shown["status"] == "submitted", "late is not failed"
    begun.hear("paid")
    test_clock.move(minutes=3)
    resolve_due()
    assert begun.shown["status"] == "paid"
    assert len(begun.told) == 2


def test_it_is_seen_to_be_overdue_while_its_execution_waits_for_longer(
    begun: Carried, test_clock: TestClock
) -> None:
    record = Withdrawal(*withdrawal_key(begun.withdrawal_id)[1:])
    change(record, [Withdrawal.asks.set(10)], Withdrawal.pk.exists())
    begun.machine.run()
    promised_in = seconds_of(record.expected_by) - test_clock.seconds
    test_clock.move(seconds=promised_in - 600 - 3_600)
    begun.machine.fall_silent(begun.execution)
    begun.machine.run()
    assert resolve_due() == 0
    test_clock.move(minutes=11)
    resolve_due()

    assert len(cases()) == 1
    assert begun.execution.token is not None


def test_a_cancelled_one_is_nobody_s_business(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, test_clock: TestClock
) -> None:
    carried = begin(machine, bank, ana, slow_card)
    machine.kill(carried.execution)
    cancel(ana, carried.withdrawal_id)
    test_clock.move(hours=50)

    assert resolve_due() == 0
    assert cases() == []


def test_one_bad_record_stops_no_other(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, test_clock: TestClock
) -> None:
    bad = begin(machine, bank, ana, slow_card, key="k1")
    good = begin(machine, bank, ana, bind(ana, bank, TIMES_OUT_EXECUTED), key="k2")
    for one in (bad, good):
        machine.kill(one.execution)
    record = Withdrawal(*withdrawal_key(bad.withdrawal_id)[1:])
    change(record, [Withdrawal.user_id.set("u_nobody")], Withdrawal.pk.exists())

    for _ in range(3):
        test_clock.move(minutes=3)
        with pytest.raises(SweepIncomplete):
            resolve_due()
    assert good.shown["status"] == "paid"
