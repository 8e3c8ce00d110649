from collections.abc import Callable
from typing import Any

import pytest

from shared import clock
from shared.errors import IdempotencyKeyReused, NotFound, Problem
from shared.ledger import FromUser, ToMerchant, ToSystem, expire, hold, release, settle
from shared.ledger.accounts import FEES, set_status
from shared.ledger.errors import AccountFrozen, CreditRefused, HoldEnded, InsufficientFunds
from shared.ledger.holding import due_holds
from shared.ledger.records import CLOSED, FROZEN, Transfer
from shared.ledger.sides import Side
from tests.clock import TestClock
from tests.ledger_accounts import (
    ANN,
    BOB,
    SHOP,
    account,
    balances,
    debit,
    move,
    open_shop,
    reserve,
    shards,
    to,
    transfer,
    wish,
)

pytestmark = pytest.mark.usefixtures("two_people")

HOUR = 3_600


def test_hold_takes_from_available_and_leaves_the_balance() -> None:
    posting = reserve("t_1", 300)

    assert posting.transfer.status == "held"
    assert balances(ANN) == (700, 300)
    assert account(ANN).entries == 1, "only what moves is on a statement"


def test_hold_beyond_available_is_refused() -> None:
    reserve("t_1", 600)

    with pytest.raises(InsufficientFunds):
        reserve("t_2", 401)

    assert balances(ANN) == (400, 600)


def test_replay_of_a_hold_holds_nothing_more() -> None:
    reserve("t_1", 300)

    assert reserve("t_1", 300).replayed
    with pytest.raises(IdempotencyKeyReused):
        hold(wish("t_1", 1, fingerprint="x"), debit=debit(ANN), credit=to(BOB), expires_at=1)
    assert balances(ANN) == (700, 300)


def test_replay_of_a_hold_that_has_ended_holds_nothing() -> None:
    reserve("t_1", 300)
    settle("t_1")
    reserve("t_2", 300)
    release("t_2", why="cancelled")

    assert reserve("t_1", 300).replayed
    assert reserve("t_2", 300).replayed
    assert balances(ANN) == (700, 0)


def test_settle_moves_what_was_held() -> None:
    reserve("t_1", 300)

    settled = settle("t_1")

    assert (settled.status, settled.settled_amount) == ("settled", 300)
    assert (balances(ANN), balances(BOB)) == ((700, 0), (300, 0))


def test_partial_settle_gives_the_rest_back() -> None:
    reserve("t_1", 1_000)

    settle("t_1", amount=1)

    assert (balances(ANN), balances(BOB)) == ((999, 0), (1, 0))


@pytest.mark.parametrize("amount", [0, -1, 301])
def test_settle_for_more_than_held_or_nothing_is_an_error(amount: int) -> None:
    reserve("t_1", 300)

    with pytest.raises(ValueError, match="settled for more than nothing"):
        settle("t_1", amount=amount)

    assert balances(ANN) == (700, 300)


def test_second_settle_changes_nothing() -> None:
    reserve("t_1", 300)
    first = settle("t_1", amount=200)

    again = settle("t_1", amount=200)

    assert again.raw() == transfer("t_1").raw()
    assert again.ended_at == first.ended_at
    assert (balances(ANN), balances(BOB)) == ((800, 0), (200, 0))


def test_settle_for_another_amount_is_refused() -> None:
    reserve("t_1", 300)
    settle("t_1", amount=200)

    for amount in (None, 199):
        with pytest.raises(HoldEnded):
            settle("t_1", amount=amount)

    assert balances(BOB) == (200, 0)


def test_release_gives_back_and_says_why() -> None:
    reserve("t_1", 300)

    released = release("t_1", why="cancelled")

    assert (released.status, released.ended_why) == ("released", "cancelled")
    assert transfer("t_1").ended_why == "cancelled"
    assert balances(ANN) == (1_000, 0)


def test_second_release_changes_nothing_and_tells_the_first_reason() -> None:
    reserve("t_1", 300)
    reserve("t_2", 300)
    release("t_1", why="cancelled")

    assert release("t_1", why="expired").ended_why == "cancelled"
    assert balances(ANN) == (700, 300)


def test_hold_ends_one_way_only() -> None:
    reserve("t_settled", 300)
    reserve("t_released", 300)
    settle("t_settled")
    release("t_released", why="cancelled")

    with pytest.raises(HoldEnded) as refused:
        release("t_settled", why="cancelled")
    with pytest.raises(HoldEnded):
        settle("t_released")

    assert refused.value.values == {"ended": "settled"}
    assert (balances(ANN), balances(BOB)) == ((700, 0), (300, 0))


