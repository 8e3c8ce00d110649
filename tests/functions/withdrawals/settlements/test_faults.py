"""A settlement under every fault at every call: of its request, of the schedule, on its way."""

import itertools
from typing import Any

import pytest

from functions.withdrawals.resolution import resolve_due
from functions.withdrawals.settlements.daily import settle_merchants
from shared import secrets
from shared.errors import ServiceUnavailable
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.faults import CUTS, Fault, Swept, sweep
from tests.functions.withdrawals.conftest import SLOW
from tests.functions.withdrawals.settlements.settling import (
    SETTLEMENTS,
    Settling,
    begin,
    bind_card,
    earn,
    funds,
    settle,
)
from tests.functions.withdrawals.step_functions import StepFunctions
from tests.sandbox.running import RunningBank
from tests.shops import Shop, open_shop

FUNDS = 3_000
_numbers = itertools.count(1)


class Requested(Swept):
    """By the merchant; the money lies in several shards."""

    bank: RunningBank
    machine: StepFunctions
    clock: TestClock
    by = "merchant"

    def prepare(self) -> None:
        self.shop = _shop(self.bank)
        self.number = f"fault-{next(_numbers)}"
        secrets.forget()

    def act(self) -> Any:
        answer = settle(self.shop, self.number)
        if answer.status == 503:
            raise ServiceUnavailable
        return answer.status, answer.json

    def check_done(self) -> None:
        (made,) = self.shop.call("GET", SETTLEMENTS).json["items"]
        assert (made["asked_by"], made["amount"]) == (self.by, FUNDS)
        assert funds(self.shop) == (0, FUNDS)

    def run_sweepers(self) -> None:
        """What the sweeper finds left behind has its machine started, and no more."""
        resolve_due()


class Scheduled(Requested):
    """By the schedule, on the day of its time."""

    by = "schedule"

    def prepare(self) -> None:
        super().prepare()
        self.clock.move(hours=20)

    def act(self) -> Any:
        try:
            settle_merchants()
        except SweepIncomplete as error:
            raise ServiceUnavailable from error


class Carried(Swept):
    """From the bank's last word on: what it did is booked, and told once."""

    bank: RunningBank
    machine: StepFunctions
    clock: TestClock
    word, left, told = "paid", 0, ["settlement.paid"]

    def prepare(self) -> None:
        self.shop = _shop(self.bank)
        self.settlement_id = begin(self.machine, self.bank, self.shop).settlement_id
        self.machine.run()
        assert self.carried.hear(self.word).status == 204
        self.execution = self.carried.execution

    @property
    def carried(self) -> Settling:
        return Settling(self.machine, self.bank, self.shop, self.settlement_id, FUNDS)

    def act(self) -> Any:
        self.machine.executions[self.settlement_id] = self.execution
        self.machine.run()

    def check_done(self) -> None:
        assert sum(funds(self.shop)) in (self.left, FUNDS)

    def run_sweepers(self) -> None:
        for _ in range(2):
            resolve_due()
            self.clock.move(hours=2)

    def check_finally(self) -> None:
        assert funds(self.shop) == (self.left, 0)
        assert f"settlement.{self.carried.shown['status']}" == self.told[-1]
        assert self.carried.heard == self.told


class Rejected(Carried):
    word, left, told = "rejected", FUNDS, ["settlement.failed"]


class CameBack(Carried):
    word, left, told = "reversed", FUNDS, ["settlement.reversed"]


def _shop(bank: RunningBank) -> Shop:
    shop = open_shop()
    bind_card(shop, bank, SLOW)
    earn(shop, 1_000, 1_500, 500)
    return shop


@pytest.fixture(autouse=True)
def _here(
    cloud: None,
    bank: RunningBank,
    machine: StepFunctions,
    test_clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in (Requested, Carried):
        for name, value in (("bank", bank), ("machine", machine), ("clock", test_clock)):
            monkeypatch.setattr(kind, name, value, raising=False)


@pytest.mark.parametrize("fault", [*CUTS, Fault.CONFLICT], ids=lambda fault: fault.name)
def test_it_is_asked_for_once(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(Requested, fault, test_clock)


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda one: one.name)
@pytest.mark.parametrize("operation", [Scheduled, Carried, Rejected, CameBack])
def test_it_is_begun_and_ends_once(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)
