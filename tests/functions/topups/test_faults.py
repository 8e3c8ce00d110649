"""A top-up under every fault at every call it makes, whatever its bank does."""

import itertools
from typing import Any

import pytest

from functions.topups.resolution import resolve_due
from shared.errors import ServiceUnavailable
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.faults import THAT_LAST, Fault, Swept, sweep
from tests.functions.bank_cards import bind, top_up, unused_phone
from tests.functions.topups.test_top_up import LACKS_FUNDS, used_today
from tests.people import register
from tests.sandbox.running import ORDINARY, TIMES_OUT_EXECUTED, TIMES_OUT_LOST, RunningBank

_keys = itertools.count(1)


class TopUp(Swept):
    """Of 500, from a card that works."""

    bank: RunningBank
    number = ORDINARY

    def prepare(self) -> None:
        self.ana = register(unused_phone())
        self.card_id = bind(self.ana, self.bank, self.number)
        # The bank remembers references for ever: each time has a top-up of its own.
        self.key = ""

    def act(self) -> Any:
        self.key = self.key or f"k{next(_keys)}"
        answer = top_up(self.ana, self.card_id, 500, key=self.key)
        if answer.status == 503:
            raise ServiceUnavailable
        return answer.status, answer.json

    def run_sweepers(self) -> None:
        resolve_due()
        self.ana = self.ana.back_again()

    def check_done(self) -> None:
        (made,) = self.ana.call("GET", "/v1/top-ups").json["items"]
        assert made["status"] == "succeeded"
        assert len(self.bank.charges_of(made["top_up_id"])) == 1
        assert self.ana.available == 500


class DeclinedTopUp(TopUp):
    """Which takes nothing, and no allowance."""

    number = LACKS_FUNDS

    def act(self) -> Any:
        status, body = super().act()
        return status, body["code"]

    def check_done(self) -> None:
        (made,) = self.ana.call("GET", "/v1/top-ups").json["items"]
        assert (made["status"], made["reason"]) == ("failed", "INSUFFICIENT_FUNDS")
        assert (self.ana.available, used_today(self.ana)) == (0, 0)


class UnknownTopUp(TopUp):
    """Which the bank has executed, without an answer."""

    number = TIMES_OUT_EXECUTED

    def check_done(self) -> None:
        """It is not known yet."""

    def check_finally(self) -> None:
        super().check_done()


class LostTopUp(UnknownTopUp):
    """Which the bank never saw."""

    number = TIMES_OUT_LOST

    def check_finally(self) -> None:
        (made,) = self.ana.call("GET", "/v1/top-ups").json["items"]
        assert made["status"] == "expired"
        assert self.bank.charges_of(made["top_up_id"]) == []
        assert (self.ana.available, used_today(self.ana)) == (0, 0)


class Resolution(UnknownTopUp):
    """The sweeper itself, at work on a top-up that the bank has executed."""

    def prepare(self) -> None:
        super().prepare()
        super().act()

    def act(self) -> Any:
        try:
            resolve_due()
        except SweepIncomplete as error:
            raise ServiceUnavailable from error


# How the table copes with the others, the sweep above and those of the ledger have shown.
THAT_CUT = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.RESPONSE_LOST)


@pytest.fixture(autouse=True)
def _bank(cloud: None, bank: RunningBank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TopUp, "bank", bank, raising=False)


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_it_happens_once(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(TopUp, fault, test_clock)


@pytest.mark.parametrize("fault", THAT_LAST, ids=lambda fault: fault.name)
def test_it_happens_once_after_a_fault_that_lasts(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(TopUp, fault, test_clock, lasting=True)


@pytest.mark.parametrize("fault", THAT_CUT, ids=lambda fault: fault.name)
@pytest.mark.parametrize("operation", [DeclinedTopUp, UnknownTopUp, LostTopUp, Resolution])
def test_it_ends_once_whatever_the_bank_says(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)
