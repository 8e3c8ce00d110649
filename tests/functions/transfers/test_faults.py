"""Every money route of transfers under every fault at every call it makes."""

from typing import Any

import pytest

from functions.transfers.arrival import settle_due
from shared.errors import ServiceUnavailable
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import THAT_LAST, Fault, Swept, sweep
from tests.people import register

pytestmark = pytest.mark.usefixtures("cloud")


class Sent(Swept):
    """300 of Ana's 1,000, to Bo, at once, from a container that has just started."""

    arrive = "now"

    def prepare(self) -> None:
        self.ana = register("+8613800000001", funds=1_000)
        self.bo = register("+8613800000002", pay_password=False)

    def act(self) -> Any:
        return _told(self.ana.send(self.bo, 300, key="k", arrive=self.arrive))

    def run_sweepers(self) -> None:
        settle_due()
        self.ana, self.bo = self.ana.back_again(), self.bo.back_again()

    def check_done(self) -> None:
        assert (self.ana.available, self.bo.available) == (700, 300)


class AllThereIs(Sent):
    """Whose retry, taken for another request, would be short of funds."""

    def act(self) -> Any:
        return _told(self.ana.send(self.bo, 1_000, key="k"))

    def check_done(self) -> None:
        assert (self.ana.available, self.bo.available) == (0, 1_000)


class Refused(Sent):
    """More than there is: refused each time in the same words."""

    def act(self) -> Any:
        status, body = _told(self.ana.send(self.bo, 1_001, key="k"))
        return status, body["code"]

    def check_done(self) -> None:
        assert (self.ana.available, self.bo.available) == (1_000, 0)


class Scheduled(Sent):
    """The same in two hours."""

    arrive = "in_2_hours"

    def check_done(self) -> None:
        wallet = self.ana.call("GET", "/v1/wallet").json
        assert (wallet["available"], wallet["held"], self.bo.available) == (700, 300, 0)

    def check_finally(self) -> None:
        assert (self.ana.available, self.bo.available) == (700, 300)


class Cancelled(Scheduled):
    """A scheduled transfer taken back."""

    def prepare(self) -> None:
        super().prepare()
        self.transfer_id = super().act()[1]["transfer_id"]

    def act(self) -> Any:
        return _told(self.ana.call("POST", f"/v1/transfers/{self.transfer_id}/cancel"))

    def check_done(self) -> None:
        wallet = self.ana.call("GET", "/v1/wallet").json
        assert (wallet["available"], wallet["held"], self.bo.available) == (1_000, 0, 0)

    def check_finally(self) -> None:
        self.check_done()


class Arrival(Scheduled):
    """The sweeper itself, when the time has come."""

    clock: TestClock

    def prepare(self) -> None:
        super().prepare()
        super().act()
        self.clock.move(hours=2)

    def act(self) -> Any:
        try:
            settle_due()
        except SweepIncomplete as error:
            raise ServiceUnavailable from error

    def check_done(self) -> None:
        self.ana, self.bo = self.ana.back_again(), self.bo.back_again()
        assert (self.ana.available, self.bo.available) == (700, 300)


def _told(answer: Answer) -> tuple[int, Any]:
    if answer.status == 503:
        raise ServiceUnavailable
    return answer.status, answer.json


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
@pytest.mark.parametrize("operation", [Sent, Scheduled])
def test_a_transfer_has_its_effect_once_under_a_fault_at_any_call(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)


# How the table copes with the others, the sweep above and those of the ledger have shown.
@pytest.mark.parametrize(
    "fault", [Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda one: one.value
)
@pytest.mark.parametrize("operation", [AllThereIs, Refused, Cancelled, Arrival])
def test_so_has_what_becomes_of_it(
    operation: type[Swept], fault: Fault, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Arrival, "clock", test_clock, raising=False)
    assert sweep(operation, fault, test_clock)


@pytest.mark.parametrize("fault", THAT_LAST, ids=lambda fault: fault.value)
def test_a_table_that_stays_away_moves_nothing_until_it_is_back(
    fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(Sent, fault, test_clock, lasting=True)
