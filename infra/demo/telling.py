"""How the demo shows what it does, and ends when something is not as it must be."""

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console

from infra.phone_app import Answer, Unexpected

PATIENCE_SECONDS = 120
POLL_SECONDS = 0.3

console = Console(highlight=False)


def expect(answer: Answer, http_status: int, /, **members: Any) -> None:
    """Raises Unexpected unless the answer has this HTTP status and these members."""
    told = answer.json or {}
    differs = any(told.get(name) != value for name, value in members.items())
    if answer.status != http_status or differs:
        raise Unexpected(f"{answer.status} {told}, where {http_status} {members} was due")


def chapter(title: str) -> None:
    console.print(f"\n[bold]{title}[/bold]")


def step(what: str, result: str) -> None:
    console.print(f"  [green]✓[/green] {what} [dim]→[/dim] {result}")


def until(look: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:
    """What `look` sees once it is so. Raises Unexpected when that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so(seen := look()):
        if time.monotonic() > deadline:
            raise Unexpected(f"still so after {PATIENCE_SECONDS} seconds: {seen}")
        time.sleep(POLL_SECONDS)
    return seen
