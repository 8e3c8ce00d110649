import pytest

from shared.ledger.accounts import find_account, opening, opening_merchant, set_status
from shared.ledger.errors import AccountClosed
from shared.ledger.records import ACTIVE, CLOSED, FROZEN
from shared.table import Cancelled, write
from tests.ledger_accounts import (
    ANN,
    BOB,
    SHOP,
    account,
    balances,
    debit,
    move,
    reserve,
    shards,
    to,
)

pytestmark = pytest.mark.usefixtures("two_people")


def test_account_opens_empty_and_once() -> None:
    write(opening("u_cat", label="Cat"))

    with pytest.raises(Cancelled):
        write(opening("u_cat", label="Dog"))

    assert account("u_cat").label == "Cat"
    assert balances("u_cat") == (0, 0)


def test_merchant_opens_with_all_its_shards() -> None:
    write(*opening_merchant(SHOP, label="Shop"))

    assert shards(SHOP) == [0] * 8


def test_account_that_was_never_opened_is_not_there() -> None:
    assert find_account("u_nobody") is None
    with pytest.raises(AccountClosed):
        set_status("u_nobody", FROZEN)
    assert find_account("u_nobody") is None


def test_freezing_ends() -> None:
    set_status(ANN, FROZEN)
    set_status(ANN, ACTIVE)

    move("t_1", 1, debit=debit(ANN), credit=to(BOB))


def test_account_with_money_in_it_or_on_hold_cannot_be_closed() -> None:
    with pytest.raises(AccountClosed):
        set_status(ANN, CLOSED)
    reserve("t_1", 1_000)
    with pytest.raises(AccountClosed):
        set_status(ANN, CLOSED)

    assert account(ANN).status == ACTIVE


def test_closed_account_stays_closed() -> None:
    set_status(BOB, CLOSED)

    with pytest.raises(AccountClosed):
        set_status(BOB, ACTIVE)
