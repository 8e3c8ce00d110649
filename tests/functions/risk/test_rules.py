"""Rules are data: what they may say, and what refuses to load."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from functions.risk.rules import Rules, loaded, rules
from shared.settings import settings

GOOD: dict[str, Any] = {
    "id": "new_payee",
    "applies_to": ["transfer"],
    "action": "step_up",
    "when": {"new_payee": True},
}


def load(tmp_path: Path, *given: dict[str, Any], **more: Any) -> Rules:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"version": "1", "rules": list(given)} | more))
    return loaded(file)


def test_the_rules_that_are_shipped_load() -> None:
    assert {rule.id for rule in rules().rules} >= {"disputed", "impossible_travel", "new_payee"}


def test_every_condition_is_used_by_a_rule_that_is_shipped() -> None:
    used = set().union(*(rule.when.given() for rule in rules().rules))
    known = set(rules().rules[0].when.__struct_fields__)

    assert known == used


def test_a_good_rule_loads(tmp_path: Path) -> None:
    assert [rule.id for rule in load(tmp_path, GOOD).rules] == ["new_payee"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "New Payee"},
        {"id": None},
        {"applies_to": []},
        {"applies_to": ["withdrawals"]},
        {"action": "call_the_police"},
        {"action": "allow"},
        {"when": {}},
        {"when": {"new_payee": False}},
        {"when": {"new_pyaee": True}},
        {"when": {"amount_at_least": 0}},
        {"when": {"amount_at_least": "1000"}},
        {"when": {"amount_at_least": 10.5}},
        {"when": {"times_the_largest": -1}},
        {"when": {"local_hours": [0, 24]}},
        {"when": {"local_hours": [5, 5]}},
        {"when": {"local_hours": [5]}},
        {"hard": True},
        {"wehn": {}},
        {"applies_to": ["sign_in"]},
        {"applies_to": ["top_up"]},
        {"applies_to": ["top_up"], "when": {"amount_at_least": 1}, "action": "delay"},
        {"applies_to": ["sign_in"], "when": {"disputed": True}, "action": "delay"},
        {"applies_to": ["sign_in"], "when": {"amount_at_least": 1}},
        {"when": {"disputed": True}},
    ],
)
def test_a_bad_rule_refuses_to_load(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        load(tmp_path, GOOD | change)


@pytest.mark.parametrize(
    "change",
    [
        {"rules": []},
        {"version": None},
        {"neighbours": [["CN"]]},
        {"neighbours": [["china", "HK"]]},
        {"rulez": []},
    ],
)
def test_bad_rules_refuse_to_load(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        load(tmp_path, GOOD, **change)


def test_two_rules_of_one_name_refuse_to_load(tmp_path: Path) -> None:
    with pytest.raises(msgspec.ValidationError, match="same id"):
        load(tmp_path, GOOD, GOOD)


def test_what_is_no_json_refuses_to_load(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text("rules: none")
    with pytest.raises(msgspec.DecodeError):
        loaded(file)


def test_other_rules_are_named_by_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, GOOD)
    monkeypatch.setenv("RISK_RULES", str(tmp_path / "rules.json"))
    for cached in (settings, rules):
        cached.cache_clear()
    try:
        assert [rule.id for rule in rules().rules] == ["new_payee"]
    finally:
        monkeypatch.undo()
        for cached in (settings, rules):
            cached.cache_clear()
