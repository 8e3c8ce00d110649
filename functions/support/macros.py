"""Answers that are said often, in both languages, and what goes with them.

They are data: `macros.json`. Fields in braces are filled from the ticket.
"""

from functools import cache
from pathlib import Path

import msgspec

from functions.support.incoming import Priority
from functions.support.records import RANKS, Ticket
from shared.errors import NotFound, Texts

_FILE = Path(__file__).with_name("macros.json")
_ABOUT = {
    "payment": Texts("付款 {id}", "payment {id}"),
    "transfer": Texts("转账 {id}", "transfer {id}"),
    "top_up": Texts("充值 {id}", "top-up {id}"),
    "withdrawal": Texts("提现 {id}", "withdrawal {id}"),
    "security_event": Texts("安全事件 {id}", "security event {id}"),
}
_NOTHING = Texts("您的问题", "your question")


class _Both(msgspec.Struct, frozen=True):
    zh: str
    en: str


class Macro(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`state`, `priority`, `tags` and `team`: what it makes of the ticket, where it says so."""

    id: str
    title: _Both
    text: _Both
    state: str | None = None
    priority: Priority | None = None
    tags: tuple[str, ...] = ()
    team: str | None = None


@cache
def macros() -> dict[str, Macro]:
    """All there are, by id."""
    known = msgspec.json.decode(_FILE.read_bytes(), type=list[Macro])
    return {macro.id: macro for macro in known}


def macro_of(macro_id: str) -> Macro:
    """Raises NotFound."""
    if macro_id not in macros():
        raise NotFound
    return macros()[macro_id]


def filled(macro: Macro, ticket: Ticket) -> str:
    """Its text in the language of the ticket."""
    text = Texts(macro.text.zh, macro.text.en)
    values = {
        "number": ticket.number,
        "subject": ticket.subject,
        "about": _about(ticket),
    }
    return text.in_language(ticket.language, values)


def added(macro: Macro, ticket: Ticket) -> dict[str, object]:
    """What it makes of the attributes of a ticket, but for the state. It never makes less urgent
    what somebody has made more.
    """
    changed: dict[str, object] = {}
    if macro.tags:
        changed["tags"] = {*(ticket.tags or ()), *macro.tags}
    if macro.priority and RANKS[macro.priority] < RANKS[ticket.priority]:
        changed["priority"] = macro.priority
    if macro.team:
        changed["team"] = macro.team
    return changed


def _about(ticket: Ticket) -> str:
    if not ticket.about:
        return _NOTHING.in_language(ticket.language, {})
    return _ABOUT[ticket.about["kind"]].in_language(ticket.language, {"id": ticket.about["id"]})
