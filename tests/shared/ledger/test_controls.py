"""Tests of the tests: with a condition taken out of the ledger, or a record spoilt, they fail."""

from collections.abc import Callable

import pytest

from shared.ledger import reverse, settle
from shared.ledger.errors import InsufficientFunds
from shared.ledger.records import Account, Entry, Transfer
from shared.money import Money
from tests.clock import TestClock
from tests.conftest import empty_tables, ledger_items
from tests.controls import spoil, without_funds, without_idempotency
from tests.faults import Fault, sweep
from tests.ledger_accounts import ANN, BOB, account, balances, debit, move, reserve, to
from tests.shared.ledger.test_faults import Hold, Post
from tests.shared.ledger.test_model import test_ledger_agrees_with_a_plain_model_of_it as run_model
from tests.soundness import Unsound, check_sound

pytestmark = pytest.mark.usefixtures("world", "test_clock")


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST])
@pytest.mark.parametrize("verb", [Post, Hold])
def test_sweep_notices_a_missing_idempotency_condition(
    verb: type[Post | Hold], fault: Fault, test_clock: TestClock
) -> None:
    # A second hold of all there is, taken for a new one, is short of funds.
    with without_idempotency(), pytest.raises((AssertionError, InsufficientFunds)):
        sweep(verb, fault, test_clock)


def test_model_notices_a_missing_idempotency_condition() -> None:
    with without_idempotency(), pytest.raises(AssertionError):
        run_model()


def test_model_notices_a_missing_funds_condition() -> None:
    with without_funds(), pytest.raises(AssertionError):
        run_model()


@pytest.mark.usefixtures("two_people")
def test_check_notices_an_overdraft() -> None:
    with without_funds():
        move("t_1", 1_001, debit=debit(ANN), credit=to(BOB))

    assert balances(ANN) == (-1, 0)
    with pytest.raises(Unsound, match="available is -1"):
        check_sound(ledger_items())
    empty_tables()


@pytest.mark.usefixtures("two_people")
@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", available=351), "all balances in CNY"),
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", held=99), "its holds come to 1 more"),
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", entries=9), "chain of entries has a gap"),
        (spoil(Account, "ACCOUNT#u_ann", "ACCOUNT", transfer_used=-1), "used of a limit"),
        (spoil(Account, "ACCOUNT#u_bob", "ACCOUNT"), "entries without an account|come to"),
        (spoil(Entry, "ACCOUNT#u_bob", "ENTRY"), "chain of entries has a gap"),
        (spoil(Entry, "ACCOUNT#u_bob", "ENTRY", amount=1), "its entries do not show"),
        (spoil(Entry, "ACCOUNT#u_bob", "ENTRY", balance_after=1), "says 1, not"),
        (spoil(Entry, "ACCOUNT#u_bob", "ENTRY", transfer_id="t_no"), "none of its transfers"),
        (spoil(Transfer, "TRANSFER#t_posted", "TRANSFER"), "none of its transfers"),
        (spoil(Transfer, "TRANSFER#t_posted", "TRANSFER", reversed_amount=0), "went back of"),
        (spoil(Transfer, "TRANSFER#t_posted", "TRANSFER", amount=9), "more than its balance"),
        (spoil(Transfer, "TRANSFER#t_held", "TRANSFER", status="settled"), "its holds come to"),
        (spoil(Transfer, "TRANSFER#t_settled", "TRANSFER", status="held"), "its holds come to"),
    ],
)
def test_check_notices_a_spoilt_record(spoilt: Callable[[], None], told: str) -> None:
    move("t_posted", 300, debit=debit(ANN), credit=to(BOB))
    reserve("t_settled", 300)
    settle("t_settled", amount=200)
    reserve("t_held", 100)
    reverse(
        "t_posted", amount=Money(amount=5), idempotency_key="a", debit=debit(BOB), credit=to(ANN)
    )
    assert account(ANN).available == 405
    check_sound(ledger_items())

    spoilt()

    with pytest.raises(Unsound, match=told):
        check_sound(ledger_items())
    empty_tables()
