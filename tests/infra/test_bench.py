"""What requests ask of AWS: counts, which no load of the machine can change."""

import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from infra.bench.reconciliation import measured
from infra.bench.requests import Moved, Seed, measured_move, measured_statement
from infra.bench.stub import Stub, running_stub
from infra.package import PROJECT
from tests.conftest import forget_clients

CASES = ("phone", "user_id", "longest")


@pytest.fixture(scope="module")
def world() -> Seed:
    """As `make bench` has it: from a process of its own, where no test has set anything."""
    command = [sys.executable, "-m", "infra.bench.seed"]
    done = subprocess.run(command, cwd=PROJECT, env={}, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Seed)


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running_stub() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        forget_clients()
        yield Stub(url)
    forget_clients()


@pytest.fixture(params=CASES)
def transfer(request: pytest.FixtureRequest, world: Seed, stub: Stub) -> Moved:
    return measured_move(world, world.transfers[request.param], stub)


def test_a_transfer_takes_two_round_trips(transfer: Moved) -> None:
    assert transfer.first.operations == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_a_transfer_takes_ten_write_units(transfer: Moved) -> None:
    assert transfer.write_units == 10


def test_a_replay_takes_no_more_calls_and_writes_nothing(transfer: Moved) -> None:
    assert transfer.replay.operations == {"BatchGetItem": 1}


def test_a_payment_takes_two_round_trips_and_sixteen_write_units(world: Seed, stub: Stub) -> None:
    payment = measured_move(world, world.payment, stub)
    assert payment.first.operations == {"BatchGetItem": 1, "TransactWriteItems": 1}
    assert payment.replay.operations == {"BatchGetItem": 1}
    assert payment.write_units == 16


def test_a_charge_takes_four_round_trips_and_twenty_write_units(world: Seed, stub: Stub) -> None:
    """Two of them for the code and its payer; the signature has a write of its own."""
    charge = measured_move(world, world.charge, stub)
    assert charge.first.operations == {"BatchGetItem": 2, "TransactWriteItems": 2}
    assert charge.replay.operations == {"BatchGetItem": 1, "TransactWriteItems": 1}
    assert charge.write_units == 20


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
