"""From one state of an approval to the next, in one transaction with its place in the lists.

proposed -> approved -> executed, or failed for good
         -> rejected
         -> expired
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action as Change

from functions.agents import audit
from functions.agents.actor import Actor
from functions.agents.audit import Deed
from functions.agents.records import (
    APPROVED,
    PROPOSED,
    Approval,
    ApprovalLine,
    approval_key,
    approval_lines,
)
from shared import clock
from shared.errors import NotFound
from shared.table import Write, delete, put, read, update

AWAITING = "approval"
# Whoever approves last executes it; the schedule takes it up when nothing has come of that.
_EXECUTED_AFTER_SECONDS = 60


def current(approval_id: str) -> Approval:
    """As it stands now. Raises NotFound."""
    key = approval_key(approval_id)
    found = read([key]).one(Approval, key)
    if found is None:
        raise NotFound
    return found


def at(approval: Approval) -> Approval:
    """A bare record with the key of `approval`, to write conditions and changes against."""
    return Approval(approval.pk, approval.sk)


def line(approval: Approval, state: str = PROPOSED) -> ApprovalLine:
    """Its line in the list of a state, not yet written."""
    return ApprovalLine(
        approval_lines(state),
        f"{approval.created_at}#{approval.approval_id}",
        approval_id=approval.approval_id,
        role=approval.role,
        proposed_by=approval.proposed_by,
    )


def moving(
    approval: Approval,
    state: str,
    *,
    by: Actor,
    deed: Deed,
    changes: Sequence[Change] = (),
    why: Mapping[str, Any] | None = None,
) -> list[Write]:
    """The writes that bring an approval as it was read to another state; the first has the
    condition that nobody else was faster.
    """
    own = [Approval.state.set(state), *changes, *_waiting(state)]
    after = {"state": state, **(why or {})}
    return [
        update(at(approval), own, as_read(approval)),
        delete(line(approval, approval.state)),
        put(line(approval, state)),
        audit.record(by, deed, approval.approval_id, before={"state": approval.state}, after=after),
    ]


def as_read(approval: Approval) -> Condition:
    """That it is in the state in which it was read, and nobody has voted since."""
    condition: Condition = Approval.state == approval.state
    condition &= Approval.votes == approval.votes
    return condition


def _waiting(state: str) -> list[Change]:
    if state == APPROVED:
        return [Approval.due_at.set(clock.seconds() + _EXECUTED_AFTER_SECONDS)]
    ended = Approval.ended_at.set(clock.now_text())
    return [ended, Approval.due_shard.remove(), Approval.due_at.remove()]
