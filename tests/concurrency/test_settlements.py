"""A settlement while people pay the shop and get money back from it, all at the same moment."""

from functools import partial

import pytest

from functions.payments.models import SettlementCard
from functions.payments.settlement_terms import SettlementTerms, Settling
from functions.withdrawals.settlements.settlement import SettlementTooSmall, settle_unasked
from shared.ledger import FromMerchant, FromSystem, Posting, ToMerchant, ToSystem
from shared.ledger.accounts import FUND, merchant_funds
from shared.ledger.errors import InsufficientFunds
from tests.concurrency.clients import at_once
from tests.ledger_accounts import SHOP, move, open_shop, transfer
from tests.soundness import check_sound

PARTS = [1_000, 0, 2_000, 500, 0, 3_000, 700, 800]
RESERVE, AT_ONCE = 2_000, 12


@pytest.fixture(autouse=True)
def shop(isolated: None) -> None:
    open_shop(SHOP, parts=PARTS)


def settle(reserve: int) -> Posting:
    """The settlement of one day, as many times as it is asked for."""
    card = SettlementCard(card_token="ct_1", bank="Bank", last4="0008")
    merchant = Settling(SHOP, "Kafei", card, SettlementTerms("03:30", 1, reserve))
    settled = settle_unasked(merchant, "schedule", "2026-03-01")
    return Posting(transfer(settled.withdrawal.hold_id), settled.replayed)


def earn(number: int) -> Posting:
    credit = ToMerchant(SHOP)
    return move(f"t_in{number}", 10, debit=FromSystem(FUND), credit=credit)


def give_back(number: int, amount: int) -> Posting:
    return move(f"t_back{number}", amount, debit=FromMerchant(SHOP), credit=ToSystem(FUND))


def test_it_is_made_once_and_leaves_the_reserve_to_refunds() -> None:
    told = at_once(
        [
            *[partial(settle, RESERVE)] * 3,
            *[partial(earn, number) for number in range(AT_ONCE)],
            *[partial(give_back, number, 100) for number in range(AT_ONCE)],
        ]
    )

    # So many refunds the reserve alone can pay.
    assert {type(one) for one in told} == {Posting}
    held = {int(one.transfer.amount) for one in told[:3] if isinstance(one, Posting)}
    available, on_its_way = merchant_funds(SHOP)
    assert held == {on_its_way}
    assert available + on_its_way == sum(PARTS) + AT_ONCE * 10 - AT_ONCE * 100
    # What came before it was settled but for the reserve, what came after is on top.
    assert RESERVE - AT_ONCE * 100 <= available <= RESERVE + AT_ONCE * 10
    check_sound()


def test_money_is_held_or_given_back_and_never_both() -> None:
    told = at_once(
        [partial(settle, 0), *[partial(give_back, number, 2_000) for number in range(AT_ONCE)]]
    )

    assert {type(one) for one in told} <= {Posting, InsufficientFunds, SettlementTooSmall}
    available, on_its_way = merchant_funds(SHOP)
    given_back = 2_000 * sum(isinstance(one, Posting) for one in told[1:])
    assert available + on_its_way + given_back == sum(PARTS)
    assert available < 2_000
    check_sound()
