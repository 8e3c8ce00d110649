"""What requests cost: calls, write units, CPU and time, from API Gateway's event to the answer.

`python -m infra.bench.requests` measures in a process that imports the app from the packaged build.
The app logs and counts there as in production, to an output that nobody reads.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import msgspec

from infra.bench.stub import Calls, Item, Secrets, Stub, Tables

Event = dict[str, Any]

LONG_STATEMENT, SHORT_STATEMENT = 100_000, 100
_REQUESTS_PER_ROUND = 40
_WRITE_UNIT_BYTES = 1024
_CONTEXT = SimpleNamespace(
    aws_request_id="11111111-2222-3333-4444-555555555555",
    function_name="u-wallet",
    function_version="$LATEST",
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:000000000000:function:u-wallet",
    memory_limit_in_mb=1024,
)


class Case(msgspec.Struct, kw_only=True):
    """A request that moves money, and what the tables hold once it has been answered.

    again: the same one sent again, where that is signed anew.
    """

    event: Event
    after: Tables
    again: Event | None = None


class Seed(msgspec.Struct, kw_only=True):
    """The world of a payer, a payee and a shop, and what they ask for.

    pages: a page of the statement, asked for by the payer and by the payee.
    """

    environment: dict[str, str]
    secrets: Secrets
    before: Tables
    transfers: dict[str, Case]
    payment: Case
    charge: Case
    pages: tuple[Event, Event]


class Moved(msgspec.Struct, kw_only=True):
    """What moving money asks of AWS the first time and as a replay, and what it writes."""

    first: Calls
    replay: Calls
    write_units: int
    largest_item_bytes: int


class TransferCpu(msgspec.Struct, kw_only=True):
    """Medians in microseconds of CPU; `ratio` is the median of the rounds' ratios."""

    request_us: float
    bare_write_us: float
    ratio: float


class Statement(msgspec.Struct, kw_only=True):
    """Medians in microseconds of time, and what the pages asked of AWS."""

    long_us: float
    short_us: float
    ratio: float
    long_page: Calls
    short_page: Calls


class Requests(msgspec.Struct, kw_only=True):
    transfers: dict[str, Moved]
    payment: Moved
    charge: Moved
    cpu: TransferCpu
    statement: Statement


