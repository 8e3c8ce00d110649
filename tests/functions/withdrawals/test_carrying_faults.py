"""A withdrawal on its way, under every fault at every call of AWS and of the bank."""

import itertools
from abc import abstractmethod
from typing import Any

import pytest

from functions.identity.notices import send_waiting
from functions.withdrawals.records import find_withdrawal
from functions.withdrawals.resolution import resolve_due
from shared.errors import ServiceUnavailable
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.faults import CUTS, Fault, Swept, sweep
from tests.functions.bank_cards import bind, unused_phone
from tests.functions.withdrawals.asking import withdraw
from tests.functions.withdrawals.carried import AMOUNT, FEE, Carried, begin
from tests.functions.withdrawals.conftest import FUNDS, SLOW
from tests.functions.withdrawals.step_functions import (
    RUNNING,
    SUCCEEDED,
    StepFunctions,
)
from tests.people import Person, fund, register
from tests.sandbox.running import TIMES_OUT_EXECUTED, TIMES_OUT_LOST, RunningBank
from tests.soundness import check_sound

ACCOUNT_CLOSED = "6222021234500040005"
_keys = itertools.count(1)


class Carrying(Swept):
    """What an execution does from some state on, or the sweeper in its place.

    number: of the card. word: the bank's. ends_as: the status. back: minor units that come back.
    """

    machine: StepFunctions
    bank: RunningBank
    clock: TestClock
    number = SLOW
    word = "paid"
    ends_as = "paid"
    back = 0

    def prepare(self) -> None:
        self.owner = register(unused_phone())
        fund(self.owner.user_id, FUNDS)
        self.card_id = bind(self.owner, self.bank, self.number)
        self.begin()

    def begin(self) -> None:
        """As far as is not put through faults; the execution is kept with this object."""
        key = f"k{next(_keys)}"
        begun = begin(self.machine, self.bank, self.owner, self.card_id, key=key)
        self.withdrawal_id = begun.withdrawal_id
        self.come_here()
        self.execution = self.carried.execution

    @property
    def carried(self) -> Carried:
        return Carried(self.machine, self.bank, self.owner, self.withdrawal_id)

    @abstractmethod
    def come_here(self) -> None:
        """To the state that is carried out first."""

    def act(self) -> Any:
        self.machine.executions[self.execution.name] = self.execution
        self.machine.run()

    def check_done(self) -> None:
        """It may still be on its way, its money held."""
        found = find_withdrawal(self.withdrawal_id)
        assert found is not None
        assert found.status in {"pending", "submitted", "unknown", "paid", self.ends_as}

    def run_sweepers(self) -> None:
        for _ in range(2):
            assert resolve_due() <= 1
            self.clock.move(hours=2)
        send_waiting()

    def check_finally(self) -> None:
        carried = self.carried
        assert carried.shown["status"] == self.ends_as
        assert carried.balances() == (FUNDS - AMOUNT - FEE + self.back, 0)
        assert carried.told


class Submitting(Carrying):
    """From the request to the bank's notification, which is followed to the end."""

    def begin(self) -> None:
        """The bank remembers references for ever: each time has a withdrawal of its own."""
        self.key = self.withdrawal_id = ""

    def come_here(self) -> None:
        """From the start."""

    def act(self) -> Any:
        self.key = self.key or f"k{next(_keys)}"
        if not self.withdrawal_id:
            answer = withdraw(self.owner, self.card_id, AMOUNT, key=self.key)
            if answer.status == 503:
                raise ServiceUnavailable
            assert answer.status == 202, answer.text
            self.withdrawal_id = answer.json["withdrawal_id"]
        execution = self.machine.executions.get(self.withdrawal_id)
        while execution is not None and execution.at not in ("Settle", "Tell", "Done"):
            if execution.token is None:
                self.machine.step(execution)
            elif self.carried.hear(self.word, event_id=f"evt_{self.key}").status == 503:
                raise ServiceUnavailable

    def run_sweepers(self) -> None:
        super().run_sweepers()
        # What the sweeper has started, the machine carries out.
        self.act()
        self.machine.run()

    def check_finally(self) -> None:
        super().check_finally()
        assert len(self.carried.paid_out) == 1


