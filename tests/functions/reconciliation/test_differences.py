"""Each kind of difference is found, and nothing where there is none."""

import pytest

from functions.topups.refund import refund_reference
from shared import clock
from shared.bank import get_bank
from shared.ledger import FromSystem, ToSystem, reverse
from shared.ledger.accounts import BANK_SETTLEMENT, SUSPENSE
from shared.money import Money
from tests.clock import TestClock
from tests.functions.bank_cards import bind as bind_card
from tests.functions.bank_cards import top_up, unused_phone
from tests.functions.reconciliation.moving import (
    AMOUNT,
    book_charge,
    book_payout,
    charge_at_bank,
    compared,
    found,
    misprint,
    pay_out_at_bank,
    summary,
)
from tests.people import register
from tests.sandbox.receiver import wait_until
from tests.sandbox.running import RunningBank

pytestmark = pytest.mark.usefixtures("ground")


def test_nothing_is_found_on_a_clean_day(bank: RunningBank, test_clock: TestClock) -> None:
    ana = register(unused_phone())
    assert top_up(ana, bind_card(ana, bank), 500, key="k").status == 201
    book_payout(pay_out_at_bank(bank))
    refunded = charge_at_bank(bank, amount=70)
    charge = book_charge(refunded, amount=70)
    reference = refund_reference(refunded)
    get_bank().refund_charge(
        reference=reference, charge_reference=refunded, amount=Money(amount=70)
    )
    wait_until(lambda: bank.orders_of("refunds", reference)[0]["status"] == "succeeded")
    reverse(
        charge.transfer_id,
        amount=Money(amount=70),
        idempotency_key="refund",
        debit=FromSystem(SUSPENSE),
        credit=ToSystem(BANK_SETTLEMENT),
        kind="refund",
    )

    day = compared(test_clock)

    assert found(day) == []
    assert summary(day) == {
        "day": day,
        "file_key": f"files/{day}/1.csv",
        "totals": {
            "lines": 4,
            "bank_change": 500 - AMOUNT,
            "books_change": 500 - AMOUNT,
            "matched": 4,
            "difference": 0,
        },
        "new": {},
        "open": {},
        "withheld": 0,
    }


def test_injected_mistakes_are_found_each(bank: RunningBank, test_clock: TestClock) -> None:
    missing, changed, right = (charge_at_bank(bank) for _ in range(3))
    for reference in (missing, changed, right):
        book_charge(reference)
    misprint(bank, "missing", kind="charge", reference=missing)
    misprint(bank, "changed", kind="charge", reference=changed, amount=AMOUNT + 1)
    never = {"kind": "payout", "reference": "w_never", "amount": 900, "day": clock.local_day()}
    misprint(bank, "extra", **never)
    today = compared(test_clock)
    tomorrow = compared(test_clock)

    assert set(found(today)) == {
        ("carried", missing, AMOUNT, None, "open"),
        ("changed", changed, AMOUNT, AMOUNT + 1, "open"),
        ("extra", "w_never", None, -900, "open"),
    }
    assert summary(today)["new"] == {"changed": 1, "extra": 1}
    assert summary(today)["totals"] == {
        "lines": 3,
        "bank_change": 2 * AMOUNT + 1 - 900,
        "books_change": 3 * AMOUNT,
        "matched": 1,
        "difference": 901,
    }
    # Its own books are right, and so says the bank when it is asked: nothing is to be corrected.
    assert set(found(tomorrow)) == {
        ("missing", missing, AMOUNT, None, "bank_mistake"),
        ("changed", changed, AMOUNT, AMOUNT + 1, "bank_mistake"),
        ("extra", "w_never", None, -900, "bank_mistake"),
    }
    assert summary(tomorrow)["new"] == {"missing": 1}


def test_line_that_comes_twice_is_found(bank: RunningBank, test_clock: TestClock) -> None:
    twice = charge_at_bank(bank)
    book_charge(twice)
    line = {"kind": "charge", "reference": twice, "amount": AMOUNT, "day": clock.local_day()}
    misprint(bank, "extra", **line)
    days = [compared(test_clock), compared(test_clock)]

    # It stands for people to look at: that the bank knows the order says nothing of the second.
    for day in days:
        assert found(day) == [("repeated", twice, 0, AMOUNT, "open")]
    assert [summary(day)["new"] for day in days] == [{"repeated": 1}, {}]
    assert summary(days[0])["totals"]["difference"] == AMOUNT


def test_line_of_an_earlier_day_that_comes_again_is_found(
    bank: RunningBank, test_clock: TestClock
) -> None:
    again = charge_at_bank(bank)
    book_charge(again)
    assert found(compared(test_clock)) == []
    line = {"kind": "charge", "reference": again, "amount": AMOUNT, "day": clock.local_day()}
    misprint(bank, "extra", **line)

    assert found(compared(test_clock)) == [("repeated", again, 0, AMOUNT, "open")]
