"""Top-ups by a platform, cut at each call of AWS: while begun, told of, asked for, sent back."""

import itertools
from typing import Any

import pytest

from functions.topups.resolution import resolve_due
from shared.errors import ServiceUnavailable
from shared.ledger.accounts import SUSPENSE, set_status
from shared.platforms.port import Kind
from shared.settings import settings
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.faults import Fault, Swept, sweep
from tests.functions.bank_cards import unused_phone
from tests.functions.topups.platform_payments import (
    check_out,
    house,
    paid,
    shown,
    tell,
)
from tests.functions.topups.test_top_up import used_today
from tests.people import register
from tests.sandbox.platforms import RunningPlatforms

# What becomes of calls that are refused, the sweeps of cards and of the ledger have shown.
THAT_CUT = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.RESPONSE_LOST)

_keys = itertools.count(1)


class Begun(Swept):
    """A checkout that nobody pays."""

    platforms: RunningPlatforms
    kind: Kind = "wechat_pay"

    def prepare(self) -> None:
        self.ana = register(unused_phone())
        # The platform remembers references for ever: each time has a top-up of its own.
        self.key = ""

    def act(self) -> Any:
        self.key = self.key or f"k{next(_keys)}"
        answer = check_out(self.ana, self.kind, key=self.key)
        if answer.status == 503:
            raise ServiceUnavailable
        return answer.status, answer.json

    def check_done(self) -> None:
        (made,) = self.ana.call("GET", "/v1/top-ups").json["items"]
        assert (made["status"], used_today(self.ana)) == ("pending", 500)
        assert self.platforms.order(self.kind, made["top_up_id"])["status"] == "open"

    def run_sweepers(self) -> None:
        resolve_due()
        self.ana = self.ana.signed_in_again()

    def check_finally(self) -> None:
        (made,) = self.ana.call("GET", "/v1/top-ups").json["items"]
        assert (made["status"], used_today(self.ana)) == ("expired", 0)
        assert self.platforms.order(self.kind, made["top_up_id"])["status"] == "closed"


class Told(Begun):
    """One that was paid, and of which the platform tells."""

    def prepare(self) -> None:
        super().prepare()
        self.top_up_id = paid(self.ana, self.platforms, self.kind)

    def act(self) -> Any:
        answer = tell(self.platforms, self.kind, self.top_up_id)
        if answer.status == 503:
            raise ServiceUnavailable
        return answer.status, answer.text

    def check_done(self) -> None:
        assert shown(self.ana, self.top_up_id)["status"] == "succeeded"
        assert self.ana.signed_in_again().available == 500

    def check_finally(self) -> None:
        self.check_done()


class AskedFor(Told):
    """One that was paid, and of which nobody tells."""

    def act(self) -> Any:
        _sweep_once()

    def check_done(self) -> None:
        """The last one that asked may have put the next look off."""

    def check_finally(self) -> None:
        super().check_done()


class SentBack(AskedFor):
    """One that was paid for an account that was closed meanwhile."""

    test_clock: TestClock

    def prepare(self) -> None:
        super().prepare()
        set_status(self.ana.user_id, "closed")
        assert tell(self.platforms, self.kind, self.top_up_id).status == 204

    def run_sweepers(self) -> None:
        # One look asks for the refund, the next finds it.
        for _ in range(2):
            resolve_due()
            self.test_clock.move(hours=2)

    def check_finally(self) -> None:
        view = shown(self.ana, self.top_up_id)
        assert (view["status"], view["refund"]) == ("failed", "succeeded")
        assert house(SUSPENSE) == 0
        assert len(self.platforms.order(self.kind, self.top_up_id)["refunds"]) == 1


def _sweep_once() -> None:
    try:
        resolve_due()
    except SweepIncomplete as error:
        raise ServiceUnavailable from error


@pytest.fixture(autouse=True)
def _world(
    platforms: RunningPlatforms, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> Any:
    monkeypatch.setattr(Begun, "platforms", platforms, raising=False)
    monkeypatch.setattr(SentBack, "test_clock", test_clock, raising=False)
    # A sweep lets ten minutes go by until the last request.
    monkeypatch.setenv("CHECKOUT_SECONDS", "3600")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize("fault", THAT_CUT, ids=lambda fault: fault.name)
@pytest.mark.parametrize("operation", [Begun, Told, AskedFor, SentBack])
def test_it_happens_once(operation: type[Swept], fault: Fault, test_clock: TestClock) -> None:
    assert sweep(operation, fault, test_clock)
