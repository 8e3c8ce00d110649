"""Every verb of the ledger, under every fault at every call it makes."""

from typing import Any

import pytest

from shared.ledger import (
    FromMerchant,
    FromSystem,
    FromUser,
    ToMerchant,
    ToSystem,
    ToUser,
    expire,
    fee_transfer_id,
    hold,
    refuse,
    release,
    replay,
    reverse,
    settle,
)
from shared.ledger.accounts import BANK_SETTLEMENT, FEES
from shared.ledger.errors import InsufficientFunds
from shared.ledger.holding import due_holds
from shared.ledger.posting import find
from shared.ledger.records import Transfer
from shared.money import Money
from tests.clock import TestClock
from tests.faults import THAT_LAST, Fault, Swept, sweep
from tests.ledger_accounts import (
    ANN,
    BOB,
    SHOP,
    account,
    balances,
    fund,
    move,
    open_shop,
    open_users,
    reserve,
    shards,
    transfer,
    wish,
)

pytestmark = pytest.mark.usefixtures("world")


class OfTwo(Swept):
    """An operation between Ann, who has 1,000, and Bob.

    Their accounts are read once. A retry comes with what was true before, and must cope.
    """

    def prepare(self) -> None:
        open_users(ANN, BOB)
        fund(ANN, 1_000)
        self.ann, self.bob = account(ANN), account(BOB)

    def run_sweepers(self) -> None:
        for held in due_holds():
            expire(held.transfer_id)


class Post(OfTwo):
    def act(self) -> Any:
        return _told(move("t_1", 300, debit=FromUser(self.ann), credit=ToUser(self.bob)).transfer)

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((700, 0), (300, 0))


class PostOfAllThereIs(Post):
    """Whose retry, if it were taken for another, would be short of funds."""

    def act(self) -> Any:
        return _told(move("t_1", 1_000, debit=FromUser(self.ann), credit=ToUser(self.bob)).transfer)

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((0, 0), (1_000, 0))


class PostFromTheHouse(OfTwo):
    def act(self) -> Any:
        return _told(move("t_1", 300, debit=FromSystem(FEES), credit=ToUser(self.bob)).transfer)

    def check_done(self) -> None:
        assert (sum(shards(FEES)), balances(BOB)) == (-300, (300, 0))


class PostToMerchant(OfTwo):
    def prepare(self) -> None:
        super().prepare()
        open_shop(SHOP, parts=[])

    def act(self) -> Any:
        return _told(move("t_1", 300, debit=FromUser(self.ann), credit=ToMerchant(SHOP)).transfer)

    def check_done(self) -> None:
        assert (balances(ANN), sum(shards(SHOP))) == ((700, 0), 300)


class PostFromMerchant(OfTwo):
    """Over three shards, each emptied."""

    def prepare(self) -> None:
        super().prepare()
        open_shop(SHOP, parts=[100, 100, 100])

    def act(self) -> Any:
        return _told(move("t_1", 300, debit=FromMerchant(SHOP), credit=ToUser(self.bob)).transfer)

    def check_done(self) -> None:
        assert (balances(BOB), sum(shards(SHOP))) == ((300, 0), 0)


class Hold(OfTwo):
    def act(self) -> Any:
        held = hold(
            wish("t_1", 1_000),
            debit=FromUser(self.ann),
            credit=ToUser(self.bob),
            expires_at=1_772_340_000,
        )
        return held.transfer.transfer_id

    def check_done(self) -> None:
        assert balances(ANN) == (0, 1_000)

    def check_finally(self) -> None:
        assert balances(ANN) == (1_000, 0)
        assert transfer("t_1").ended_why == "expired"


class OfAHold(OfTwo):
    def prepare(self) -> None:
        super().prepare()
        reserve("t_1", 1_000, expires_at=1_772_340_000)


class Settle(OfAHold):
    def act(self) -> Any:
        return _told(settle("t_1"))

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((0, 0), (1_000, 0))


class SettleInPart(OfAHold):
    def act(self) -> Any:
        return _told(settle("t_1", amount=300))

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((700, 0), (300, 0))


class SettleWithAFee(OfTwo):
    """For the house, as when a bank has paid."""

    bank = ToSystem(BANK_SETTLEMENT)

    def prepare(self) -> None:
        super().prepare()
        debit = FromUser(self.ann)
        hold(wish("t_1", 1_000), debit=debit, credit=self.bank, expires_at=None)

    def act(self) -> Any:
        return _told(settle("t_1", credit=self.bank, amount=900, fee=100))

    def check_done(self) -> None:
        assert balances(ANN) == (0, 0)
        assert (sum(shards(BANK_SETTLEMENT)), sum(shards(FEES))) == (900, 100)
        assert transfer(fee_transfer_id("t_1")).amount == 100


class Release(OfAHold):
    def act(self) -> Any:
        return _told(release("t_1", why="cancelled"))

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((1_000, 0), (0, 0))
        assert transfer("t_1").ended_why == "cancelled"


class Expire(Release):
    def prepare(self) -> None:
        OfTwo.prepare(self)
        reserve("t_1", 1_000, expires_at=0)

    def act(self) -> Any:
        return _told(expire("t_1"))

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((1_000, 0), (0, 0))
        assert transfer("t_1").ended_why == "expired"


class Reverse(OfTwo):
    """All of it, so that a retry, if it were taken for another, would exceed the original."""

    def prepare(self) -> None:
        super().prepare()
        move("t_1", 400, debit=FromUser(self.ann), credit=ToUser(self.bob))

    def act(self) -> Any:
        return _told(
            reverse(
                "t_1",
                amount=Money(amount=400),
                idempotency_key="once",
                debit=FromUser(self.bob),
                credit=ToUser(self.ann),
            ).transfer
        )

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((1_000, 0), (0, 0))
        assert transfer("t_1").reversed_amount == 400


class Refuse(OfTwo):
    def act(self) -> Any:
        earlier = find("t_1")
        problem = InsufficientFunds(missing_display="1.00 CNY", missing=100)
        if earlier is None:
            problem_told = refuse(wish("t_1", 1_100), problem, debit=self.ann, credit=self.bob)
        else:
            with pytest.raises(InsufficientFunds) as refused:
                replay(earlier, "same")
            problem_told = refused.value
        return problem_told.to_record()

    def check_done(self) -> None:
        assert (balances(ANN), balances(BOB)) == ((1_000, 0), (0, 0))
        assert transfer("t_1").status == "refused"


VERBS = [
    Post, PostOfAllThereIs, PostFromTheHouse, PostToMerchant, PostFromMerchant, Hold, Settle,
    SettleInPart, SettleWithAFee, Release, Expire, Reverse, Refuse,
]  # fmt: skip


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("verb", VERBS)
def test_verb_has_its_effect_once_under_a_fault_at_any_call(
    verb: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(verb, fault, test_clock) >= 1


@pytest.mark.parametrize("fault", THAT_LAST)
@pytest.mark.parametrize("verb", VERBS)
def test_verb_has_its_effect_once_under_a_fault_that_lasts(
    verb: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(verb, fault, test_clock, lasting=True) >= 1


def _told(told: Transfer) -> tuple[str, str, int, str]:
    return told.transfer_id, told.status, int(told.amount), told.created_at
