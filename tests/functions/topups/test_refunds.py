"""Money that the wallet can't take goes back to its source, once, by way of suspense."""

import pytest

from functions.topups.refund import refund_reference
from functions.topups.resolution import resolve_due
from shared.identifiers import new_id
from shared.ledger.accounts import BANK_SETTLEMENT, PLATFORM_SETTLEMENT, SUSPENSE, set_status
from shared.ledger.books import check_books
from shared.money import Money
from shared.platforms import get_platform
from shared.platforms.port import Kind
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.functions.bank_cards import bind, top_up
from tests.functions.topups.platform_payments import house, paid, shown, tell, was_taken
from tests.people import Person
from tests.sandbox.platforms import KINDS, RunningPlatforms
from tests.sandbox.receiver import wait_until
from tests.sandbox.running import TIMES_OUT_EXECUTED, RunningBank
from tests.soundness import contents

pytestmark = pytest.mark.usefixtures("platforms")
REFUND_FAILS = "6222021234500040005"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


def set_aside(amount: int, *, of: str) -> bool:
    return (house(SUSPENSE), house(of)) == (amount, -amount)


def is_back(of: str) -> bool:
    return (house(SUSPENSE), house(of)) == (0, 0) and check_books().sound


def sweep_until_ended(clock: TestClock, person: Person, top_up_id: str) -> str:
    """Runs the sweeper until the refund has ended, and says how."""
    for _ in range(5):
        clock.move(minutes=10)
        resolve_due()
        refund = str(shown(person, top_up_id)["refund"])
        if refund != "pending":
            return refund
    return "pending"


def test_what_is_paid_for_a_closed_account_goes_back(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock
) -> None:
    top_up_id = paid(ana, platforms, kind)
    set_status(ana.user_id, "closed")
    for _ in range(2):
        assert was_taken(tell(platforms, kind, top_up_id), kind)
    view = shown(ana, top_up_id)
    assert (view["status"], view["reason"], view["refund"]) == (
        "failed",
        "ACCOUNT_CLOSED",
        "pending",
    )
    assert set_aside(500, of=PLATFORM_SETTLEMENT)

    assert sweep_until_ended(test_clock, ana, top_up_id) == "succeeded"
    (refund,) = platforms.order(kind, top_up_id)["refunds"]
    assert refund["amount"] == 500
    assert is_back(PLATFORM_SETTLEMENT)
    assert resolve_due() == 0
    # Of the refund, Alipay tells again that the order is closed; that ends nothing twice.
    tell(platforms, kind, top_up_id)
    assert is_back(PLATFORM_SETTLEMENT)


@pytest.mark.parametrize("amount", [499, 501])
def test_another_amount_than_asked_for_goes_back_whole(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock, amount: int
) -> None:
    top_up_id = paid(ana, platforms, kind, amount=amount)
    assert was_taken(tell(platforms, kind, top_up_id), kind)
    view = shown(ana, top_up_id)
    assert (view["status"], view["reason"]) == ("failed", "AMOUNT_DIFFERS")
    assert set_aside(amount, of=PLATFORM_SETTLEMENT)
    assert ana.signed_in_again().available == 0

    assert sweep_until_ended(test_clock, ana, top_up_id) == "succeeded"
    (refund,) = platforms.order(kind, top_up_id)["refunds"]
    assert refund["amount"] == amount
    assert is_back(PLATFORM_SETTLEMENT)


def test_the_ledger_shows_the_way_back(
    ana: Person, platforms: RunningPlatforms, test_clock: TestClock
) -> None:
    top_up_id = paid(ana, platforms, "alipay", amount=7)
    tell(platforms, "alipay", top_up_id)
    sweep_until_ended(test_clock, ana, top_up_id)

    moved = [one for one in contents().transfers.values() if one.reference == top_up_id]
    came, went = sorted(moved, key=lambda one: one.kind, reverse=True)
    assert (came.kind, came.debit, came.credit) == ("top_up", PLATFORM_SETTLEMENT, SUSPENSE)
    assert (went.kind, went.debit, went.credit) == ("refund", SUSPENSE, PLATFORM_SETTLEMENT)
    assert (went.reverses, came.reversed_amount) == (came.transfer_id, 7)


@pytest.mark.parametrize("fault", ["lost", "dropped", "forged"])
def test_a_refund_of_unknown_outcome_is_made_once(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock, fault: str
) -> None:
    top_up_id = paid(ana, platforms, kind, amount=7)
    tell(platforms, kind, top_up_id)
    for _ in range(2):
        platforms.plan_fault(fault)
        test_clock.move(minutes=10)
        resolve_due()
        assert shown(ana, top_up_id)["refund"] == "pending"
        assert house(SUSPENSE) == 7

    assert sweep_until_ended(test_clock, ana, top_up_id) == "succeeded"
    assert len(platforms.order(kind, top_up_id)["refunds"]) == 1
    assert is_back(PLATFORM_SETTLEMENT)


def test_a_refund_that_fails_leaves_the_money_in_suspense(
    ana: Person, platforms: RunningPlatforms, test_clock: TestClock
) -> None:
    top_up_id = paid(ana, platforms, "wechat_pay", amount=7, refundable=False)
    tell(platforms, "wechat_pay", top_up_id)

    assert sweep_until_ended(test_clock, ana, top_up_id) == "failed"
    assert set_aside(7, of=PLATFORM_SETTLEMENT)
    assert resolve_due() == 0
    assert check_books().sound


def test_a_refund_that_is_refused_rings_and_is_not_taken_for_made(
    ana: Person, platforms: RunningPlatforms, test_clock: TestClock
) -> None:
    """Somebody has given the money back by hand, which only finance can know."""
    top_up_id = paid(ana, platforms, "wechat_pay", amount=7)
    tell(platforms, "wechat_pay", top_up_id)
    get_platform("wechat_pay").refund(
        reference=new_id("rf"), payment_reference=top_up_id, amount=Money(amount=7)
    )
    for _ in range(2):
        test_clock.move(minutes=10)
        with pytest.raises(SweepIncomplete):
            resolve_due()
    assert shown(ana, top_up_id)["refund"] == "pending"
    assert set_aside(7, of=PLATFORM_SETTLEMENT)


def test_a_charge_for_a_closed_account_goes_back_to_its_card(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    made = top_up(ana, bind(ana, bank, TIMES_OUT_EXECUTED), 500, key="k").json["top_up_id"]
    set_status(ana.user_id, "closed")
    resolve_due()
    assert shown(ana, made)["refund"] == "pending"
    assert set_aside(500, of=BANK_SETTLEMENT)

    # The bank does not answer for this card; it says how the refund went when it is asked.
    test_clock.move(minutes=10)
    resolve_due()
    wait_until(lambda: any(one["status"] == "succeeded" for one in refunds(bank, made)))
    assert sweep_until_ended(test_clock, ana, made) == "succeeded"
    assert len(refunds(bank, made)) == 1
    assert is_back(BANK_SETTLEMENT)


def test_a_charge_that_the_bank_can_not_give_back_stays_in_suspense(
    ana: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    card_id = bind(ana, bank, REFUND_FAILS)
    bank.plan_fault("silent")
    made = top_up(ana, card_id, 500, key="k").json["top_up_id"]
    set_status(ana.user_id, "closed")
    resolve_due()

    assert sweep_until_ended(test_clock, ana, made) == "failed"
    assert set_aside(500, of=BANK_SETTLEMENT)


def refunds(bank: RunningBank, top_up_id: str) -> list[dict[str, object]]:
    return bank.orders_of("refunds", refund_reference(top_up_id))
