"""Draws a state machine's definition, as Mermaid, into the page that explains it.

`python -m infra.state_picture` does it anew; a test holds page and definition in step.
"""

import json
import re
import sys
from collections.abc import Iterator

from infra.package import PROJECT
from infra.template import Json

DEFINITION = PROJECT / "infra" / "withdrawal.asl.json"
PAGE = PROJECT / "docs" / "withdrawals.md"
_BLOCK = re.compile(r"```mermaid\n.*?```\n", re.DOTALL)
_SHAPES = {
    "Task": '["{}"]',
    "Choice": '{{"{}"}}',
    "Wait": '(["{}"])',
    "Succeed": '((("{}")))',
    "Fail": '((("{}")))',
}


def picture(definition: Json) -> str:
    """Solid arrows are the ways of outcomes, dotted ones those of errors that are left over."""
    states: Json = definition["States"]
    lines = ["```mermaid", "flowchart TD", f"  begin((( ))) --> {definition['StartAt']}"]
    lines += [f"  {name}{_SHAPES[state['Type']].format(name)}" for name, state in states.items()]
    for name, state in states.items():
        lines += [f"  {name} {arrow}" for arrow in _arrows(state)]
    return "\n".join([*lines, "```", ""])


def with_picture(page: str, definition: Json) -> str:
    """The page with its picture made anew. Raises ValueError when it has no place for it."""
    drawn, places = _BLOCK.subn(lambda _: picture(definition), page)
    if places != 1:
        raise ValueError("the page has one picture")
    return drawn


def _arrows(state: Json) -> Iterator[str]:
    by_target: dict[str, list[str]] = {}
    for rule in state.get("Choices", ()):
        by_target.setdefault(rule["Next"], []).append(rule["StringEquals"])
    if "Default" in state:
        by_target.setdefault(state["Default"], []).append("else")
    for target, outcomes in by_target.items():
        yield f'-- "{", ".join(outcomes)}" --> {target}'
    if "Next" in state:
        yield f"--> {state['Next']}"
    for catch in state.get("Catch", ()):
        yield f"-.-> {catch['Next']}"


def main() -> None:
    definition = json.loads(DEFINITION.read_text())
    PAGE.write_text(with_picture(PAGE.read_text(), definition))
    sys.stdout.write(f"{PAGE.relative_to(PROJECT)}\n")


if __name__ == "__main__":
    main()
