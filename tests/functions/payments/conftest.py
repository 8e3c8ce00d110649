"""Every test of payments has an empty world, a clock that stands still, a shop and a payer."""

import pytest

from tests.clock import TestClock
from tests.people import Person, register
from tests.shops import Shop, open_shop


@pytest.fixture(autouse=True)
def ground(cloud: None, test_clock: TestClock) -> None:
    """Nothing but the two."""


@pytest.fixture
def shop() -> Shop:
    return open_shop()


@pytest.fixture
def ana() -> Person:
    return register("+8613800000001", funds=10_000)


@pytest.fixture
def bo() -> Person:
    return register("+8613800000002", funds=10_000)
