"""Somebody with money and a card to withdraw it to."""

import pytest

from tests.functions.bank_cards import bind
from tests.people import Person, fund
from tests.sandbox.running import RunningBank

FUNDS = 10_000_000


@pytest.fixture
def card_id(ana: Person, bank: RunningBank) -> str:
    fund(ana.user_id, FUNDS)
    return bind(ana, bank)
