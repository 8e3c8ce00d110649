import pytest

from shared.errors import Texts
from shared.ledger import Limit
from shared.ledger.accounts import set_status
from shared.ledger.allowance import give_back, use
from shared.ledger.errors import AccountFrozen, LimitExceeded
from shared.ledger.records import FROZEN, Account, Transfer
from shared.table import Cancelled, Write, put, write
from tests.faults import Attempt, cancellation, intercepted
from tests.ledger_accounts import ANN, BOB, account, balances, wish

pytestmark = pytest.mark.usefixtures("two_people")


def limit(day: str = "2026-03-01") -> Limit:
    return Limit(name="top_up", period=day, maximum=500, what=Texts("每日", "per day"))


def record(name: str) -> Write:
    """Stands for what the allowance is used for. Refused, so that the books take no note of it."""
    made = wish(name, 1).transfer(debit=account(ANN), credit=account(BOB), status="refused")
    return put(made)


def use_for(name: str, amount: int, allowance: Limit, *, owner: Account | None = None) -> None:
    use(
        owner or account(ANN),
        amount,
        limit=allowance,
        authorize=lambda _: None,
        together_with=[record(name)],
    )


def used() -> tuple[str | None, int]:
    found = account(ANN)
    return found.top_up_period, int(found.top_up_used)


def test_allowance_is_used_up_exactly_and_moves_no_money() -> None:
    seen = account(ANN)
    use_for("t_1", 300, limit())
    use_for("t_2", 200, limit(), owner=seen)

    with pytest.raises(LimitExceeded):
        use_for("t_3", 1, limit(), owner=seen)

    assert used() == ("2026-03-01", 500)
    assert balances(ANN) == (1_000, 0)


def test_nothing_is_used_when_the_record_stands_already() -> None:
    use_for("t_1", 300, limit())

    with pytest.raises(Cancelled):
        use_for("t_1", 100, limit())

    assert used() == ("2026-03-01", 300)


def test_frozen_owner_uses_nothing() -> None:
    seen = account(ANN)
    set_status(ANN, FROZEN)

    with pytest.raises(AccountFrozen):
        use_for("t_1", 1, limit(), owner=seen)


def test_duplicate_that_meets_the_first_at_work_is_not_told_of_its_effect() -> None:
    """The first has used all of the day already, and DynamoDB still holds its record."""
    use_for("t_1", 500, limit())
    seen, again, met = account(ANN), record("t_1"), list[Attempt]()

    def in_the_middle(attempt: Attempt) -> object:
        met.append(attempt)
        if len(met) > 1:
            return attempt.make()
        return cancellation(["ConditionalCheckFailed", "TransactionConflict"])

    with intercepted(in_the_middle), pytest.raises(Cancelled) as cancelled:
        use(seen, 500, limit=limit(), authorize=lambda _: None, together_with=[again])

    assert isinstance(cancelled.value.standing(again), Transfer)


def test_what_is_given_back_can_be_used_again_on_the_same_day_only() -> None:
    use_for("t_1", 500, limit())
    write(give_back(ANN, 500, name="top_up", period="2026-03-01"))
    assert used() == ("2026-03-01", 0)

    use_for("t_2", 400, limit("2026-03-02"))
    with pytest.raises(Cancelled):
        write(give_back(ANN, 400, name="top_up", period="2026-03-01"))

    assert used() == ("2026-03-02", 400)
