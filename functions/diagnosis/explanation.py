"""What is told of one request: what became of it, and whether it would pass if made anew."""

from collections.abc import Mapping
from typing import Any

import msgspec

from functions.diagnosis.attempts import FailedAttempt, diagnosis_of
from functions.diagnosis.dry_run import Foreseen
from functions.diagnosis.models import Explained, Kind
from shared.diagnosis import Diagnosis, explain, of_state
from shared.errors import NotFound, Problem
from shared.ledger.records import Transfer


class NeverArrived(NotFound):
    """Said in the same words of what never was and of what is somebody else's."""

    def __init__(self, *, language: str) -> None:
        known = of_state("NeverArrived", "NEVER_ARRIVED", {}, language=language)
        super().__init__(diagnosis=msgspec.to_builtins(known))


def of_attempt(attempt: FailedAttempt, foreseen: Foreseen, *, language: str) -> Explained:
    """A request whose refusal left no more than the attempt."""
    return what_failed(
        attempt.kind,  # type: ignore[arg-type]  # written from our four words
        attempt.object_id,
        amount=attempt.amount,
        created_at=attempt.created_at,
        diagnosis=diagnosis_of(attempt, language=language),
        foreseen=foreseen,
        language=language,
    )


def of_refused(kind: Kind, refused: Transfer, foreseen: Foreseen, *, language: str) -> Explained:
    """A request whose refusal its key goes on to be answered with."""
    return what_failed(
        kind,
        refused.transfer_id,
        amount=refused.amount,
        created_at=refused.created_at,
        diagnosis=explain(Problem.from_record(refused.refusal), language=language),
        foreseen=foreseen,
        language=language,
    )


def of_standing(
    kind: Kind, transfer: Transfer, state: str, facts: Mapping[str, Any], *, language: str
) -> Explained:
    """A request that was done. state: the name of what is said of it, `Done`."""
    return Explained(
        kind=kind,
        id=transfer.transfer_id,
        amount=transfer.amount,
        currency="CNY",
        created_at=transfer.created_at,
        diagnosis=of_state(state, state.upper(), facts, language=language),
        would_pass_now=False,
        step_up=False,
        in_the_way=[],
    )


def what_failed(
    kind: Kind,
    object_id: str,
    *,
    amount: int | None,
    created_at: str,
    diagnosis: Diagnosis,
    foreseen: Foreseen,
    language: str,
    known_elsewhere: bool = False,
) -> Explained:
    """What failed, and what stands in the way of the same made anew.

    known_elsewhere: a bank or a platform refused it, and nothing here tells whether it still would;
    so where trying again makes no sense, its word stays in the way.
    """
    in_the_way = [explain(problem, language=language) for problem in foreseen.in_the_way]
    if known_elsewhere and not diagnosis.safe_to_retry:
        in_the_way.append(diagnosis)
    return Explained(
        kind=kind,
        id=object_id,
        amount=amount,
        currency="CNY",
        created_at=created_at,
        diagnosis=diagnosis,
        would_pass_now=not in_the_way,
        step_up=foreseen.step_up,
        in_the_way=in_the_way,
    )
