"""The rules that are shipped, as a table: what is known, and what follows."""

from typing import Any

import msgspec
import pytest

from functions.risk.decision import Facts, decide
from functions.risk.rules import Action, Rule, Rules, When, rules

DAY = 86_400
YUAN = 100
PLAIN = Facts(
    kind="transfer",
    local_hour=12,
    amount=2_000 * YUAN,
    largest=2_000 * YUAN,
    country="CN",
    last_country="CN",
    away_seconds=600,
)
SIGN_IN = Facts(kind="sign_in", local_hour=12, country="CN", last_country="CN", away_seconds=600)


def decided(facts: Facts, **known: Any) -> tuple[str, list[str]]:
    decision = decide(msgspec.structs.replace(facts, **known), rules())
    return decision.action.value, decision.reasons


@pytest.mark.parametrize(
    ("known", "action", "reasons"),
    [
        ({}, "allow", []),
        ({"new_payee": True}, "step_up", ["new_payee"]),
        ({"device_age_seconds": DAY - 1}, "step_up", ["new_device"]),
        ({"device_age_seconds": DAY}, "allow", []),
        ({"device_age_seconds": None}, "allow", []),
        ({"amount": 9_999_99, "largest": 9_999_99}, "allow", []),
        ({"amount": 10_000_00, "largest": 10_000_00}, "step_up", ["large_amount"]),
        ({"amount": 3_000_00, "largest": 300_00}, "step_up", ["unusual_amount"]),
        ({"amount": 3_000_00, "largest": 300_01}, "allow", []),
        ({"amount": 2_999_99, "largest": 1}, "allow", []),
        ({"amount": 3_000_00, "largest": 0}, "allow", []),
        ({"hour_count": 18}, "allow", []),
        ({"hour_count": 19}, "step_up", ["many_in_an_hour"]),
        ({"hour_amount": 48_000_00}, "step_up", ["much_in_an_hour"]),
        ({"hour_amount": 47_999_99}, "allow", []),
        ({"day_count": 99}, "step_up", ["many_in_a_day"]),
        ({"day_amount": 98_000_00}, "step_up", ["much_in_a_day"]),
        ({"country": "US"}, "step_up", ["impossible_travel"]),
        ({"country": "US", "away_seconds": 4 * 3_600}, "allow", []),
        ({"country": "HK"}, "allow", []),
        ({"country": ""}, "allow", []),
        ({"last_country": "", "country": "US"}, "allow", []),
        (
            {"amount": 20_000_00, "largest": 20_000_00, "local_hour": 0},
            "step_up",
            ["large_amount", "much_at_night"],
        ),
        (
            {"amount": 20_000_00, "largest": 20_000_00, "local_hour": 5},
            "step_up",
            ["large_amount"],
        ),
        (
            {
                "amount": 10_000_00,
                "largest": 10_000_00,
                "new_payee": True,
                "device_age_seconds": 60,
            },
            "step_up",
            ["new_payee", "new_device", "large_amount", "new_payee_from_new_device"],
        ),
        (
            {"amount": 10_000_00, "largest": 10_000_00, "new_payee": True, "country": "US"},
            "block",
            ["impossible_travel", "new_payee", "large_amount", "emptied_from_abroad"],
        ),
        ({"hour_count": 199}, "block", ["many_in_an_hour", "many_in_a_day", "flood"]),
    ],
)
def test_a_transfer_is_decided_on(known: dict[str, Any], action: str, reasons: list[str]) -> None:
    if "many_in_a_day" in reasons:
        known = {"day_count": 199} | known
    assert decided(PLAIN, **known) == (action, reasons)


@pytest.mark.parametrize(
    "known",
    [
        {"new_payee": True},
        {"device_age_seconds": 0},
        {"country": "US"},
        {"hour_count": 500, "day_count": 500},
        {"local_hour": 3},
        {"largest": 1},
        {"cool_down": True},
    ],
)
@pytest.mark.parametrize("kind", ["transfer", "top_up"])
def test_small_amounts_of_a_day_go_on_whatever_else_is_so(kind: Any, known: dict[str, Any]) -> None:
    assert decided(PLAIN, kind=kind, unguarded=True, amount=1_000_00, **known) == ("allow", [])


@pytest.mark.parametrize(
    ("known", "action", "reasons"),
    [
        ({}, "allow", []),
        ({"new_device": True}, "step_up", ["sign_in_from_new_device"]),
        ({"disputed": True}, "step_up", ["disputed"]),
        ({"country": "US"}, "step_up", ["impossible_travel"]),
        ({"country": "MO"}, "allow", []),
        ({"hour_count": 58}, "allow", []),
        ({"hour_count": 59}, "step_up", ["many_sign_ins"]),
    ],
)
def test_a_sign_in_is_decided_on(known: dict[str, Any], action: str, reasons: list[str]) -> None:
    assert decided(SIGN_IN, **known) == (action, reasons)


@pytest.mark.parametrize(
    ("known", "action", "reasons"),
    [
        ({"amount": 50_000_00}, "allow", []),
        (
            {"amount": 10_000_00, "device_age_seconds": 60},
            "step_up",
            ["large_top_up_from_new_device"],
        ),
        ({"hour_count": 9}, "step_up", ["many_top_ups"]),
        ({"cool_down": True}, "step_up", ["top_up_in_cool_down"]),
        ({"country": "US"}, "step_up", ["impossible_travel"]),
        ({"hour_count": 199}, "block", ["flood", "many_top_ups"]),
    ],
)
def test_a_top_up_is_decided_on(known: dict[str, Any], action: str, reasons: list[str]) -> None:
    assert decided(PLAIN, kind="top_up", **known) == (action, reasons)


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [((0, 5), {0, 4}, {5, 23}), ((22, 6), {22, 23, 0, 5}, {6, 21})],
)
def test_hours_may_go_over_midnight(
    hours: tuple[int, int], inside: set[int], outside: set[int]
) -> None:
    night = Rule(
        id="night", applies_to=["transfer"], action=Action.DELAY, when=When(local_hours=hours)
    )
    only = Rules(version="1", rules=[night])
    found = {
        hour
        for hour in inside | outside
        if decide(msgspec.structs.replace(PLAIN, local_hour=hour), only).matched
    }

    assert found == inside


def test_a_hard_rule_blocks_small_amounts_too() -> None:
    hard = Rule(
        id="hard",
        applies_to=["transfer"],
        action=Action.BLOCK,
        when=When(hour_count_at_least=3),
        hard=True,
    )
    small = msgspec.structs.replace(PLAIN, unguarded=True, hour_count=2)

    assert decide(small, Rules(version="1", rules=[hard])).action is Action.BLOCK


def test_a_transfer_may_take_a_step_and_be_delayed() -> None:
    facts = msgspec.structs.replace(PLAIN, amount=20_000_00, local_hour=2)
    decision = decide(facts, rules())

    assert decision.asks_for(Action.STEP_UP)
    assert decision.asks_for(Action.DELAY)
    assert not decision.asks_for(Action.BLOCK)
    assert decision.action is Action.STEP_UP
