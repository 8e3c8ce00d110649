"""Saying yes or no to a proposal.

The rules: the role of its kind; nobody decides on their own proposal, on an account of their own,
or twice, and two agents who are linked to one user are one person. They are conditions of the
write: an agent who loses role or account in between decides nothing, and a yes of somebody who is
no longer with us does not count when the last one comes.
"""

from typing import NamedTuple

from pynamodb.expressions.update import Action as Change

from functions.agents import audit
from functions.agents.actor import Actor
from functions.agents.approvals.execution import execute
from functions.agents.approvals.kinds import told_in_vain
from functions.agents.approvals.proposal import OwnAccount
from functions.agents.approvals.states import as_read, at, current, moving
from functions.agents.approvals.views import sees
from functions.agents.audit import Deed
from functions.agents.records import (
    ACTIVE,
    APPROVED,
    PROPOSED,
    REJECTED,
    Agent,
    Approval,
    agent_key,
)
from shared import clock
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.observability import count
from shared.table import Cancelled, Write, check, read, update, write
from shared.web.problems import RoleRequired

_TRIES = 5
YES, NO = "approve", "reject"


class SamePerson(Problem):
    status = 403
    code = "SAME_PERSON"
    title = Texts("须由另一人审批", "Another person required")
    detail = Texts(
        "您已提出或审批过此事项，须由另一位同事审批。",
        "You have proposed or approved this already. Another person must approve it.",
    )


class ApprovalEnded(Problem):
    status = 409
    code = "APPROVAL_ENDED"
    title = Texts("审批已结束", "Already decided")
    detail = Texts(
        "此事项已有结果或已过期，不能再审批。", "This has been decided or has expired already."
    )


def approve(approval_id: str, *, by: Actor) -> Approval:
    """Says yes; the last one that it takes executes it. Said again, it is as it was said first.

    Raises NotFound, RoleRequired, OwnAccount, SamePerson, ApprovalEnded, ServiceUnavailable.
    """
    for _ in range(_TRIES):
        approval = _visible(approval_id, by)
        if not _said(approval, YES, by):
            _check_may_approve(approval, by)
            if not _written(approval, _approving(approval, by)):
                continue
            approval = current(approval_id)
        return execute(approval, by=by)
    raise ServiceUnavailable


def reject(approval_id: str, reason: str, *, by: Actor) -> Approval:
    """Says no, which ends it. Whoever has proposed it may withdraw it so.

    Raises NotFound, RoleRequired, OwnAccount, ApprovalEnded, ServiceUnavailable.
    """
    for _ in range(_TRIES):
        approval = _visible(approval_id, by)
        if _said(approval, NO, by):
            return approval
        if approval.proposed_by != by.id:
            _check_role(approval, by)
        _check_open(approval)
        voted = _with_vote(approval, NO, by, reason)
        rejecting = moving(
            approval, REJECTED, by=by, deed=Deed.REJECTED, changes=voted, why={"reason": reason}
        )
        if _written(approval, _Vote(REJECTED, [*rejecting, *told_in_vain(approval), _still(by)])):
            return current(approval_id)
    raise ServiceUnavailable


class _Vote(NamedTuple):
    """The writes of a decision, and the state that it brings."""

    state: str
    writes: list[Write]


def _visible(approval_id: str, by: Actor) -> Approval:
    approval = current(approval_id)
    if not sees(by, approval):
        raise NotFound
    return approval


def _said(approval: Approval, decision: str, by: Actor) -> bool:
    return any(
        (one["agent_id"], one["decision"]) == (by.id, decision) for one in approval.decisions
    )


def _check_may_approve(approval: Approval, by: Actor) -> None:
    _check_role(approval, by)
    said_yes = {one["person"] for one in approval.decisions if one["decision"] == YES}
    if by.person in {approval.proposer, *said_yes} or by.id == approval.proposed_by:
        raise SamePerson
    _check_open(approval)


def _check_role(approval: Approval, by: Actor) -> None:
    if approval.role not in by.roles:
        raise RoleRequired
    if by.user_id is not None and by.user_id in approval.owners:
        raise OwnAccount


def _check_open(approval: Approval) -> None:
    if approval.state != PROPOSED or approval.expires_at <= clock.seconds():
        raise ApprovalEnded


def _approving(approval: Approval, by: Actor) -> _Vote:
    """The write of a yes; with the last one that it takes, also of the new state."""
    voted = _with_vote(approval, YES, by)
    counted = [_still_approver(agent, approval.role) for agent in _approvers(approval)]
    if len(counted) + 1 >= approval.needed:
        last = moving(approval, APPROVED, by=by, deed=Deed.APPROVED, changes=voted)
        return _Vote(APPROVED, [*last, *counted, _still(by, approval.role)])
    vote = update(at(approval), voted, as_read(approval))
    deed = audit.record(by, Deed.APPROVED, approval.approval_id, after={"state": PROPOSED})
    return _Vote(PROPOSED, [vote, deed, _still(by, approval.role)])


def _with_vote(
    approval: Approval, decision: str, by: Actor, reason: str | None = None
) -> list[Change]:
    vote = {
        "agent_id": by.id,
        "person": by.person,
        "decision": decision,
        "reason": reason,
        "at": clock.now_text(),
    }
    return [
        Approval.decisions.set([*approval.decisions, vote]),
        Approval.votes.set(approval.votes + 1),
    ]


def _approvers(approval: Approval) -> list[Agent]:
    """Those who have said yes and could still say it."""
    keys = [agent_key(one["agent_id"]) for one in approval.decisions if one["decision"] == YES]
    found = read(keys) if keys else None
    agents = [found.one(Agent, key) for key in keys] if found else []
    return [one for one in agents if one and one.status == ACTIVE and approval.role in one.roles]


def _still_approver(agent: Agent, role: str) -> Write:
    still = (Agent.status == ACTIVE) & Agent.roles.contains(role)
    return check(Agent(agent.pk, agent.sk), still)


def _still(by: Actor, role: str | None = None) -> Write:
    """That whoever decides is still who they were when the request came."""
    condition = Agent.status == ACTIVE
    linked = Agent.user_id.does_not_exist() if by.user_id is None else Agent.user_id == by.user_id
    condition &= linked
    if role is not None:
        condition &= Agent.roles.contains(role)
    return check(Agent(*agent_key(by.id)[1:]), condition)


def _written(approval: Approval, vote: _Vote) -> bool:
    """False when somebody was faster, and it must be looked at again."""
    try:
        write(*vote.writes)
    except Cancelled as cancelled:
        if cancelled.failed(vote.writes[-1]):
            raise RoleRequired from cancelled
        return False
    count("ApprovalsDecided", kind=approval.kind, state=vote.state)
    return True
