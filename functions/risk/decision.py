"""From facts to a decision. Pure: the same facts and rules decide the same, always."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from functions.risk.rules import Action, Kind, Rule, Rules


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an operation when it is decided on. Amounts are minor units.

    unguarded: all of today's amounts together are small. Counts and amounts of day and hour are of
    what came before; largest is 0 when nothing did. local_hour: 0 to 23. new_device: the user has
    others and signs in from this one for the first time. device_age_seconds: since the user first
    used this device; None for the first one. away_seconds: since the last sign of
    the user in last_country. Countries are ISO 3166 codes, empty where they are not known.
    """

    kind: Kind
    local_hour: int
    unguarded: bool = False
    amount: int = 0
    day_count: int = 0
    day_amount: int = 0
    hour_count: int = 0
    hour_amount: int = 0
    largest: int = 0
    new_payee: bool = False
    new_device: bool = False
    device_age_seconds: int | None = None
    cool_down: bool = False
    disputed: bool = False
    country: str = ""
    last_country: str = ""
    away_seconds: int = 0


class Decision(NamedTuple):
    """What is to be done, and the rules that say so. `version` is that of the rules."""

    matched: tuple[Rule, ...]
    version: str

    @property
    def action(self) -> Action:
        """The strictest that a rule asks for."""
        return max((rule.action for rule in self.matched), key=_rank, default=Action.ALLOW)

    @property
    def reasons(self) -> list[str]:
        return [rule.id for rule in self.matched]

    def asks_for(self, action: Action) -> bool:
        """Whether any rule does: money may take a step and be delayed."""
        return any(rule.action is action for rule in self.matched)

    def to_record(self, *, delayed: bool = False) -> dict[str, Any]:
        """What is kept of it. delayed: it was delayed, which nobody had asked for."""
        if not self.matched:
            return {"action": Action.ALLOW.value}
        kept = {"action": self.action.value, "reasons": self.reasons, "rules": self.version}
        return {**kept, "delayed": True} if delayed else kept


def decide(facts: Facts, rules: Rules) -> Decision:
    """Every rule that applies, in the order in which the rules stand."""
    matched = tuple(
        rule
        for rule in rules.rules
        if facts.kind in rule.applies_to
        and (rule.hard or not facts.unguarded)
        and _applies(rule, facts, rules)
    )
    return Decision(matched, rules.version)


_Test = Callable[[Facts, Any, Rules], bool]
_TESTS: dict[str, _Test] = {
    "amount_at_least": lambda facts, least, _: facts.amount >= least,
    "times_the_largest": lambda facts, times, _: 0 < facts.largest * times <= facts.amount,
    "hour_count_at_least": lambda facts, least, _: facts.hour_count + 1 >= least,
    "hour_amount_at_least": lambda facts, least, _: facts.hour_amount + facts.amount >= least,
    "day_count_at_least": lambda facts, least, _: facts.day_count + 1 >= least,
    "day_amount_at_least": lambda facts, least, _: facts.day_amount + facts.amount >= least,
    "local_hours": lambda facts, hours, _: _is_between(facts.local_hour, *hours),
    "new_device": lambda facts, *_: facts.new_device,
    "new_payee": lambda facts, *_: facts.new_payee,
    "device_younger_than_seconds": lambda facts, age, _: _is_younger(facts, age),
    "country_changed_within_seconds": lambda facts, within, rules: _travelled(facts, within, rules),
    "cool_down": lambda facts, *_: facts.cool_down,
    "disputed": lambda facts, *_: facts.disputed,
}


def _applies(rule: Rule, facts: Facts, rules: Rules) -> bool:
    return all(_TESTS[name](facts, getattr(rule.when, name), rules) for name in rule.when.given())


def _is_between(hour: int, first: int, end: int) -> bool:
    return first <= hour < end if first < end else hour >= first or hour < end


def _is_younger(facts: Facts, age: int) -> bool:
    return facts.device_age_seconds is not None and facts.device_age_seconds < age


def _travelled(facts: Facts, within: int, rules: Rules) -> bool:
    known = bool(facts.country and facts.last_country)
    soon = facts.away_seconds < within
    return known and soon and not rules.near(facts.country, facts.last_country)


def _rank(action: Action) -> int:
    return list(Action).index(action)
