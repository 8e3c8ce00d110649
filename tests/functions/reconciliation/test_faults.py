"""A run that is cut at any of its calls and made again gives the same report, and proposes once."""

import time
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from functions.agents.records import ApprovalLine, approval_lines
from functions.reconciliation.records import DONE, Reconciliation, reconciliation_key
from functions.reconciliation.report import report_key, summary_key
from shared import secrets
from shared.bank import get_bank
from shared.errors import ServiceUnavailable
from shared.table import read
from tests.clock import TestClock
from tests.faults import CUTS, Fault, Swept, sweep
from tests.functions.reconciliation.moving import (
    AMOUNT,
    book_charge,
    book_payout,
    charge_at_bank,
    compared,
    found,
    next_day,
    run,
    stored,
)
from tests.ledger_accounts import ANN, fund, open_users
from tests.sandbox.running import RunningBank


class SecondDay(Swept):
    """On which the differences that the day before has left are looked into."""

    bank: RunningBank
    clock: TestClock

    def prepare(self) -> None:
        self.clock.seconds = float(int(time.time()))
        open_users(ANN)
        fund(ANN, 10_000)
        book_charge("tu_never")
        book_payout("w_never")
        book_charge("tu_more", amount=AMOUNT - 1)
        charge_at_bank(self.bank, reference="tu_more")
        charge_at_bank(self.bank, reference="tu_lost")
        compared(self.clock)
        self.day = next_day(self.clock)
        # A container that has just started must fetch its keys, and can fail at that too.
        secrets.forget()
        get_bank.cache_clear()

    def act(self) -> Any:
        try:
            run()
        except (BotoCoreError, ClientError) as error:
            raise ServiceUnavailable from error
        key = reconciliation_key(self.day)
        record = read([key]).one(Reconciliation, key)
        if record is None or record.status != DONE:
            raise ServiceUnavailable
        return stored(report_key(self.day)), stored(summary_key(self.day))

    def check_done(self) -> None:
        assert {
            (what, reference, standing) for what, reference, *_, standing in found(self.day)
        } == {
            ("missing", "tu_never", "proposed"),
            ("missing", "w_never", "proposed"),
            ("changed", "tu_more", "proposed"),
            ("extra", "tu_lost", "proposed"),
        }
        assert len(list(ApprovalLine.query(approval_lines("proposed")))) == 4

    def run_sweepers(self) -> None:
        """Nothing is left behind."""


@pytest.fixture(autouse=True)
def _bank(
    cloud: None, bank: RunningBank, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SecondDay, "bank", bank, raising=False)
    monkeypatch.setattr(SecondDay, "clock", test_clock, raising=False)


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
def test_day_is_compared_once(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(SecondDay, fault, test_clock)
