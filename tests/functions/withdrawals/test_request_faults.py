"""What users ask for about withdrawals, under every fault at every call it makes."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.withdrawals.resolution import resolve_due
from infra.state_picture import DEFINITION
from shared.errors import ServiceUnavailable
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import CUTS, THAT_LAST, Fault, Swept, sweep
from tests.functions.bank_cards import bind, unused_phone
from tests.functions.withdrawals.asking import cancel, withdraw
from tests.functions.withdrawals.step_functions import StepFunctions, definition_of, served
from tests.functions.withdrawals.test_create import held, listed, used_today
from tests.people import register
from tests.sandbox.running import RunningBank

AMOUNT, FEE = 150_000, 50
FUNDS = AMOUNT + FEE


class Requested(Swept):
    """All there is, so that a retry, if it were taken for another, would be short of funds."""

    bank: RunningBank
    machine: StepFunctions

    def prepare(self) -> None:
        self.ana = register(unused_phone(), funds=FUNDS)
        self.card_id = bind(self.ana, self.bank)
        self.asked = False

    def act(self) -> Any:
        if not self.asked:
            # What an earlier point of the sweep has started is of another world.
            self.machine.executions.clear()
            self.asked = True
        return _told(withdraw(self.ana, self.card_id, AMOUNT, key="k"))

    def run_sweepers(self) -> None:
        resolve_due()
        self.ana = self.ana.back_again()

    def check_done(self) -> None:
        (made,) = listed(self.ana)
        assert (made["status"], made["fee"]) == ("pending", FEE)
        assert (held(self.ana), used_today(self.ana)) == ((0, FUNDS), AMOUNT)

    def check_finally(self) -> None:
        (made,) = listed(self.ana)
        assert made["withdrawal_id"] in self.machine.executions
        assert held(self.ana) == (0, FUNDS)


class Refused(Requested):
    """One more than there is: refused each time in the same words."""

    def act(self) -> Any:
        status, body = _told(withdraw(self.ana, self.card_id, AMOUNT + 1_000, key="k"))
        return status, body["code"]

    def check_done(self) -> None:
        assert listed(self.ana) == []
        assert (held(self.ana), used_today(self.ana)) == ((FUNDS, 0), 0)

    def check_finally(self) -> None:
        assert held(self.ana) == (FUNDS, 0)


class Cancelled(Requested):
    """Everything comes back, once."""

    def prepare(self) -> None:
        super().prepare()
        made = withdraw(self.ana, self.card_id, AMOUNT, key="k")
        self.withdrawal_id = made.json["withdrawal_id"]

    def act(self) -> Any:
        status, body = _told(cancel(self.ana, self.withdrawal_id))
        return status, body["status"], len(body["history"])

    def check_done(self) -> None:
        assert (held(self.ana), used_today(self.ana)) == ((FUNDS, 0), 0)

    def check_finally(self) -> None:
        assert held(self.ana) == (FUNDS, 0)
        assert listed(self.ana)[0]["status"] == "cancelled"


def _told(answer: Answer) -> tuple[int, Any]:
    if answer.status == 503:
        raise ServiceUnavailable
    return answer.status, answer.json


@pytest.fixture(autouse=True)
def _world(
    cloud: None, bank: RunningBank, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    machine = StepFunctions(definition_of(DEFINITION), test_clock)
    monkeypatch.setattr(Requested, "bank", bank, raising=False)
    monkeypatch.setattr(Requested, "machine", machine, raising=False)
    with served(machine):
        yield


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("operation", [Requested, Refused, Cancelled])
def test_it_happens_once(operation: type[Swept], fault: Fault, test_clock: TestClock) -> None:
    assert sweep(operation, fault, test_clock)


@pytest.mark.parametrize("fault", THAT_LAST, ids=lambda fault: fault.name)
def test_it_is_asked_for_once_after_a_fault_that_lasts(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(Requested, fault, test_clock, lasting=True)
