import pytest

from shared.ledger import FromSystem, ToSystem, hold, release, settle
from shared.ledger.accounts import BANK_SETTLEMENT, FUND, SUSPENSE
from shared.ledger.bank_day import Moved, change_of, day_moved, moved_on
from shared.settings import settings
from tests.clock import TestClock
from tests.ledger_accounts import ANN, BOB, debit, move, to, transfer, wish

pytestmark = pytest.mark.usefixtures("two_people")

TODAY, TOMORROW = "2026-03-01", "2026-03-02"
BANK = ToSystem(BANK_SETTLEMENT)


def test_what_moves_at_the_bank_stands_under_its_day() -> None:
    move("t_in", 500, debit=FromSystem(BANK_SETTLEMENT), credit=to(ANN))
    move("t_out", 200, debit=debit(ANN), credit=BANK)
    hold(wish("t_hold", 105), debit=debit(ANN), credit=BANK, expires_at=None)
    settle("t_hold", credit=BANK, amount=100, fee=5)

    assert sorted(moved_on(TODAY)) == [
        Moved("t_hold", "transfer", -100),
        Moved("t_in", "transfer", 500),
        Moved("t_out", "transfer", -200),
    ]
    for moved in moved_on(TODAY):
        standing = transfer(moved.transfer_id)
        assert (day_moved(standing), change_of(standing)) == (TODAY, moved.change)


def test_what_moves_elsewhere_or_not_at_all_stands_under_no_day() -> None:
    move("t_between", 10, debit=debit(ANN), credit=to(BOB))
    move("t_house", 10, debit=FromSystem(FUND), credit=ToSystem(SUSPENSE))
    hold(wish("t_held", 10), debit=debit(ANN), credit=BANK, expires_at=None)
    hold(wish("t_released", 10), debit=debit(ANN), credit=BANK, expires_at=None)
    release("t_released", why="cancelled")

    assert list(moved_on(TODAY)) == []
    for transfer_id in ("t_between", "t_house", "t_held", "t_released"):
        assert day_moved(transfer(transfer_id)) is None
        assert transfer(transfer_id).due_shard is None


def test_day_is_that_of_the_moving_and_ends_at_local_midnight(test_clock: TestClock) -> None:
    hold(wish("t_hold", 100), debit=debit(ANN), credit=BANK, expires_at=None)
    test_clock.move(hours=11, minutes=59, seconds=59)
    move("t_before", 1, debit=FromSystem(BANK_SETTLEMENT), credit=to(ANN))
    test_clock.move(seconds=1)
    move("t_after", 2, debit=FromSystem(BANK_SETTLEMENT), credit=to(ANN))
    settle("t_hold", credit=BANK)

    assert [moved.transfer_id for moved in moved_on(TODAY)] == ["t_before"]
    assert sorted(moved.transfer_id for moved in moved_on(TOMORROW)) == ["t_after", "t_hold"]


def test_day_is_whole_however_many_shards_it_is_spread_over() -> None:
    made = {f"t_{number}" for number in range(10 * settings().due_shards)}
    for transfer_id in made:
        move(transfer_id, 1, debit=FromSystem(BANK_SETTLEMENT), credit=ToSystem(FUND))

    assert {moved.transfer_id for moved in moved_on(TODAY)} == made
