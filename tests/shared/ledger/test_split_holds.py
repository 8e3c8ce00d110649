"""Holds on an account that is split into shards: each gives a part, all in one write."""

from typing import Any

import pytest

from shared.ledger import (
    FromMerchant,
    Posting,
    ToMerchant,
    ToSystem,
    hold,
    post,
    release,
    reverse,
    settle,
)
from shared.ledger.accounts import BANK_SETTLEMENT, FUND, merchant_status_change
from shared.ledger.books import check_books
from shared.ledger.errors import (
    AccountClosed,
    AccountFrozen,
    CreditRefused,
    HoldEnded,
    InsufficientFunds,
)
from shared.ledger.records import CLOSED, FROZEN, Account, account_key
from shared.ledger.sides import FromSystem
from shared.money import Money
from shared.settings import settings
from shared.table import change, read, write
from tests.conftest import ledger_items
from tests.faults import Attempt, intercepted
from tests.ledger_accounts import SHOP, id_in_shard, open_shop, shards, transfer, wish
from tests.soundness import check_sound

BANK = ToSystem(BANK_SETTLEMENT)
PARTS = [100, 0, 700, 0, 0, 0, 0, 50]


@pytest.fixture(autouse=True)
def shop(cloud: None) -> None:
    open_shop(SHOP, parts=PARTS)


def reserve(amount: int, *, keep: int = 0, name: str = "t_out") -> Posting:
    debit = FromMerchant(SHOP, label="Kafei", keep=keep)
    return hold(wish(name, amount), debit=debit, credit=BANK, expires_at=None)


def held() -> list[int]:
    keys = [account_key(SHOP, shard) for shard in range(settings().merchant_account_shards)]
    found = read(keys)
    return [int(one.held) for key in keys if (one := found.one(Account, key))]


def set_shard(shard: int, status: str) -> None:
    account = Account(*account_key(SHOP, shard)[1:])
    assert change(account, [Account.status.set(status)], Account.account_id.exists())


def meanwhile(happens: Any, operation: str = "TransactWriteItems") -> Any:
    """For `intercepted`: something comes between the read of the shards and the first write."""
    waiting = [happens]

    def answer(attempt: Attempt) -> Any:
        if waiting and attempt.operation == operation:
            waiting.pop()()
        return attempt.make()

    return intercepted(answer)


def take(amount: int, shard: int) -> None:
    """A refund that takes from one shard."""
    name = id_in_shard(shard, start="t_refund")
    post(wish(name, amount), debit=FromMerchant(SHOP), credit=ToSystem(FUND))


def test_it_takes_from_as_few_shards_as_it_needs() -> None:
    reserve(600)
    assert (shards(SHOP), held()) == ([100, 0, 100, 0, 0, 0, 0, 50], [0, 0, 600, 0, 0, 0, 0, 0])

    reserve(250, name="t_rest")
    assert (sum(shards(SHOP)), sum(held())) == (0, 850)
    assert transfer("t_rest").parts == {"0": 100, "2": 100, "7": 50}
    check_sound(ledger_items())
    assert check_books().sound


def test_settled_it_leaves_with_an_entry_of_each_shard() -> None:
    reserve(800)

    settled = settle("t_out", credit=BANK)
    again = settle("t_out", credit=BANK)

    assert (settled.status, again.status) == ("settled", "settled")
    assert (shards(SHOP), held()) == ([0, 0, 0, 0, 0, 0, 0, 50], [0] * 8)
    check_sound(ledger_items())
    assert check_books().sound
    with pytest.raises(HoldEnded):
        release("t_out", why="late")


def test_released_it_is_again_where_it_was() -> None:
    reserve(800)

    release("t_out", why="rejected")
    release("t_out", why="rejected")

    assert (shards(SHOP), held()) == (PARTS, [0] * 8)
    check_sound(ledger_items())


def test_it_is_settled_as_a_whole_and_to_somebody() -> None:
    reserve(800)

    for wrong in ({"credit": BANK, "amount": 700}, {"credit": BANK, "fee": 1}, {}):
        with pytest.raises(ValueError, match="as a whole"):
            settle("t_out", **wrong)  # type: ignore[arg-type]
    assert sum(held()) == 800


@pytest.mark.parametrize(("amount", "keep", "missing"), [(851, 0, 1), (800, 51, 1), (1, 850, 1)])
def test_more_than_there_is_beside_what_is_kept_is_refused(
    amount: int, keep: int, missing: int
) -> None:
    with pytest.raises(InsufficientFunds) as refused:
        reserve(amount, keep=keep)

    assert refused.value.values["missing"] == missing
    assert (shards(SHOP), sum(held())) == (PARTS, 0)
    assert reserve(850 - 50, keep=50).replayed is False


def test_a_replay_finds_its_hold_though_the_money_is_gone() -> None:
    reserve(850)

    assert reserve(850).replayed


@pytest.mark.parametrize("shard", [2, 7])
def test_a_refund_meanwhile_finds_its_money_and_the_hold_the_rest(shard: int) -> None:
    with meanwhile(lambda: take(1, shard)):
        reserve(600)

    assert (sum(shards(SHOP)), sum(held())) == (249, 600)
    check_sound(ledger_items())


def test_what_is_kept_is_a_condition_of_the_write_in_every_shard() -> None:
    """The refund takes from a shard of which the hold needs nothing."""
    with meanwhile(lambda: take(1, 7)), pytest.raises(InsufficientFunds) as refused:
        reserve(600, keep=250)

    assert refused.value.values["missing"] == 1
    assert sum(held()) == 0


def test_a_payment_meanwhile_holds_up_nothing() -> None:
    def pay() -> None:
        name = id_in_shard(2, start="t_pay")
        post(wish(name, 5), debit=FromSystem(FUND), credit=ToMerchant(SHOP))

    with meanwhile(pay):
        reserve(600, keep=250)

    assert (sum(shards(SHOP)), sum(held())) == (255, 600)
    check_sound(ledger_items())


@pytest.mark.parametrize(("status", "problem"), [(FROZEN, AccountFrozen), (CLOSED, AccountClosed)])
def test_a_frozen_or_closed_account_gives_nothing(status: str, problem: type[Exception]) -> None:
    set_shard(2, status)

    with pytest.raises(problem):
        reserve(600)
    with pytest.raises(AccountClosed):
        hold(wish("t_x", 1), debit=FromMerchant("m_nobody"), credit=BANK, expires_at=None)


def test_frozen_meanwhile_it_is_booked_only_where_it_has_left() -> None:
    reserve(600)
    set_shard(2, FROZEN)

    with pytest.raises(AccountFrozen):
        settle("t_out", credit=BANK)
    assert settle("t_out", credit=BANK, has_left=True).status == "settled"
    check_sound(ledger_items())


def test_what_comes_back_reaches_a_merchant_who_may_sell_nothing() -> None:
    reserve(600)
    settle("t_out", credit=BANK)
    write(*merchant_status_change(SHOP, receives=False))

    def back(credit: ToMerchant) -> None:
        reverse(
            "t_out",
            amount=Money(amount=600),
            idempotency_key="by the bank",
            debit=FromSystem(BANK_SETTLEMENT),
            credit=credit,
        )

    with pytest.raises(CreditRefused):
        back(ToMerchant(SHOP))
    back(ToMerchant(SHOP, though_paying_only=True))
    assert sum(shards(SHOP)) == 850
    check_sound(ledger_items())
