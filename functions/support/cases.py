"""What the wallet itself brings before support, before its user has to ask."""

from typing import Any

from functions.support.records import Case, case_key
from shared import clock
from shared.table import Write, due_shard, put

WAITING = "case"


def opening(
    kind: str,
    *,
    about: str,
    user_id: str | None,
    facts: dict[str, Any],
    merchant_id: str | None = None,
) -> Write:
    """Opens a case, to be written with what it is about; fails where there is one already."""
    return put(
        Case(
            *case_key(kind, about)[1:],
            kind=kind,
            about=about,
            user_id=user_id,
            merchant_id=merchant_id,
            facts=facts,
            created_at=clock.now_text(),
            due_shard=due_shard(WAITING, about),
            due_at=clock.seconds(),
        )
    )
