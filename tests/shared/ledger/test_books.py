from collections.abc import Callable, Container, Iterator
from typing import Any

import pytest

from shared.ledger import FromMerchant, ToMerchant, reverse, settle
from shared.ledger.books import BooksReport, check_books
from shared.ledger.records import Account, Entry, Transfer
from shared.money import Money
from tests.conftest import empty_tables
from tests.controls import spoil
from tests.faults import Attempt, intercepted
from tests.ledger_accounts import ANN, BOB, SHOP, debit, move, open_shop, reserve, to

pytestmark = pytest.mark.usefixtures("busy_ledger")


@pytest.fixture
def busy_ledger(two_people: None) -> Iterator[None]:
    """With something of everything in it; spoilt by some of these tests, so emptied after each."""
    open_shop(SHOP, parts=[100, 100])
    move("t_posted", 300, debit=debit(ANN), credit=to(BOB))
    move("t_paid", 50, debit=debit(BOB), credit=ToMerchant(SHOP))
    move("t_refunded", 220, debit=FromMerchant(SHOP), credit=to(BOB))
    reserve("t_settled", 300)
    settle("t_settled", amount=200)
    reserve("t_held", 100)
    back = Money(amount=5)
    reverse("t_posted", amount=back, idempotency_key="a", debit=debit(BOB), credit=to(ANN))
    yield
    empty_tables()


def rules(report: BooksReport) -> set[tuple[str, str]]:
    return {(difference.where, difference.rule) for difference in report.differences}


def test_sound_books_are_sound_at_one_look() -> None:
    looks: list[Attempt] = []
    with intercepted(_looking(looks)):
        report = check_books()

    assert report.sound
    assert (report.holds, report.imbalance) == (1, {"CNY": 0})
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("spoilt", "where", "rule"),
    [
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", available=404), ANN, "sum of its entries"),
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", held=99), ANN, "sum of its holds"),
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", entries=9), ANN, "has a gap"),
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT"), ANN, "without an account"),
        (spoil(Entry, "ACCOUNT#u_bob", "ENTRY"), BOB, "has a gap"),
        (spoil(Entry, "ACCOUNT#u_bob", "ENTRY", amount=1), BOB, "sum of its entries"),
        (spoil(Transfer, "TRANSFER#t_held", "TRANSFER"), ANN, "sum of its holds"),
        (spoil(Transfer, "TRANSFER#t_held", "TRANSFER", debit="u_no"), "u_no", "without an acc"),
        (spoil(Transfer, "TRANSFER#t_settled", "TRANSFER", status="held"), ANN, "of its holds"),
    ],
)
def test_spoilt_record_is_found_where_it_is(
    spoilt: Callable[[], None], where: str, rule: str
) -> None:
    spoilt()

    report = check_books()

    assert not report.sound
    assert any(f"ACCOUNT#{where}" == at and rule in broken for at, broken in rules(report))


def test_money_that_moves_meanwhile_is_no_difference() -> None:
    """A scan that saw one account before and another after a transfer, as any may."""
    looks: list[Attempt] = []
    with intercepted(_looking(looks, torn=[1, 2])):
        report = check_books()

    assert report.sound
    assert len(looks) == 3


def test_difference_that_stands_is_found_though_money_moves_meanwhile() -> None:
    spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", available=404)()

    with intercepted(_looking([], torn=[1, 3])):
        report = check_books()

    assert report.imbalance == {"CNY": -1}
    assert rules(report) == {("ACCOUNT#u_ann", "balance is not the sum of its entries")}


def test_looking_ends_though_money_never_rests() -> None:
    looks: list[Attempt] = []
    with intercepted(_looking(looks, torn=range(1, 100))):
        report = check_books()

    assert report.sound
    assert len(looks) == 6


def _looking(looks: list[Attempt], *, torn: Container[int] = ()) -> Callable[[Attempt], Any]:
    """Counts the scans; those that are torn miss what Bob has got of late, each a bit more."""

    def answer(attempt: Attempt) -> Any:
        answered = attempt.make()
        if attempt.operation == "Scan":
            looks.append(attempt)
            if len(looks) in torn:
                _tear(answered, len(looks))
        return answered

    return answer


def _tear(answered: Any, amount: int) -> None:
    (_, parsed), _ = answered
    for item in parsed["Items"]:
        if item["pk"]["S"] == "ACCOUNT#u_bob" and item["sk"]["S"] == "ACCOUNT":
            item["available"]["N"] = str(int(item["available"]["N"]) - amount)