def measured_move(seed: Seed, case: Case, stub: Stub) -> Moved:
    """Moves money anew and again, each as the tables are then."""
    stub.hold(seed.before, seed.secrets)
    _ask(case.event, status=201)  # The first request of a container fetches its keys.
    stub.calls()
    _ask(case.event, status=201)
    writes = stub.writes()
    first = stub.calls()
    stub.hold(case.after, seed.secrets)
    replayed = _ask(case.again or case.event, status=201)
    if replayed["headers"].get("Idempotency-Replayed") != "true":
        raise RuntimeError("the replay was not recognised")
    sizes = [_size_bytes(item) for write in writes for item in _written(write, case.after)]
    return Moved(
        first=first,
        replay=stub.calls(),
        # A transaction takes two units for each started unit of each item.
        write_units=sum(2 * -(-size // _WRITE_UNIT_BYTES) for size in sizes),
        largest_item_bytes=max(sizes),
    )


def measured_cpu(seed: Seed, stub: Stub, *, rounds: int) -> TransferCpu:
    """CPU of whole transfer requests and of a boto3 client that writes the same items."""
    import boto3

    stub.hold(seed.before, seed.secrets)
    asked = seed.transfers["phone"].event
    events = [_with_key(asked, f"key-{number}") for number in range(_REQUESTS_PER_ROUND)]
    _ask(asked, status=201)
    written = stub.writes()[-1]
    bare = boto3.client("dynamodb")
    bare.transact_write_items(**written)
    pairs = []
    for _ in range(rounds):
        request_us = _cpu_us(lambda number: _ask(events[number], status=201))
        bare_write_us = _cpu_us(lambda _: bare.transact_write_items(**written))
        pairs.append((request_us, bare_write_us))
    return TransferCpu(
        request_us=median(request_us for request_us, _ in pairs),
        bare_write_us=median(bare_write_us for _, bare_write_us in pairs),
        ratio=median(request_us / bare_write_us for request_us, bare_write_us in pairs),
    )


def measured_statement(seed: Seed, stub: Stub, *, rounds: int) -> Statement:
    """Pages of two statements, one of which is a thousand times as long."""
    stub.hold(_with_entries(seed), seed.secrets)
    asked = []
    for event in seed.pages:
        stub.calls()
        _ask(event, status=200)
        asked.append(stub.calls())
    pairs = [[_time_us(event) for event in seed.pages] for _ in range(rounds)]
    long_us, short_us = map(median, zip(*pairs, strict=True))
    return Statement(
        long_us=long_us,
        short_us=short_us,
        ratio=long_us / short_us,
        long_page=asked[0],
        short_page=asked[1],
    )


def _ask(event: Event, *, status: int) -> dict[str, Any]:
    from app import app  # From where this process says, and after its environment is set.

    answer: dict[str, Any] = app(event, _CONTEXT)
    if answer["statusCode"] != status:
        raise RuntimeError(answer["body"])
    return answer


def _with_key(event: Event, key: str) -> Event:
    return {**event, "headers": {**event["headers"], "Idempotency-Key": key}}


def _cpu_us(call: Callable[[int], Any]) -> float:
    begin = time.process_time()
    for number in range(_REQUESTS_PER_ROUND):
        call(number)
    return (time.process_time() - begin) / _REQUESTS_PER_ROUND * 1e6


def _time_us(event: Event) -> float:
    begin = time.perf_counter()
    _ask(event, status=200)
    return (time.perf_counter() - begin) * 1e6


def _written(write: dict[str, Any], after: Tables) -> list[Item]:
    """The items of a transaction as they are once it is done."""
    standing = {
        (table, item["pk"]["S"], item["sk"]["S"]): item
        for table, items in after.items()
        for item in items
    }
    written = []
    for part in write["TransactItems"]:
        (request,) = part.values()
        key = request.get("Key") or request["Item"]
        address = (request["TableName"], key["pk"]["S"], key["sk"]["S"])
        written.append(request.get("Item") or standing[address])
    return written


def _size_bytes(item: Item) -> int:
    """What DynamoDB counts: names and values in UTF-8, numbers at two digits a byte."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: dict[str, str]) -> int:
    match value:
        case {"S": text}:
            return len(text.encode())
        case {"N": number}:
            digits = number.removeprefix("-").strip("0")
            return (len(digits) + 1) // 2 + 1 + number.startswith("-")
    raise NotImplementedError(value)


def _with_entries(seed: Seed) -> Tables:
    """The same world after years: a long statement for the payer, a short one for the payee."""
    from shared.ledger.records import OUT, Entry, entry_sort_key

    table = Entry.Meta.table_name
    entries = [item for item in seed.before[table] if item["sk"]["S"].startswith("ENTRY#")]
    held = [item for item in seed.before[table] if item not in entries]
    for item in {item["pk"]["S"]: item for item in entries}.values():
        count = LONG_STATEMENT if item["direction"]["S"] == OUT else SHORT_STATEMENT
        for sequence in range(1, count + 1):
            sort_key = entry_sort_key(sequence * 60_000, sequence)
            held.append({**item, "sk": {"S": sort_key}, "sequence": {"N": str(sequence)}})
    return {**seed.before, table: held}


def main() -> None:
    """Reads a seed, gives what was measured. Arguments: URL of the stub, number of rounds."""
    url, rounds = sys.argv[1], int(sys.argv[2])
    seed = msgspec.json.decode(sys.stdin.buffer.read(), type=Seed)
    os.environ.update(seed.environment, AWS_ENDPOINT_URL=url)
    stub = Stub(url)
    with Path(os.devnull).open("w") as unread, redirect_stdout(unread):
        measured = Requests(
            transfers={
                name: measured_move(seed, case, stub) for name, case in seed.transfers.items()
            },
            payment=measured_move(seed, seed.payment, stub),
            charge=measured_move(seed, seed.charge, stub),
            cpu=measured_cpu(seed, stub, rounds=rounds),
            statement=measured_statement(seed, stub, rounds=40 * rounds),
        )
    sys.stdout.buffer.write(msgspec.json.encode(measured))


if __name__ == "__main__":
    main()
