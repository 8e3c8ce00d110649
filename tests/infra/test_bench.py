"""What requests ask of AWS: counts, which no load of the machine can change."""

from collections.abc import Iterator

import pytest

from infra.bench.reconciliation import measured
from infra.bench.requests import Seed, Transfer, measured_statement, measured_transfer
from infra.bench.seed import seed
from infra.bench.stub import Stub, running_stub
from tests.conftest import forget_clients

CASES = ("phone", "user_id", "longest")


@pytest.fixture(scope="module")
def world() -> Seed:
    return seed()


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running_stub() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        forget_clients()
        yield Stub(url)
    forget_clients()


@pytest.fixture(params=CASES)
def transfer(request: pytest.FixtureRequest, world: Seed, stub: Stub) -> Transfer:
    return measured_transfer(world, world.transfers[request.param], stub)


def test_a_transfer_takes_two_round_trips(transfer: Transfer) -> None:
    assert transfer.first.operations == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_a_transfer_takes_ten_write_units(transfer: Transfer) -> None:
    assert transfer.write_units == 10


def test_a_replay_takes_no_more_calls_and_writes_nothing(transfer: Transfer) -> None:
    assert transfer.replay.operations == {"BatchGetItem": 1}


def test_a_page_reads_the_same_from_a_statement_of_any_length(world: Seed, stub: Stub) -> None:
    statement = measured_statement(world, stub, rounds=1)
    assert statement.long_page.operations == {"BatchGetItem": 1, "Query": 1}
    assert statement.long_page.operations == statement.short_page.operations
    assert statement.long_page.items_queried == statement.short_page.items_queried == 21


def test_a_long_day_is_compared() -> None:
    cost = measured(10_000)
    assert cost.lines == 10_000
    # Three lines are only at the bank, and three transfers only in the books.
    assert cost.found == 6