@pytest.mark.parametrize("ending", [settle, expire, lambda held: release(held, why="cancelled")])
def test_what_is_no_hold_cannot_be_ended(ending: Callable[[str], Any]) -> None:
    move("t_posted", 300, debit=debit(ANN), credit=to(BOB))

    for transfer_id in ("t_posted", "t_unknown"):
        with pytest.raises(NotFound):
            ending(transfer_id)

    assert balances(ANN) == (700, 0)


def test_hold_expires_when_its_time_is_over_and_not_before(test_clock: TestClock) -> None:
    reserve("t_1", 300, expires_at=clock.seconds() + HOUR)

    test_clock.move(seconds=HOUR - 1)
    with pytest.raises(HoldEnded):
        expire("t_1")
    assert balances(ANN) == (700, 300)

    test_clock.move(seconds=1)
    assert expire("t_1").ended_why == "expired"
    assert balances(ANN) == (1_000, 0)


def test_sweeper_sees_what_is_due_and_only_until_it_ends(test_clock: TestClock) -> None:
    for number, hours in enumerate((3, 1, 2)):
        reserve(f"t_{number}", 100, expires_at=clock.seconds() + hours * HOUR)

    test_clock.move(hours=2)
    due = {held.transfer_id for held in due_holds()}
    expire("t_1")
    settle("t_2")

    assert due == {"t_1", "t_2"}
    assert not list(due_holds())
    test_clock.move(hours=1)
    assert [held.transfer_id for held in due_holds()] == ["t_0"]


def test_hold_waits_for_what_it_was_made_for(test_clock: TestClock) -> None:
    now = clock.seconds()
    hold(
        wish("t_1", 300),
        debit=debit(ANN),
        credit=to(BOB),
        expires_at=now + 9 * HOUR,
        due="arrive",
        due_at=now + HOUR,
    )
    test_clock.move(hours=1)

    assert [held.transfer_id for held in due_holds("arrive")] == ["t_1"]
    assert not list(due_holds())


def test_frozen_owner_neither_holds_nor_pays_but_gets_back() -> None:
    reserve("t_1", 300)
    set_status(ANN, FROZEN)

    with pytest.raises(AccountFrozen):
        settle("t_1")
    with pytest.raises(AccountFrozen):
        reserve("t_2", 300)
    release("t_1", why="ACCOUNT_FROZEN")

    assert (balances(ANN), balances(BOB)) == ((1_000, 0), (0, 0))


def test_payee_that_has_closed_gets_nothing() -> None:
    reserve("t_1", 300)
    set_status(BOB, CLOSED)

    with pytest.raises(CreditRefused):
        settle("t_1")

    assert balances(ANN) == (700, 300)


@pytest.mark.parametrize("credit", [ToMerchant(SHOP), ToSystem(FEES)])
def test_hold_for_another_than_a_user_settles_there(credit: Side) -> None:
    open_shop(SHOP, parts=[])
    far_away = 4_000_000_000
    hold(wish("t_1", 300), debit=debit(ANN), credit=credit, expires_at=far_away)

    settle("t_1", credit=credit, amount=100)
    assert settle("t_1", credit=credit, amount=100).settled_amount == 100

    assert sum(shards(credit.account_id)) == 100
    assert balances(ANN) == (900, 0)


def test_hold_made_on_an_account_read_long_ago_counts_what_is_there() -> None:
    payer = account(ANN)
    move("t_1", 900, debit=debit(ANN), credit=to(BOB))

    with pytest.raises(InsufficientFunds):
        hold(wish("t_2", 101), debit=FromUser(payer), credit=to(BOB), expires_at=0)
    hold(wish("t_3", 100), debit=FromUser(payer), credit=to(BOB), expires_at=0)

    assert balances(ANN) == (0, 100)


@pytest.mark.parametrize(
    ("ends", "then"),
    [
        (settle, lambda held: release(held, why="cancelled")),
        (lambda held: release(held, why="cancelled"), settle),
        (expire, settle),
    ],
)
def test_whoever_read_the_hold_before_it_ended_is_refused(
    ends: Callable[[str], Transfer],
    then: Callable[[str], Transfer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both have read it as held; the conditions of the write tell them apart."""
    reserve("t_1", 300, expires_at=0)
    as_held = transfer("t_1")
    ends("t_1")
    after = balances(ANN), balances(BOB)
    monkeypatch.setattr("shared.ledger.holding.find", lambda _: as_held)

    with pytest.raises(Problem) as refused:
        then("t_1")

    assert isinstance(refused.value, HoldEnded)
    assert (balances(ANN), balances(BOB)) == after
