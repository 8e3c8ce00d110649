"""What the wallet itself brings before support, before its user has to ask."""

from typing import Any

from functions.support.records import Case, case_key
from shared import clock
from shared.table import Write, due_shard, put, put_new

WAITING = "case"
WITHDRAWAL_OVERDUE, RECONCILIATION_MISMATCH = "withdrawal_overdue", "reconciliation_mismatch"


def opening(kind: str, *, about: str, user_id: str | None, facts: dict[str, Any]) -> Write:
    """Opens a case, to be written with what it is about; fails where there is one already.

    user_id: whom it is about; None: nobody in particular.
    """
    return put(_case(kind, about, user_id, facts))


def open_case(kind: str, *, about: str, facts: dict[str, Any]) -> bool:
    """Opens a case about nobody in particular; False where there is one already."""
    return put_new(_case(kind, about, None, facts))


def _case(kind: str, about: str, user_id: str | None, facts: dict[str, Any]) -> Case:
    return Case(
        *case_key(kind, about)[1:],
        kind=kind,
        about=about,
        user_id=user_id,
        facts=facts,
        created_at=clock.now_text(),
        due_shard=due_shard(WAITING, about),
        due_at=clock.seconds(),
    )
