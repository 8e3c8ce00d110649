from collections.abc import Iterator

import pytest

from shared import clock
from shared.ledger import FromUser, Movement, ToUser, post, settle
from shared.ledger.records import Entry
from shared.ledger.statement import Wanted, page
from shared.money import Money
from shared.table import Write, put, write
from tests.clock import TestClock
from tests.conftest import empty_tables
from tests.faults import watched
from tests.ledger_accounts import ANN, BOB, account, debit, move, reserve, to

pytestmark = pytest.mark.usefixtures("two_people")


def everything(**filters: int | Wanted) -> Iterator[list[Entry]]:
    """Ann's whole statement, page by page."""
    after = None
    while True:
        found = page(ANN, limit=3, after=after, **filters)  # type: ignore[arg-type]  # passed on
        yield found.entries
        if (after := found.last_key) is None:
            return


def ids(entries: list[Entry]) -> list[str]:
    return [entry.transfer_id for entry in entries]


def test_newest_comes_first_with_the_balance_after_it(test_clock: TestClock) -> None:
    for number in range(1, 4):
        test_clock.move(seconds=1)
        move(f"t_{number}", 100 * number, debit=debit(ANN), credit=to(BOB))

    entries = page(ANN, limit=10).entries

    assert ids(entries) == ["t_3", "t_2", "t_1", "t_fund_u_ann"]
    assert [entry.balance_after for entry in entries] == [400, 700, 900, 1_000]
    assert [entry.direction for entry in entries] == ["out", "out", "out", "in"]


def test_entries_of_one_millisecond_keep_their_order() -> None:
    for number in range(12):
        move(f"t_{number}", 10, debit=debit(ANN), credit=to(BOB))

    balances = [entry.balance_after for entry in page(ANN, limit=20).entries]

    assert balances == list(range(880, 1_001, 10))


def test_balance_after_counts_what_is_held() -> None:
    reserve("t_held", 600)
    move("t_1", 100, debit=debit(ANN), credit=to(BOB))
    settle("t_held", amount=200)

    assert [entry.balance_after for entry in page(ANN, limit=10).entries] == [700, 900, 1_000]


@pytest.mark.parametrize("count", [2, 3, 5, 6])
def test_pages_show_every_entry_once(count: int) -> None:
    for number in range(count - 1):
        move(f"t_{number}", 1, debit=debit(ANN), credit=to(BOB))

    pages = list(everything())

    assert [entry.sequence for one in pages for entry in one] == list(range(count, 0, -1))
    assert all(pages), "no page is empty"


def test_page_goes_on_where_it_ended_though_new_entries_come() -> None:
    for number in range(5):
        move(f"t_{number}", 1, debit=debit(ANN), credit=to(BOB))
    first = page(ANN, limit=3)
    move("t_new", 1, debit=debit(ANN), credit=to(BOB))

    second = page(ANN, limit=3, after=first.last_key)

    assert ids(first.entries) == ["t_4", "t_3", "t_2"]
    assert ids(second.entries) == ["t_1", "t_0", "t_fund_u_ann"]
    assert second.last_key is None


def test_times_are_from_inclusive_to_exclusive(test_clock: TestClock) -> None:
    start = clock.milliseconds()
    for number in range(1, 5):
        test_clock.move(seconds=1)
        move(f"t_{number}", 1, debit=debit(ANN), credit=to(BOB))

    found = page(ANN, limit=10, from_ms=start + 2_000, to_ms=start + 4_000).entries

    assert ids(found) == ["t_3", "t_2"]
    assert ids(page(ANN, limit=10, to_ms=start + 1_000).entries) == ["t_fund_u_ann"]
    assert not page(ANN, limit=10, from_ms=start + 2_000, to_ms=start + 2_000).entries
    assert not page(ANN, limit=10, from_ms=start + 4_000, to_ms=start).entries


def test_kind_is_filtered_across_pages() -> None:
    for number in range(12):
        kind = "payment" if number % 3 == 0 else "transfer"
        movement = Movement(transfer_id=f"t_{number}", kind=kind, amount=Money(amount=1))
        post(movement, debit=FromUser(account(ANN)), credit=ToUser(account(BOB)))

    pages = list(everything(wanted=Wanted(kind="payment")))

    assert ids([entry for one in pages for entry in one]) == ["t_9", "t_6", "t_3", "t_0"]
    assert not page(ANN, limit=3, wanted=Wanted(kind="refund")).entries


def test_filtered_pages_hold_with_times(test_clock: TestClock) -> None:
    start = clock.milliseconds()
    for number in range(6):
        test_clock.move(seconds=1)
        move(f"t_{number}", 1, debit=debit(ANN), credit=to(BOB))

    pages = list(
        everything(wanted=Wanted(kind="transfer"), from_ms=start + 2_000, to_ms=start + 6_000)
    )

    assert ids([entry for one in pages for entry in one]) == ["t_4", "t_3", "t_2", "t_1"]


def test_statement_of_nobody_is_empty() -> None:
    assert page("u_nobody", limit=3) == ([], None)


@pytest.fixture
def eighty_entries(two_people: None) -> Iterator[None]:
    """Of an account that is nowhere else, so they must be gone before the books are checked."""
    write(*(_entry(number) for number in range(1, 81)))
    yield
    empty_tables()


def _entry(number: int) -> Write:
    return put(
        Entry(
            "ACCOUNT#u_old",
            f"ENTRY#{number:013d}#{number:010d}",
            sequence=number,
            kind="transfer",
            direction="in",
            amount=1,
            currency="CNY",
            balance_after=number,
            created_at="2026-01-01T00:00:00.000Z",
            transfer_id=f"t_{number}",
        )
    )


@pytest.mark.usefixtures("eighty_entries")
def test_reading_for_a_rare_kind_is_bounded_and_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.ledger.statement._FILTERED_READ_SIZE", 10)

    with watched() as calls:
        found = page("u_old", limit=5, wanted=Wanted(kind="refund"))
    on = page("u_old", limit=5, wanted=Wanted(kind="refund"), after=found.last_key)

    assert found.entries == []
    assert found.last_key is not None
    assert len(calls) == 5
    assert on == ([], None)


@pytest.mark.usefixtures("eighty_entries")
def test_page_costs_one_read_of_its_own_size() -> None:
    with watched() as calls:
        page("u_old", limit=20)

    assert [(call.operation, call.request["Limit"]) for call in calls] == [("Query", 21)]
    assert calls[0].request["ConsistentRead"]


def test_times_far_away_are_times_too() -> None:
    year_2290, before_1970 = 10_098_691_200_000, -1

    assert ids(page(ANN, limit=3, to_ms=year_2290).entries) == ["t_fund_u_ann"]
    assert ids(page(ANN, limit=3, from_ms=before_1970).entries) == ["t_fund_u_ann"]
    assert not page(ANN, limit=3, from_ms=year_2290).entries
    assert not page(ANN, limit=3, to_ms=before_1970).entries
