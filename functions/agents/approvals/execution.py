"""Doing what was approved, once; and ending what nobody decided.

The state changes in the transaction of the effect, so a crash leaves either both or none. What was
approved and not done is done by the schedule.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from functions.agents.actor import Actor, system
from functions.agents.approvals.kinds import approved_of, kind_of, told_in_vain
from functions.agents.approvals.states import AWAITING, current, moving
from functions.agents.audit import Deed
from functions.agents.records import APPROVED, EXECUTED, EXPIRED, FAILED, PROPOSED, Approval
from shared import clock
from shared.errors import Problem
from shared.observability import count, logger
from shared.sweep import sweep
from shared.table import Cancelled, Write, due_shards, write

_RUN_LIMIT = 200


def execute(approval: Approval, *, by: Actor) -> Approval:
    """Does what was approved, and nothing else; gives the approval as it stands then.

    A refusal for good is remembered as such. Everything else that the action raises passes through,
    and it is tried again.
    """
    if approval.state != APPROVED:
        return approval
    done = moving(approval, EXECUTED, by=by, deed=Deed.EXECUTED)
    try:
        kind_of(approval.kind).execute(approved_of(approval), done)
    except Cancelled:
        # Unless somebody else was faster, it was a condition of the action's own.
        if current(approval.approval_id).state == APPROVED:
            raise
    except Problem as problem:
        if problem.status >= 500:
            raise
        _fail(approval, problem, by)
    if current(approval.approval_id).state == APPROVED:
        # The effect was elsewhere, and did not carry the writes.
        _end(done)
    standing = current(approval.approval_id)
    logger.info("approval_ended", extra={"approval_id": standing.approval_id})
    count("ApprovalsEnded", kind=standing.kind, state=standing.state)
    return standing


def finish_approvals(request_id: str) -> int:
    """Executes what was approved and not done, and ends what has expired; how many there were."""
    by = system(request_id)
    return sweep("finish_approvals", _due(), lambda due: _finish(due, by))


def _due() -> Iterator[Approval]:
    now = clock.seconds()
    return chain.from_iterable(
        Approval.due.query(shard, Approval.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(AWAITING)
    )


def _finish(due: Approval, by: Actor) -> None:
    approval = current(due.approval_id)
    if approval.state == PROPOSED and approval.expires_at <= clock.seconds():
        expiring = moving(approval, EXPIRED, by=by, deed=Deed.EXPIRED)
        _end([*expiring, *told_in_vain(approval)])
        count("ApprovalsEnded", kind=approval.kind, state=EXPIRED)
    else:
        execute(approval, by=by)


def _fail(approval: Approval, problem: Problem, by: Actor) -> None:
    logger.warning(
        "approval_failed", extra={"approval_id": approval.approval_id, "code": problem.code}
    )
    failing = moving(
        approval,
        FAILED,
        by=by,
        deed=Deed.EXECUTION_FAILED,
        changes=[Approval.failure.set(problem.code)],
        why={"failure": problem.code},
    )
    _end([*failing, *told_in_vain(approval)])


def _end(ending: Sequence[Write]) -> None:
    """Writes an end, unless another one stands already."""
    try:
        write(*ending)
    except Cancelled as cancelled:
        if not cancelled.failed(ending[0]):
            raise