class Settling(Carrying):
    def come_here(self) -> None:
        self.machine.run()
        assert self.carried.hear(self.word).status == 204


class CameBack(Settling):
    word = "reversed"
    ends_as = "reversed"
    back = AMOUNT + FEE


class Releasing(Settling):
    word = "rejected"
    ends_as = "failed"
    back = AMOUNT + FEE


class Asking(Carrying):
    """The bank has executed it, without an answer."""

    number = TIMES_OUT_EXECUTED

    def come_here(self) -> None:
        self.carried.step_to("WaitToAsk")


class GivingUp(Asking):
    """The bank never saw it, and never will."""

    number = TIMES_OUT_LOST
    ends_as = "failed"
    back = AMOUNT + FEE

    def come_here(self) -> None:
        while self.carried.execution.way.count("Ask") < 6:
            self.machine.step(self.carried.execution)


class Sweeping(CameBack):
    """The sweeper at work on what an execution has left behind."""

    def come_here(self) -> None:
        super().come_here()
        self.machine.kill(self.carried.execution)
        self.clock.move(minutes=3)

    def act(self) -> Any:
        try:
            resolve_due()
        except SweepIncomplete as error:
            raise ServiceUnavailable from error


@pytest.fixture(autouse=True)
def _here(
    cloud: None,
    bank: RunningBank,
    machine: StepFunctions,
    test_clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("bank", bank), ("machine", machine), ("clock", test_clock)):
        monkeypatch.setattr(Carrying, name, value, raising=False)


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("operation", [Submitting, Settling, CameBack, Releasing])
def test_it_ends_once(operation: type[Swept], fault: Fault, test_clock: TestClock) -> None:
    assert sweep(operation, fault, test_clock)


# What has no effect leaves the step to be made again, as the sweep above has shown.
@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda one: one.name)
@pytest.mark.parametrize("operation", [Asking, GivingUp, Sweeping])
def test_it_ends_once_also_where_it_is_asked_for_or_swept(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)


@pytest.mark.parametrize("fault", ["unavailable", "lost", "dropped", "silent", "forged"])
@pytest.mark.parametrize("call", ["the submission", "the query"])
def test_it_ends_once_whatever_befalls_a_call_of_the_bank(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, test_clock: TestClock,
    fault: str, call: str,
) -> None:  # fmt: skip
    carried = begin(machine, bank, ana, slow_card)
    if call == "the query":
        machine.run()
        bank.plan_fault(fault)
        machine.fall_silent(carried.execution)
    else:
        bank.plan_fault(fault)
    machine.run()
    assert carried.execution.token is not None
    carried.hear("paid")
    machine.run()

    assert carried.execution.status == SUCCEEDED
    assert carried.shown["status"] == "paid"
    assert len(carried.paid_out) == 1
    assert carried.balances() == (FUNDS - AMOUNT - FEE, 0)
    check_sound()


ENDINGS = {"paid": "paid", "rejected": "failed", "reversed": "reversed"}


@pytest.mark.parametrize("word", ENDINGS)
def test_killed_between_any_two_states_and_redriven_it_ends_as_it_would_have(
    ana: Person, bank: RunningBank, machine: StepFunctions, slow_card: str, word: str
) -> None:
    for kill_at in range(1, 20):
        carried = begin(machine, bank, ana, slow_card, key=f"k{kill_at}")
        for entered in itertools.count(1):
            execution = carried.execution
            if entered == kill_at:
                machine.kill(execution)
                machine.redrive(execution)
            if execution.status != RUNNING:
                break
            if execution.token:
                assert carried.hear(word).status == 204
            else:
                machine.step(execution)
        if entered < kill_at:
            break

        assert carried.execution.status == SUCCEEDED
        assert carried.shown["status"] == ENDINGS[word]
        assert len(carried.paid_out) == 1
        assert len(carried.told) >= kill_at
        check_sound()
        ana = carried.owner
    assert kill_at > 10
