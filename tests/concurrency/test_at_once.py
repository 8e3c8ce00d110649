"""The same thing twenty times at the same moment."""

from collections.abc import Callable, Sequence

import pytest

from shared.errors import Problem, Texts
from shared.ledger import FromMerchant, Limit, hold, post, release, reverse, settle
from shared.ledger.errors import (
    HoldEnded,
    InsufficientFunds,
    LimitExceeded,
    ReversalExceedsOriginal,
)
from shared.ledger.records import Transfer
from shared.money import Money
from tests.concurrency.clients import at_once, sides
from tests.ledger_accounts import (
    ANN,
    BOB,
    FAR_AWAY,
    SHOP,
    balances,
    fund,
    move,
    open_shop,
    open_users,
    reserve,
    shards,
    to,
    transfer,
    wish,
)
from tests.soundness import check_sound

TIMES = 20


@pytest.fixture(autouse=True)
def two_people(isolated: None) -> None:
    open_users(ANN, BOB)
    fund(ANN, 1_000)


def pay(name: str, amount: int) -> Transfer:
    debit, credit = sides(ANN, BOB)
    return post(wish(name, amount), debit=debit, credit=credit).transfer


def reserve_within(name: str, limit: Limit) -> Transfer:
    debit, credit = sides(ANN, BOB)
    debit.limit = limit
    return hold(wish(name, 50), debit=debit, credit=credit, expires_at=FAR_AWAY).transfer


def reserve_once(name: str) -> Transfer:
    return reserve(name, 1_000).transfer


def reverse_part(key: int) -> Transfer:
    debit, credit = sides(BOB, ANN)
    amount = Money(amount=100)
    return reverse(
        "t_1", amount=amount, idempotency_key=str(key), debit=debit, credit=credit
    ).transfer


def refusals(told: Sequence[object]) -> list[type[Problem]]:
    return [type(one) for one in told if isinstance(one, Problem)]


@pytest.mark.parametrize("verb", [lambda: pay("t_1", 1_000), lambda: reserve_once("t_1")])
def test_same_key_has_one_effect_and_one_answer(verb: Callable[[], Transfer]) -> None:
    """With all the money there is, so that any second effect would be refused."""
    told = at_once([verb] * TIMES)

    assert refusals(told) == []
    first = transfer("t_1").raw()
    assert all(isinstance(one, Transfer) and one.raw() == first for one in told)
    assert balances(ANN)[0] == 0
    check_sound()


def test_same_key_with_a_replay_that_could_happen_again_has_one_effect() -> None:
    told = at_once([lambda: pay("t_1", 10)] * TIMES)

    assert refusals(told) == []
    assert (balances(ANN), balances(BOB)) == ((990, 0), (10, 0))
    check_sound()


def test_money_is_spent_as_often_as_it_lasts() -> None:
    told = at_once([lambda n=n: pay(f"t_{n}", 100) for n in range(TIMES)])  # type: ignore[misc]

    assert refusals(told) == [InsufficientFunds] * 10
    assert (balances(ANN), balances(BOB)) == ((0, 0), (1_000, 0))
    check_sound()


def test_limit_of_a_day_holds() -> None:
    """For holds, which wait for no chain of entries."""
    limit = Limit(name="transfer", period="2026-03-01", maximum=500, what=Texts("每日", "per day"))

    told = at_once([lambda n=n: reserve_within(f"t_{n}", limit) for n in range(TIMES)])  # type: ignore[misc]

    assert refusals(told) == [LimitExceeded] * 10
    assert balances(ANN) == (500, 500)
    check_sound()


def test_hold_ends_once_and_one_way() -> None:
    """Though the account holds enough to end it twice."""
    reserve("t_1", 500)
    reserve("t_2", 500)

    told = at_once([lambda: settle("t_1"), lambda: release("t_1", why="cancelled")] * 10)

    assert refusals(told) == [HoldEnded] * 10
    assert {one.status for one in told if isinstance(one, Transfer)} == {transfer("t_1").status}
    check_sound()


def test_reversals_under_many_keys_never_exceed_the_original() -> None:
    move("t_1", 1_000, debit=sides(ANN, BOB)[0], credit=to(BOB))

    told = at_once([lambda n=n: reverse_part(n) for n in range(TIMES)])  # type: ignore[misc]

    assert refusals(told) == [ReversalExceedsOriginal] * 10
    assert transfer("t_1").reversed_amount == 1_000
    check_sound()


def test_merchant_is_debited_over_its_shards_to_the_last_unit() -> None:
    open_shop(SHOP, parts=[100] * 8)

    told = at_once(
        [
            lambda n=n: move(f"t_{n}", 80, debit=FromMerchant(SHOP), credit=to(BOB)).transfer  # type: ignore[misc]
            for n in range(TIMES)
        ]
    )

    assert refusals(told) == [InsufficientFunds] * 10
    assert (shards(SHOP), balances(BOB)) == ([0] * 8, (800, 0))
    check_sound()
