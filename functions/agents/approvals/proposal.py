"""Proposing what several people must agree to."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from functions.agents import audit
from functions.agents.actor import Actor
from functions.agents.approvals.kinds import kind_of
from functions.agents.approvals.states import AWAITING, line
from functions.agents.audit import Deed
from functions.agents.records import PROPOSED, Approval, approval_key
from shared import clock
from shared.errors import IdempotencyKeyReused, Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.observability import count
from shared.settings import settings
from shared.table import Cancelled, Write, due_shard, put, read, write


class OwnAccount(Problem):
    status = 403
    code = "OWN_ACCOUNT"
    title = Texts("不能处理自己的账户", "Your own account")
    detail = Texts(
        "此事项涉及您本人的账户，须由其他同事处理。",
        "This is about an account of your own. Somebody else must do it.",
    )


class Subject(NamedTuple):
    """What a proposal is about. kind: `account`, `transfer`, `merchant`, ..."""

    kind: str
    id: str


class Proposal(NamedTuple):
    """what: would happen, as JSON that people are shown and the action gets; never a secret.

    key: proposing again with the same key is the same proposal, also after it has ended.
    owners: the ids of the users whose accounts it touches.
    """

    kind: str
    key: str
    subject: Subject
    what: dict[str, Any]
    owners: tuple[str, ...] = ()

    @property
    def approval_id(self) -> str:
        return derived_id("ap", self.kind, self.key)


def propose(proposal: Proposal, *, by: Actor, together_with: Sequence[Write] = ()) -> str:
    """Proposes once, together with other writes or not at all; gives the id of the approval.

    When it was proposed before, nothing is written. Raises OwnAccount, IdempotencyKeyReused for
    another proposal under the same key, Cancelled for a condition of `together_with`.
    """
    proposed = proposing(proposal, by=by)
    try:
        write(*proposed, *together_with)
    except Cancelled as cancelled:
        if not cancelled.failed(proposed[0]):
            raise
        _check_same(proposal, by)
        return proposal.approval_id
    count("ApprovalsProposed", kind=proposal.kind)
    return proposal.approval_id


def proposing(proposal: Proposal, *, by: Actor) -> list[Write]:
    """The writes of a proposal, for a transaction of the domain's own; the first fails when it was
    proposed before. Raises OwnAccount, KeyError for a kind that nobody has registered.
    """
    if by.user_id is not None and by.user_id in proposal.owners:
        raise OwnAccount
    approval = _approval(proposal, by)
    deed = audit.record(by, Deed.PROPOSED, approval.approval_id, after=_shown(proposal))
    return [put(approval), put(line(approval)), deed]


def _approval(proposal: Proposal, by: Actor) -> Approval:
    kind = kind_of(proposal.kind)
    approval_id = proposal.approval_id
    expires_at = clock.seconds() + (kind.lasts_seconds or settings().approval_seconds)
    return Approval(
        *approval_key(approval_id)[1:],
        approval_id=approval_id,
        kind=kind.name,
        subject_kind=proposal.subject.kind,
        subject_id=proposal.subject.id,
        owners=list(proposal.owners),
        what=proposal.what,
        role=kind.role,
        needed=kind.people - (1 if kind.role in by.roles else 0),
        proposed_by=by.id,
        proposer=by.person,
        fingerprint=_fingerprint(proposal, by),
        state=PROPOSED,
        decisions=[],
        created_at=clock.now_text(),
        expires_at=expires_at,
        due_shard=due_shard(AWAITING, approval_id),
        due_at=expires_at,
    )


def _check_same(proposal: Proposal, by: Actor) -> None:
    key = approval_key(proposal.approval_id)
    earlier = read([key]).one(Approval, key)
    if earlier is None:
        raise ServiceUnavailable
    if earlier.fingerprint != _fingerprint(proposal, by):
        raise IdempotencyKeyReused


def _fingerprint(proposal: Proposal, by: Actor) -> str:
    said = msgspec.json.encode([_shown(proposal), by.id], order="sorted")
    return hashlib.sha256(said).hexdigest()


def _shown(proposal: Proposal) -> dict[str, Any]:
    return {
        "kind": proposal.kind,
        "subject": proposal.subject._asdict(),
        "what": proposal.what,
        "owners": list(proposal.owners),
    }
