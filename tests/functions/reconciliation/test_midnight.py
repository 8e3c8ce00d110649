"""What moves around midnight stands on two days, and is no difference."""

import pytest

from shared import clock
from shared.identifiers import new_id
from shared.ledger import ToSystem, settle
from shared.ledger.accounts import BANK_SETTLEMENT
from tests.clock import TestClock
from tests.functions.reconciliation.moving import (
    AMOUNT,
    book_charge,
    book_payout,
    charge_at_bank,
    compared,
    findings,
    found,
    hold_payout,
    pay_out_at_bank,
    summary,
)
from tests.sandbox.running import RunningBank

pytestmark = pytest.mark.usefixtures("ground")


def after_midnight(test_clock: TestClock) -> None:
    test_clock.seconds = float(clock.next_local_midnight_seconds() + 1)


def day_before(test_clock: TestClock) -> None:
    test_clock.seconds = float(clock.bounds_of_day(clock.local_day())[0] - 1)


def test_ours_a_moment_after_the_banks_day(bank: RunningBank, test_clock: TestClock) -> None:
    charged, paid = charge_at_bank(bank), pay_out_at_bank(bank, amount=300)
    after_midnight(test_clock)
    book_charge(charged)
    book_payout(paid, amount=300)
    day_before(test_clock)

    today, tomorrow, day_after = (compared(test_clock) for _ in range(3))

    assert set(found(today)) == {
        ("ahead", charged, None, AMOUNT, "open"),
        ("ahead", paid, None, -300, "open"),
    }
    assert set(found(tomorrow)) == {
        ("ahead", charged, AMOUNT, AMOUNT, "settled"),
        ("ahead", paid, -300, -300, "settled"),
    }
    assert found(day_after) == []
    assert [summary(day)["new"] for day in (today, tomorrow)] == [{}, {}]
    assert summary(tomorrow)["totals"] == {
        "lines": 0,
        "bank_change": 0,
        "books_change": AMOUNT - 300,
        "matched": 2,
        "difference": 0,
    }


def test_ours_a_moment_before_the_banks_day(bank: RunningBank, test_clock: TestClock) -> None:
    reference = new_id("tu")
    day_before(test_clock)
    book_charge(reference)
    charge_at_bank(bank, reference=reference)
    yesterday, today = compared(test_clock), compared(test_clock)

    assert found(yesterday) == [("carried", reference, AMOUNT, None, "open")]
    assert found(today) == [("carried", reference, AMOUNT, AMOUNT, "settled")]
    assert (summary(yesterday)["new"], summary(today)["new"]) == ({}, {})


def test_amounts_are_compared_across_midnight(bank: RunningBank, test_clock: TestClock) -> None:
    charged = charge_at_bank(bank)
    after_midnight(test_clock)
    book_charge(charged, amount=AMOUNT - 7)
    day_before(test_clock)

    compared(test_clock)
    tomorrow = compared(test_clock)

    (changed,) = findings(tomorrow)
    assert (changed.what, changed.difference) == ("changed", 7)
    assert summary(tomorrow)["new"] == {"changed": 1}


def test_ours_that_comes_days_later_settles_what_was_extra(
    bank: RunningBank, test_clock: TestClock
) -> None:
    paid = pay_out_at_bank(bank)
    hold_id = hold_payout(paid)
    days = [compared(test_clock), compared(test_clock)]
    settle(hold_id, credit=ToSystem(BANK_SETTLEMENT), has_left=True)
    settled, last = compared(test_clock), compared(test_clock)

    # Its own domain still asks what became of it, so nobody else decides.
    for day in days:
        assert found(day) == [("extra", paid, None, -AMOUNT, "open")]
    assert found(settled) == [("extra", paid, -AMOUNT, -AMOUNT, "settled")]
    assert found(last) == []
