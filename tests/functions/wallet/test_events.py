"""What runs by schedule for the ledger: expired holds go back, the books are checked."""

import pytest

import app
from functions.wallet.events import on_books_schedule, on_expiry_schedule
from shared.ledger import ToSystem, settle
from shared.ledger.accounts import SUSPENSE
from shared.ledger.records import Account, Transfer, transfer_key
from shared.sweep import SweepIncomplete
from shared.table import change
from tests.clock import TestClock
from tests.functions.scheduled import TICK
from tests.ledger_accounts import ANN, BOB, account, balances, fund, open_users, reserve

EXPIRY = 1_772_337_600 + 600


@pytest.fixture(autouse=True)
def ann(cloud: None, test_clock: TestClock) -> None:
    open_users(ANN, BOB)
    fund(ANN, 1_000)


def test_both_are_known_to_the_app_by_the_names_of_the_template() -> None:
    assert {"release_expired_holds", "check_books"} <= app.app.handler_map.keys()


def test_a_hold_goes_back_when_its_time_is_over_and_not_before(test_clock: TestClock) -> None:
    reserve("t_1", 300, expires_at=EXPIRY)
    test_clock.move(minutes=9)
    assert on_expiry_schedule(TICK, None) == {"ended": 0}
    assert balances(ANN) == (700, 300)

    test_clock.move(minutes=1)
    assert on_expiry_schedule(TICK, None) == {"ended": 1}
    assert on_expiry_schedule(TICK, None) == {"ended": 0}
    assert balances(ANN) == (1_000, 0)


def test_a_hold_that_was_settled_is_left_alone(test_clock: TestClock) -> None:
    reserve("t_1", 300, expires_at=EXPIRY)
    settle("t_1", credit=ToSystem(SUSPENSE))
    test_clock.move(minutes=10)

    assert on_expiry_schedule(TICK, None) == {"ended": 0}
    assert balances(ANN) == (700, 0)


def test_one_bad_hold_stops_no_other(test_clock: TestClock) -> None:
    reserve("t_1", 300, expires_at=EXPIRY)
    reserve("t_2", 200, expires_at=EXPIRY)
    bad = Transfer(*transfer_key("t_1")[1:])
    change(bad, [Transfer.debit.set("u_nobody")], Transfer.pk.exists())
    test_clock.move(minutes=10)

    with pytest.raises(SweepIncomplete):
        on_expiry_schedule(TICK, None)
    assert balances(ANN) == (700, 300)


def test_sound_books_raise_no_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    assert on_books_schedule(TICK, None) == {"sound": True, "differences": 0}

    told = capsys.readouterr().out
    assert '"LedgerImbalance":[0.0]' in told
    assert '"BooksDifferences":[0.0]' in told


def test_money_from_nowhere_raises_the_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    change(account(ANN), [Account.available.set(1_001)], Account.pk.exists())

    assert on_books_schedule(TICK, None) == {"sound": False, "differences": 1}
    assert '"LedgerImbalance":[1.0]' in capsys.readouterr().out
