"""Where the bank itself says that our books are wrong, two people of finance may correct them."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.agents.approvals.execution import finish_approvals
from functions.reconciliation.findings import Finding
from shared.ledger import release
from shared.ledger.accounts import BANK_SETTLEMENT, SUSPENSE, set_status
from shared.ledger.records import CLOSED
from shared.settings import settings
from tests.agents import Agent, at_work
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.faults import Attempt, ProcessDied, intercepted
from tests.functions.reconciliation.moving import (
    AMOUNT,
    book_charge,
    book_payout,
    charge_at_bank,
    compared,
    findings,
    found,
    hold_payout,
    misprint,
    next_day,
    pay_out_at_bank,
    run,
    summary,
)
from tests.ledger_accounts import ANN, balances, shards
from tests.sandbox.receiver import wait_until
from tests.sandbox.running import REVERSED, RunningBank
from tests.soundness import check_sound

pytestmark = pytest.mark.usefixtures("ground")

FUNDS = 10_000


@pytest.fixture(autouse=True)
def sound() -> Iterator[None]:
    yield
    check_sound(ledger_items())


def proposed(test_clock: TestClock) -> Finding:
    """The one correction that the second day proposes: each difference has a day to settle."""
    (first,) = findings(compared(test_clock))
    assert first.approval_id is None
    (finding,) = findings(compared(test_clock))
    assert finding.standing == "proposed", finding
    return finding


def finance() -> tuple[Agent, Agent]:
    """Two people of finance who have just come to work."""
    return at_work("fay@bank.example", "finance"), at_work("fred@bank.example", "finance")


def approved(finding: Finding) -> str:
    """The state after two have said yes."""
    fay, fred = finance()
    assert fay.approve(str(finding.approval_id)).json["state"] == "proposed"
    return str(fred.approve(str(finding.approval_id)).json["state"])


def owed_by_bank() -> int:
    """What the bank owes us by our books, beyond what Ann was given at first."""
    return -sum(shards(BANK_SETTLEMENT))


def test_charge_that_the_bank_never_made(test_clock: TestClock) -> None:
    book_charge("tu_never")
    finding = proposed(test_clock)

    assert (finding.what, finding.books, finding.bank) == ("missing", AMOUNT, None)
    assert owed_by_bank() == AMOUNT
    assert approved(finding) == "executed"
    # The house bears it until somebody has talked to Ann.
    assert (owed_by_bank(), sum(shards(SUSPENSE)), balances(ANN)[0]) == (0, -AMOUNT, FUNDS + AMOUNT)
    corrected, after = compared(test_clock), compared(test_clock)
    assert found(corrected) == [("missing", "tu_never", AMOUNT, None, "corrected")]
    assert found(after) == []


def test_payout_that_the_bank_never_made(test_clock: TestClock) -> None:
    book_payout("w_never")
    finding = proposed(test_clock)

    assert approved(finding) == "executed"
    assert (owed_by_bank(), sum(shards(SUSPENSE)), balances(ANN)[0]) == (0, 0, FUNDS)
    assert [one[-1] for one in found(compared(test_clock))] == ["corrected"]


def test_what_is_owed_to_a_closed_account_waits_in_suspense(test_clock: TestClock) -> None:
    book_payout("w_never", amount=FUNDS)
    set_status(ANN, CLOSED)
    finding = proposed(test_clock)

    assert approved(finding) == "executed"
    assert (owed_by_bank(), sum(shards(SUSPENSE))) == (0, FUNDS)


def test_charge_that_we_never_booked(bank: RunningBank, test_clock: TestClock) -> None:
    charged = charge_at_bank(bank)
    finding = proposed(test_clock)

    assert approved(finding) == "executed"
    assert (owed_by_bank(), sum(shards(SUSPENSE)), balances(ANN)[0]) == (AMOUNT, AMOUNT, FUNDS)
    assert found(compared(test_clock)) == [("extra", charged, AMOUNT, AMOUNT, "settled")]
    # Whoever wakes up too late finds it booked.
    book_charge(charged)
    assert (owed_by_bank(), balances(ANN)[0]) == (AMOUNT, FUNDS)


def test_payout_of_what_we_gave_back(bank: RunningBank, test_clock: TestClock) -> None:
    release(hold_payout("w_back"), why="cancelled")
    pay_out_at_bank(bank, reference="w_back")
    finding = proposed(test_clock)

    assert approved(finding) == "executed"
    assert (owed_by_bank(), sum(shards(SUSPENSE)), balances(ANN)[0]) == (-AMOUNT, -AMOUNT, FUNDS)
    assert [one[-1] for one in found(compared(test_clock))] == ["corrected"]


@pytest.mark.parametrize("booked", [AMOUNT - 50, AMOUNT + 50])
def test_charge_of_another_amount(bank: RunningBank, test_clock: TestClock, booked: int) -> None:
    charged = charge_at_bank(bank)
    book_charge(charged, amount=booked)
    finding = proposed(test_clock)

    assert (finding.what, finding.difference) == ("changed", AMOUNT - booked)
    assert approved(finding) == "executed"
    assert (owed_by_bank(), sum(shards(SUSPENSE))) == (AMOUNT, AMOUNT - booked)
    assert found(compared(test_clock)) == [("changed", charged, booked, AMOUNT, "corrected")]


def test_reversal_that_we_never_heard_of_goes_to_its_user(
    bank: RunningBank, test_clock: TestClock
) -> None:
    returned = pay_out_at_bank(bank, number=REVERSED)
    book_payout(returned)
    wait_until(lambda: bank.orders_of("payouts", returned)[0]["status"] == "reversed")
    finding = proposed(test_clock)

    assert (finding.what, finding.kind) == ("extra", "reversal")
    assert approved(finding) == "executed"
    assert (owed_by_bank(), balances(ANN)[0]) == (0, FUNDS)
    assert [one[-1] for one in found(compared(test_clock))] == ["settled"]


def test_people_who_say_no_close_it(test_clock: TestClock) -> None:
    book_charge("tu_never")
    finding = proposed(test_clock)
    fay, _ = finance()
    assert fay.reject(str(finding.approval_id)).json["state"] == "rejected"

    dismissed, after = compared(test_clock), compared(test_clock)

    assert found(dismissed) == [("missing", "tu_never", AMOUNT, None, "dismissed")]
    assert (found(after), owed_by_bank()) == ([], AMOUNT)


def test_what_nobody_decides_is_proposed_again(test_clock: TestClock) -> None:
    book_charge("tu_never")
    finding = proposed(test_clock)
    standing = finding
    for _ in range(8):
        finish_approvals("test")
        (standing,) = findings(compared(test_clock))

    assert standing.standing == "proposed"
    assert standing.approval_id != finding.approval_id


def test_correction_that_the_bank_contradicts_by_now_fails(
    bank: RunningBank, test_clock: TestClock
) -> None:
    book_charge("tu_late")
    finding = proposed(test_clock)
    charge_at_bank(bank, reference="tu_late")

    assert approved(finding) == "failed"
    assert (owed_by_bank(), sum(shards(SUSPENSE))) == (AMOUNT, 0)


def test_correction_waits_while_the_bank_does_not_answer(
    bank: RunningBank, test_clock: TestClock
) -> None:
    book_charge("tu_never")
    finding = proposed(test_clock)
    fay, fred = finance()
    fay.approve(str(finding.approval_id))
    bank.plan_fault("unavailable", times=3)

    assert fred.approve(str(finding.approval_id)).status == 503
    assert owed_by_bank() == AMOUNT
    assert fred.approve(str(finding.approval_id)).json["state"] == "executed"
    assert owed_by_bank() == 0


def test_bank_that_does_not_answer_leaves_it_open(bank: RunningBank, test_clock: TestClock) -> None:
    book_charge("tu_never")
    compared(test_clock)
    day = next_day(test_clock)
    with intercepted(dies_before_the_books), pytest.raises(ProcessDied):
        run()
    # The file is there, so the next call of the bank is about the order.
    bank.plan_fault("unavailable", times=3)
    assert run() == (day, "done")

    assert found(day) == [("missing", "tu_never", AMOUNT, None, "open")]
    assert [one[-1] for one in found(compared(test_clock))] == ["proposed"]


def test_more_than_a_days_work_waits_for_the_next(
    test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILIATION_INQUIRIES_LIMIT", "2")
    settings.cache_clear()
    for number in range(3):
        book_charge(f"tu_{number}")
    compared(test_clock)

    first, second = compared(test_clock), compared(test_clock)

    assert [one[-1] for one in found(first)].count("proposed") == 2
    assert (summary(first)["withheld"], summary(second)["withheld"]) == (1, 0)
    assert [one[-1] for one in found(second)].count("proposed") == 3


def test_bank_that_says_a_third_thing_leaves_it_to_people(
    bank: RunningBank, test_clock: TestClock
) -> None:
    charged = charge_at_bank(bank)
    book_charge(charged, amount=AMOUNT - 1)
    misprint(bank, "changed", kind="charge", reference=charged, amount=AMOUNT + 1)
    compared(test_clock)

    day = compared(test_clock)

    assert found(day) == [("changed", charged, AMOUNT - 1, AMOUNT + 1, "unclear")]


def test_what_nothing_settles_ends_after_some_time(
    bank: RunningBank, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILIATION_OPEN_DAYS", "2")
    settings.cache_clear()
    hold_payout(pay_out_at_bank(bank))

    standings = [[one[-1] for one in found(compared(test_clock))] for _ in range(4)]

    assert standings == [["open"], ["open"], ["given_up"], []]


def dies_before_the_books(attempt: Attempt) -> Any:
    if attempt.operation == "Query" and "bank#" in str(attempt.request):
        raise ProcessDied
    return attempt.make()
