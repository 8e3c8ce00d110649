"""Approvals as agents see them: one, or the list of a state."""

import msgspec
from pynamodb.expressions.condition import Condition

from functions.agents.actor import SUPERVISOR, Actor
from functions.agents.approvals.kinds import kind_of
from functions.agents.approvals.states import current
from functions.agents.models import (
    ApprovalPage,
    ApprovalQuery,
    ApprovalView,
    DecisionView,
    SubjectView,
)
from functions.agents.records import (
    EXPIRED,
    PROPOSED,
    Approval,
    ApprovalLine,
    approval_key,
    approval_lines,
)
from shared import clock
from shared.errors import NotFound
from shared.table import read
from shared.web.cursor import open_cursor, seal


def sees(by: Actor, approval: Approval) -> bool:
    """Those who may decide see it, whoever has proposed it, and supervisors."""
    return bool({approval.role, SUPERVISOR} & by.roles) or approval.proposed_by == by.id


def shown(approval_id: str, *, by: Actor, language: str) -> ApprovalView:
    """Raises NotFound, also for what is none of the agent's business."""
    approval = current(approval_id)
    if not sees(by, approval):
        raise NotFound
    return view(approval, language=language)


def list_approvals(query: ApprovalQuery, *, by: Actor, language: str) -> ApprovalPage:
    """A page of the approvals in a state that the agent may see, the newest first.

    Raises InvalidCursor.
    """
    of = f"approvals {query.state} {by.id}"
    pk = approval_lines(query.state)
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    lines = list(
        ApprovalLine.query(
            pk,
            filter_condition=_seen_by(by),
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    page = lines[: query.limit]
    keys = [approval_key(each.approval_id) for each in page]
    found = read(keys) if keys else None
    approvals = [found.one(Approval, key) for key in keys] if found else []
    return ApprovalPage(
        items=[view(one, language=language) for one in approvals if one],
        next_cursor=seal(page[-1].sk, of=of) if len(lines) > len(page) else None,
    )


def view(approval: Approval, *, language: str) -> ApprovalView:
    """What people are shown. One whose time is over is expired, also before a schedule says so."""
    over = approval.state == PROPOSED and approval.expires_at <= clock.seconds()
    return ApprovalView(
        approval_id=approval.approval_id,
        kind=approval.kind,
        title=kind_of(approval.kind).title.in_language(language, {}),
        subject=SubjectView(kind=approval.subject_kind, id=approval.subject_id),
        what=approval.what,
        role=approval.role,
        approvals_needed=approval.needed,
        proposed_by=approval.proposed_by,
        state=EXPIRED if over else approval.state,  # type: ignore[arg-type]  # our six words
        decisions=[
            msgspec.convert(
                {name: each[name] for name in DecisionView.__struct_fields__}, DecisionView
            )
            for each in approval.decisions
        ],
        failure=approval.failure,
        created_at=approval.created_at,
        expires_at=clock.text_of(approval.expires_at * 1000),
        ended_at=approval.ended_at,
    )


def _seen_by(by: Actor) -> Condition | None:
    if SUPERVISOR in by.roles:
        return None
    own: Condition = ApprovalLine.proposed_by == by.id
    own |= ApprovalLine.role.is_in(*sorted(by.roles))
    return own
