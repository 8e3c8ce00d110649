"""Every test of support has an empty world and a clock that stands still."""

import pytest

from tests.clock import TestClock


@pytest.fixture(autouse=True)
def ground(cloud: None, test_clock: TestClock) -> None:
    """Nothing but the two."""
