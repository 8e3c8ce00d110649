"""Settlements by schedule: at the time that was agreed, once a day, not of who is disabled."""

import pytest

import app
from functions.withdrawals.settlements.daily import settle_merchants
from functions.withdrawals.settlements.events import on_schedule
from shared import clock
from tests.clock import TestClock
from tests.functions.scheduled import TICK
from tests.functions.withdrawals.settlements.settling import (
    FUNDS,
    SETTLEMENTS,
    bind_card,
    earn,
    funds,
)
from tests.functions.withdrawals.step_functions import StepFunctions
from tests.sandbox.running import RunningBank
from tests.shops import Shop, open_shop, operator

DEFAULT_AT = "2026-03-01T19:30:00.000Z"  # 03:30 in Shanghai


def settled(shop: Shop) -> list[tuple[str, int]]:
    """By whom and how much, the newest first."""
    items = shop.call("GET", SETTLEMENTS).json["items"]
    return [(one["asked_by"], one["amount"]) for one in items]


def change(shop: Shop, **terms: object) -> None:
    assert operator("change", merchant_id=shop.merchant_id, **terms) == {
        "merchant_id": shop.merchant_id
    }


def move_to(test_clock: TestClock, text: str) -> None:
    test_clock.seconds = float(clock.seconds_of(text))


def test_it_is_known_to_the_app_by_the_name_of_the_template() -> None:
    assert "settle_merchants" in app.app.handler_map


def test_each_day_at_its_time_what_is_beyond_the_reserve_goes_out_once(
    shop: Shop, machine: StepFunctions, test_clock: TestClock
) -> None:
    change(shop, settlement_reserve=1_000)
    account = shop.call("GET", "/v1/merchant/account").json
    assert account["next_settlement_at"] == DEFAULT_AT
    move_to(test_clock, "2026-03-01T19:29:59Z")
    assert settle_merchants() == 0

    test_clock.move(seconds=1)
    assert (settle_merchants(), settle_merchants()) == (1, 0)
    assert (settled(shop), funds(shop)) == (
        [("schedule", FUNDS - 1_000)],
        (1_000, FUNDS - 1_000),
    )
    assert len(machine.executions) == 1

    earn(shop, 700)
    test_clock.move(hours=23, minutes=59)
    assert settle_merchants() == 0
    test_clock.move(minutes=1)
    assert on_schedule(TICK, None) == {"looked_at": 1}
    assert settled(shop) == [("schedule", 700), ("schedule", FUNDS - 1_000)]


def test_other_terms_do_not_put_off_what_is_due(shop: Shop, test_clock: TestClock) -> None:
    move_to(test_clock, DEFAULT_AT)
    change(shop, name="Renamed", settlement_reserve=1)

    assert (settle_merchants(), settled(shop)) == (1, [("schedule", FUNDS - 1)])


def test_below_the_minimum_it_waits_for_the_next_day(shop: Shop, test_clock: TestClock) -> None:
    change(shop, settlement_minimum=FUNDS + 1)
    move_to(test_clock, DEFAULT_AT)
    assert (settle_merchants(), settled(shop)) == (1, [])

    earn(shop, 1)
    test_clock.move(hours=24)
    assert (settle_merchants(), settled(shop)) == (1, [("schedule", FUNDS + 1)])


def test_time_and_no_time_can_be_agreed_on(shop: Shop, test_clock: TestClock) -> None:
    change(shop, settlement_at="off")
    move_to(test_clock, "2026-03-03T00:00:00Z")
    assert settle_merchants() == 0
    assert shop.call("GET", "/v1/merchant/account").json["next_settlement_at"] is None

    change(shop, settlement_at="08:30")
    test_clock.move(minutes=30)
    assert (settle_merchants(), len(settled(shop))) == (1, 1)


def test_without_a_card_there_is_nothing_to_wait_for(
    cloud: None, bank: RunningBank, machine: StepFunctions, test_clock: TestClock
) -> None:
    shop = open_shop()
    earn(shop, 500)
    move_to(test_clock, "2026-03-03T00:00:00Z")
    assert settle_merchants() == 0
    assert operator("settle", merchant_id=shop.merchant_id) == "NO_SETTLEMENT_CARD"

    bind_card(shop, bank)
    test_clock.move(hours=24)
    assert (settle_merchants(), settled(shop)) == (1, [("schedule", 500)])


def test_one_who_is_disabled_is_settled_only_as_an_operator_wishes(
    shop: Shop, machine: StepFunctions, test_clock: TestClock
) -> None:
    operator("disable", merchant_id=shop.merchant_id)
    move_to(test_clock, DEFAULT_AT)
    assert (settle_merchants(), funds(shop)) == (1, (FUNDS, 0))

    for _ in range(2):
        operator("settle", merchant_id=shop.merchant_id)
    assert (settle_merchants(), settle_merchants()) == (1, 0)
    assert funds(shop) == (0, FUNDS)
    machine.run()
    operator("enable", merchant_id=shop.merchant_id)
    assert settled(shop) == [("operator", FUNDS)]
    assert shop.call("GET", SETTLEMENTS).json["items"][0]["status"] == "submitted"


@pytest.mark.parametrize("at", ["03:30", "12:00", "23:59", "00:00"])
def test_the_next_time_is_the_next_one_of_the_local_clock(test_clock: TestClock, at: str) -> None:
    test_clock.seconds = float(clock.seconds_of("2026-03-01T04:00:00Z"))  # noon in Shanghai

    found = clock.next_local_time_seconds(at)

    assert clock.local_moment(found).strftime("%H:%M") == at
    assert 0 < found - clock.seconds() <= 86_400
