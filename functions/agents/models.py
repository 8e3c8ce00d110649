"""What agents send and get."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from functions.identity.models import Code, EmailText, GivenPassword, NewPassword, Tokens
from shared.web.fields import Id
from shared.web.pages import PageQuery

Role = Literal["agent", "supervisor", "finance"]
State = Literal["proposed", "approved", "rejected", "executed", "failed", "expired"]
InvitationSecret = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$(?!\n)")]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class AgentSignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All three at once: `totp` is the code that the authenticator shows."""

    email: EmailText
    password: GivenPassword
    totp: Code


class AgentSignedIn(Struct, frozen=True, kw_only=True):
    agent_id: str
    tokens: Tokens


class AgentView(Struct, frozen=True, kw_only=True):
    agent_id: str
    email: str
    roles: list[str]
    status: str


class AgentsView(Struct, frozen=True, kw_only=True):
    items: list[AgentView]


class InvitationOpening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`secret` came with the invitation, `password` is the agent's choice."""

    secret: InvitationSecret
    password: NewPassword


class InvitationConfirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    secret: InvitationSecret
    code: Code


class ApprovalQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    state: State = "proposed"


class Rejection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Reason


class SubjectView(Struct, frozen=True, kw_only=True):
    """What a proposal is about: its kind (`account`, `transfer`, ...) and its id."""

    kind: str
    id: str


class DecisionView(Struct, frozen=True, kw_only=True):
    agent_id: str
    decision: Literal["approve", "reject"]
    reason: str | None
    at: str


class ApprovalView(Struct, frozen=True, kw_only=True):
    """`what` would happen. `approvals_needed`: of others than whoever proposed it.

    `failure`: the code of the refusal that it met for good when it was to be executed.
    """

    approval_id: str
    kind: str
    title: str
    subject: SubjectView
    what: dict[str, Any]
    role: str
    approvals_needed: int
    proposed_by: str
    state: State
    decisions: list[DecisionView]
    failure: str | None
    created_at: str
    expires_at: str
    ended_at: str | None


class ApprovalPage(Struct, frozen=True, kw_only=True):
    items: list[ApprovalView]
    next_cursor: str | None


class AuditQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`month` in UTC, as `2026-11`; by default that of now. The others narrow it down."""

    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)")] | None = None
    who: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    deed: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    about: Id | None = None


class AuditView(Struct, frozen=True, kw_only=True):
    audit_id: str
    who: str
    deed: str
    about: str
    at: str
    request_id: str
    address: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(Struct, frozen=True, kw_only=True):
    items: list[AuditView]
    next_cursor: str | None
