"""Somebody with money and a card to withdraw it to, and what carries withdrawals out."""

from collections.abc import Iterator

import pytest

from infra.state_picture import DEFINITION
from tests.clock import TestClock
from tests.functions.bank_cards import bind
from tests.functions.withdrawals.step_functions import StepFunctions, definition_of, served
from tests.people import Person, fund
from tests.sandbox.running import RunningBank

FUNDS = 10_000_000
SLOW = "6222021234500070002"


@pytest.fixture
def card_id(ana: Person, bank: RunningBank) -> str:
    fund(ana.user_id, FUNDS)
    return bind(ana, bank)


@pytest.fixture
def slow_card(card_id: str, ana: Person, bank: RunningBank) -> str:
    """One whose bank accepts a payout, and pays it later than a test has patience for."""
    return bind(ana, bank, SLOW)


@pytest.fixture
def machine(test_clock: TestClock) -> Iterator[StepFunctions]:
    """The state machine of withdrawals, which the wallet reaches from now on."""
    running = StepFunctions(definition_of(DEFINITION), test_clock)
    with served(running):
        yield running
