"""What the wallet itself brings before support, before its user has to ask, or to an end."""

from typing import Any

from functions.support.records import Case, case_key
from shared import clock
from shared.table import Write, due_shard, put, put_new, update

WAITING = "case"
WITHDRAWAL_OVERDUE, RECONCILIATION_MISMATCH = "withdrawal_overdue", "reconciliation_mismatch"
# What ends tickets, the `tickets` of its facts.
ACCOUNT_UNLOCKED = "account_unlocked"


def opening(
    kind: str,
    *,
    about: str,
    user_id: str | None,
    facts: dict[str, Any],
    merchant_id: str | None = None,
) -> Write:
    """Opens a case, to be written with what it is about; fails where there is one already.

    user_id, merchant_id: whom it is about; neither: nobody in particular.
    """
    return put(_case(kind, about, user_id, facts, merchant_id))


def open_case(kind: str, *, about: str, facts: dict[str, Any]) -> bool:
    """Opens a case about nobody in particular; False where there is one already."""
    return put_new(_case(kind, about, None, facts))


def ended(case: Case) -> Write:
    """Ends its waiting; fails where somebody has."""
    waiting = [Case.due_shard.remove(), Case.due_at.remove()]
    return update(Case(case.pk, case.sk), waiting, Case.due_shard.exists())


def _case(
    kind: str,
    about: str,
    user_id: str | None,
    facts: dict[str, Any],
    merchant_id: str | None = None,
) -> Case:
    return Case(
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
