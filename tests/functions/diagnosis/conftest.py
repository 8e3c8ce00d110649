"""Every test of diagnosis has a shop beside its people."""

import pytest

from tests.people import Person, fund
from tests.shops import Shop, open_shop


@pytest.fixture
def shop(cloud: None) -> Shop:
    return open_shop()


@pytest.fixture
def payer(ana: Person) -> Person:
    """Ana with ¥100.00."""
    fund(ana.user_id, 10_000)
    return ana
