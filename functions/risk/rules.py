"""The rules of risk: data in `rules.json`, or in the file that the setting `risk_rules` names.

They are checked as a whole when they are loaded. A rule that says something impossible refuses to
load, for one that silently never applies protects nobody.
"""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from shared.settings import settings

Kind = Literal["sign_in", "transfer", "top_up", "withdrawal", "payment"]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Amount = Annotated[int, msgspec.Meta(ge=1)]
_Seconds = Annotated[int, msgspec.Meta(ge=1)]
_Hour = Annotated[int, msgspec.Meta(ge=0, le=23)]
_Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
_RuleId = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z_]{0,39}$")]


class Action(StrEnum):
    """What follows from a decision; the later outranks the earlier."""

    ALLOW = "allow"
    DELAY = "delay"
    STEP_UP = "step_up"
    BLOCK = "block"


class When(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What must be so for a rule to apply: all that is given here.

    Counts and amounts of an hour or a day are of the local clock, with this operation. Amounts are
    minor units. local_hours: from the first hour to before the second, also over midnight.
    new_payee: somebody who was never sent to; of a withdrawal, a card that was bound of late.
    times_the_largest: so many times the most that was ever sent at once; not for the first time.
    """

    amount_at_least: _Amount | None = None
    times_the_largest: _Count | None = None
    hour_count_at_least: _Count | None = None
    hour_amount_at_least: _Amount | None = None
    day_count_at_least: _Count | None = None
    day_amount_at_least: _Amount | None = None
    local_hours: tuple[_Hour, _Hour] | None = None
    new_payee: Literal[True] | None = None
    new_device: Literal[True] | None = None
    device_younger_than_seconds: _Seconds | None = None
    country_changed_within_seconds: _Seconds | None = None
    cool_down: Literal[True] | None = None
    disputed: Literal[True] | None = None

    def __post_init__(self) -> None:
        if not self.given():
            raise ValueError("a rule without a condition applies to everything")
        if self.local_hours and self.local_hours[0] == self.local_hours[1]:
            raise ValueError("hours that begin where they end are no hours, or all of them")

    def given(self) -> set[str]:
        """The names of the conditions."""
        return {name for name in self.__struct_fields__ if getattr(self, name) is not None}


_KNOWN_OF_ANY = {"local_hours", "country_changed_within_seconds", "hour_count_at_least"}
_KNOWN_OF_MONEY = _KNOWN_OF_ANY | {
    "amount_at_least",
    "times_the_largest",
    "hour_amount_at_least",
    "day_count_at_least",
    "day_amount_at_least",
    "device_younger_than_seconds",
    "cool_down",
}
_KNOWN: dict[Kind, set[str]] = {
    "sign_in": _KNOWN_OF_ANY | {"disputed", "new_device"},
    "transfer": _KNOWN_OF_MONEY | {"new_payee"},
    "top_up": _KNOWN_OF_MONEY,
    "withdrawal": _KNOWN_OF_MONEY | {"new_payee"},
    "payment": _KNOWN_OF_MONEY,
}
_POSSIBLE: dict[Kind, set[Action]] = {
    "sign_in": {Action.STEP_UP, Action.BLOCK},
    "transfer": {Action.DELAY, Action.STEP_UP, Action.BLOCK},
    "top_up": {Action.STEP_UP, Action.BLOCK},
    "withdrawal": {Action.DELAY, Action.STEP_UP, Action.BLOCK},
    "payment": {Action.STEP_UP, Action.BLOCK},
}


class Rule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One rule. hard: it applies to the small amounts of a day as well, and can only block."""

    id: _RuleId
    applies_to: Annotated[list[Kind], msgspec.Meta(min_length=1)]
    action: Action
    when: When
    hard: bool = False

    def __post_init__(self) -> None:
        if self.hard and self.action is not Action.BLOCK:
            raise ValueError(f"{self.id}: small amounts are never delayed or asked for a step")
        for kind in self.applies_to:
            if self.action not in _POSSIBLE[kind]:
                raise ValueError(f"{self.id}: {kind} cannot be answered by {self.action}")
            if unknown := self.when.given() - _KNOWN[kind]:
                raise ValueError(f"{self.id}: {kind} knows nothing of {sorted(unknown)}")


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules. neighbours: groups of countries between which people travel in an hour."""

    version: str
    rules: Annotated[list[Rule], msgspec.Meta(min_length=1)]
    neighbours: list[Annotated[list[_Country], msgspec.Meta(min_length=2)]] = []

    def __post_init__(self) -> None:
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) != len(ids):
            raise ValueError("two rules have the same id")

    def near(self, one: str, other: str) -> bool:
        """Whether somebody may well be in one country soon after the other."""
        return one == other or any(one in group and other in group for group in self.neighbours)


@cache
def rules() -> Rules:
    """The rules of this process. Raises OSError, and msgspec.ValidationError for bad ones."""
    own = Path(__file__).with_name("rules.json")
    return loaded(Path(settings().risk_rules) if settings().risk_rules else own)


def loaded(path: Path) -> Rules:
    """The rules in a file. Raises as `rules` does."""
    return msgspec.json.decode(path.read_bytes(), type=Rules)
