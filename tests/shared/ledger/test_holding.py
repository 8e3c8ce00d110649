from collections.abc import Callable
from typing import Any

import pytest

from shared import clock
from shared.errors import IdempotencyKeyReused, NotFound, Problem, Texts
from shared.ledger import (
    FromUser,
    Limit,
    ToMerchant,
    ToSystem,
    expire,
    fee_transfer_id,
    hold,
    release,
    settle,
)
from shared.ledger.accounts import BANK_SETTLEMENT, FEES, set_status
from shared.ledger.errors import AccountFrozen, CreditRefused, HoldEnded, InsufficientFunds
from shared.ledger.holding import due_holds
from shared.ledger.records import CLOSED, FROZEN, Account, Transfer
from shared.ledger.sides import Side, at
from shared.ledger.statement import page
from shared.table import Cancelled, Write, check
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
BANK = ToSystem(BANK_SETTLEMENT)


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


def reserve_for_the_bank(amount: int, **more: Any) -> Transfer:
    """Ann's money on its way out, by the transfer t_1, which nothing but its maker ends."""
    limit = Limit(name="withdrawal", period="2026-03-01", maximum=1_000, what=Texts("", ""))
    payer = FromUser(account(ANN), limit=limit, **more)
    movement = wish("t_1", amount)
    return hold(movement, debit=payer, credit=BANK, expires_at=None).transfer


def test_fee_goes_to_the_house_by_a_transfer_of_its_own_that_the_statement_shows() -> None:
    reserve_for_the_bank(510)

    settled = settle("t_1", credit=BANK, amount=500, fee=10)

    charged = transfer(fee_transfer_id("t_1"))
    assert (settled.settled_amount, settled.fee_amount) == (500, 10)
    assert (charged.kind, charged.status, charged.amount) == ("fee", "posted", 10)
    assert (sum(shards(BANK_SETTLEMENT)), sum(shards(FEES))) == (500, 10)
    assert balances(ANN) == (490, 0)
    shown = [
        (entry.kind, entry.amount, entry.balance_after) for entry in page(ANN, limit=2).entries
    ]
    assert shown == [("fee", 10, 490), ("transfer", 500, 500)]


def test_what_neither_amount_nor_fee_takes_of_a_hold_goes_back() -> None:
    reserve_for_the_bank(510)

    settle("t_1", credit=BANK, amount=300, fee=10)

    assert balances(ANN) == (690, 0)
    assert account(ANN).withdrawal_used == 310


def test_second_settle_with_another_fee_is_refused_and_with_the_same_changes_nothing() -> None:
    reserve_for_the_bank(510)
    settle("t_1", credit=BANK, fee=10)

    settle("t_1", credit=BANK, fee=10)
    for amount, fee in ((500, 0), (500, 9), (499, 10)):
        with pytest.raises(HoldEnded):
            settle("t_1", credit=BANK, amount=amount, fee=fee)

    assert (balances(ANN), sum(shards(FEES))) == ((490, 0), 10)


@pytest.mark.parametrize(("amount", "fee"), [(500, 11), (510, 1), (None, 510), (500, -1)])
def test_settle_for_an_amount_and_a_fee_beyond_the_hold_is_an_error(
    amount: int | None, fee: int
) -> None:
    reserve_for_the_bank(510)

    with pytest.raises(ValueError, match="settled for more than nothing"):
        settle("t_1", credit=BANK, amount=amount, fee=fee)

    assert balances(ANN) == (490, 510)


def test_only_what_is_said_to_count_uses_the_limit_and_comes_back_to_it() -> None:
    reserve_for_the_bank(510, counted=500)
    assert account(ANN).withdrawal_used == 500

    release("t_1", why="cancelled")

    assert (balances(ANN), account(ANN).withdrawal_used) == ((1_000, 0), 0)


def test_hold_without_an_expiry_never_ends_by_itself(test_clock: TestClock) -> None:
    reserve_for_the_bank(510)
    test_clock.move(hours=24 * 365)

    assert not list(due_holds())
    with pytest.raises(HoldEnded):
        expire("t_1")
    assert balances(ANN) == (490, 510)


def test_what_has_left_is_booked_though_its_owner_is_frozen_meanwhile() -> None:
    reserve_for_the_bank(510)
    set_status(ANN, FROZEN)

    settle("t_1", credit=BANK, fee=10, has_left=True)

    assert (balances(ANN), sum(shards(BANK_SETTLEMENT))) == ((490, 0), 500)


@pytest.mark.parametrize(
    "end",
    [
        lambda together: settle("t_1", credit=BANK, together_with=together),
        lambda together: release("t_1", why="cancelled", together_with=together),
    ],
)
def test_hold_ends_with_the_records_of_its_domain_or_not_at_all(
    end: Callable[[list[Write]], Transfer],
) -> None:
    reserve_for_the_bank(510)
    never = check(at(account(BOB)), Account.available > 0)

    with pytest.raises(Cancelled) as cancelled:
        end([never])
    assert cancelled.value.failed(never)
    assert (transfer("t_1").status, balances(ANN)) == ("held", (490, 510))

    end([check(at(account(BOB)), Account.available == 0)])
    assert transfer("t_1").status in ("settled", "released")
