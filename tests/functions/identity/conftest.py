"""One world for a module, emptied for each test: building it takes longer than most tests."""

from collections.abc import Iterator

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from tests.clock import TestClock
from tests.conftest import empty_tables, fresh_aws


@pytest.fixture(scope="module")
def world() -> Iterator[None]:
    with fresh_aws():
        yield


@pytest.fixture(autouse=True)
def cloud(world: None, test_clock: TestClock) -> None:  # on this ground
    empty_tables()
    sns_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sms_messages.clear()
    ses_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-1"].sent_messages.clear()
