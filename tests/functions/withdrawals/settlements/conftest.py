"""A shop that is settled to a card, in an empty world with a bank and a state machine."""

import pytest

from tests.clock import TestClock
from tests.functions.withdrawals.conftest import SLOW
from tests.functions.withdrawals.settlements.settling import new_shop
from tests.functions.withdrawals.step_functions import StepFunctions
from tests.sandbox.running import RunningBank
from tests.shops import Shop


@pytest.fixture
def shop(cloud: None, test_clock: TestClock, bank: RunningBank, machine: StepFunctions) -> Shop:
    """Its bank accepts a payout, and pays it later than a test has patience for."""
    return new_shop(bank, SLOW)
