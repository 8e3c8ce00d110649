"""Many who pay the same order, many who pay the same shop, and many refunds at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from functions.payments.collection import OrderPaid, collect
from functions.payments.fee import fee_for
from functions.payments.models import RefundRequest
from functions.payments.orders import current
from functions.payments.records import PAYMENT, Event, Order, event_key, order_key
from functions.payments.refund import refund
from shared.errors import ServiceUnavailable
from shared.identifiers import derived_id
from shared.ledger import FromUser
from shared.ledger.accounts import FEES, merchant_balance
from shared.ledger.errors import ReversalExceedsOriginal
from shared.ledger.posting import transfer_id
from shared.ledger.records import Transfer
from shared.table import put_new, read
from tests.concurrency.clients import at_once
from tests.concurrency.test_at_once import refusals
from tests.ledger_accounts import (
    ANN,
    BOB,
    SHOP,
    account,
    balances,
    fund,
    open_shop,
    open_users,
    shards,
    transfer,
)
from tests.soundness import check_sound

TIMES = 20
PEOPLE, PAYMENTS_EACH, PRICE = 50, 20, 1_000
BASIS_POINTS = 60
PATIENCE = 20


@pytest.fixture(autouse=True)
def shop_and_two(isolated: None) -> None:
    open_shop(SHOP, parts=[])
    open_users(ANN, BOB)
    fund(ANN, 10_000)
    fund(BOB, 10_000)


def ordered(number: str, amount: int) -> Order:
    order = new_order(number, amount)
    assert put_new(order)
    return order


def new_order(number: str, amount: int) -> Order:
    return Order(
        *order_key(number)[1:],
        order_id=number,
        merchant_id=SHOP,
        merchant_order_id=number,
        merchant_name="Shop",
        amount=amount,
        currency="CNY",
        subject="coffee",
        fee_basis_points=BASIS_POINTS,
        notify_url="https://shop.example/hooks",
        created_at="2026-03-01T04:00:00.000Z",
        expires_at=4_000_000_000,
    )


def paid(order: Order, payer: str, key: str) -> Transfer:
    """As `pay` does it, for whoever says to be able to."""
    return collect(order, payment_id=f"t_{payer}_{key}", debit=FromUser(account(payer))).transfer


def bought(payer: str, number: int) -> None:
    """An order and its payment in one write, under the id that the app would give it."""
    order = new_order(f"o_{payer}_{number}", PRICE)
    payment_id = transfer_id(
        account_id=payer, operation=PAYMENT, idempotency_key=f"{payer} {number}"
    )
    for _ in range(PATIENCE):
        with suppress(ServiceUnavailable):
            collect(order, payment_id=payment_id, debit=FromUser(account(payer)), new=True)
            return
    raise AssertionError(f"nobody answers {payer}")


def test_order_paid_by_two_at_the_same_moment_is_paid_once() -> None:
    order = ordered("o_1", 5_000)

    told = at_once(
        [
            lambda payer=payer, n=n: paid(order, payer, str(n))  # type: ignore[misc]
            for n in range(TIMES // 2)
            for payer in (ANN, BOB)
        ]
    )

    assert refusals(told) == [OrderPaid] * (TIMES - 1)
    (payment,) = [one for one in told if isinstance(one, Transfer)]
    assert sorted([balances(ANN)[0], balances(BOB)[0]]) == [5_000, 10_000]
    assert merchant_balance(SHOP) == 4_970
    assert (current("o_1").payment_id, current("o_1").payer_id) == (
        payment.transfer_id, payment.debit,
    )  # fmt: skip
    event = event_key(derived_id("ev", "payment.succeeded", "o_1"))
    assert read([event]).one(Event, event) is not None
    check_sound()


def test_same_payment_twenty_times_is_one() -> None:
    order = ordered("o_1", 10_000)

    told = at_once([lambda: paid(order, ANN, "k")] * TIMES)

    assert refusals(told) == []
    assert (balances(ANN), merchant_balance(SHOP)) == ((0, 0), 9_940)
    check_sound()


def test_shop_that_many_pay_has_it_all_and_no_shard_took_more_than_its_share() -> None:
    people = [f"u_payer{number}" for number in range(PEOPLE)]
    open_users(*people)

    def buys(payer: str) -> None:
        fund(payer, PAYMENTS_EACH * PRICE)
        for number in range(PAYMENTS_EACH):
            bought(payer, number)

    with ThreadPoolExecutor(PEOPLE) as threads:
        list(threads.map(buys, people))

    net = PRICE - fee_for(PRICE, BASIS_POINTS)
    counts = [amount // net for amount in shards(SHOP)]
    share = sum(counts) / len(counts)
    print(f"{sum(counts)} payments; by shard of the shop: {counts}")
    print(f"the hottest took {max(counts) / share:.2f} of its share, {share:g}")
    print(f"fees by shard of the house: {shards(FEES)}")
    assert sum(counts) == PEOPLE * PAYMENTS_EACH
    assert sum(shards(SHOP)) == merchant_balance(SHOP) == sum(counts) * net
    # Of 1,000 that fall by chance, one shard in a thousand lies so far above its share of 125.
    assert max(counts) < 1.3 * share
    assert all(balances(payer) == (0, 0) for payer in people)
    check_sound()


def test_refunds_under_many_numbers_never_come_to_more_than_the_order() -> None:
    paid(ordered("o_1", 10_000), ANN, "k")

    def part(number: int) -> Transfer:
        asked = RefundRequest(merchant_refund_id=f"r{number}", amount=1_000)
        refund(current("o_1"), asked)
        return transfer(f"t_{ANN}_k")

    told = at_once([lambda n=n: part(n) for n in range(TIMES)])  # type: ignore[misc]

    assert refusals(told) == [ReversalExceedsOriginal] * 10
    order = current("o_1")
    assert (order.refunded_amount, order.refunded_fee, order.refunds) == (10_000, 60, 10)
    assert (balances(ANN), merchant_balance(SHOP)) == ((10_000, 0), 0)
    check_sound()


def test_same_refund_twenty_times_is_one() -> None:
    paid(ordered("o_1", 10_000), ANN, "k")
    asked = RefundRequest(merchant_refund_id="r1", amount=4_000)

    def once() -> Transfer:
        refund(current("o_1"), asked)
        return transfer(f"t_{ANN}_k")

    told = at_once([once] * TIMES)

    assert refusals(told) == []
    assert (balances(ANN), current("o_1").refunds) == ((4_000, 0), 1)
    check_sound()
