from collections.abc import Iterator

import pytest

from tests.clock import TestClock
from tests.conftest import empty_tables, ledger_items
from tests.ledger_accounts import ANN, BOB, fund, open_users
from tests.soundness import check_sound


@pytest.fixture
def two_people(world: None, test_clock: TestClock) -> Iterator[None]:
    """Ann has 1,000, Bob nothing; and whatever a test does, the ledger ends sound."""
    empty_tables()
    open_users(ANN, BOB)
    fund(ANN, 1_000)
    yield
    check_sound(ledger_items())
