"""The routes of those who work for us."""

from functions.agents.accounts import find_agent, list_agents, view
from functions.agents.actor import ROLES, SUPERVISOR, Actor, acting
from functions.agents.agent_check import agent_check
from functions.agents.approvals import OwnAccount, decision, views
from functions.agents.approvals.decision import ApprovalEnded, SamePerson
from functions.agents.audit import Deed, list_audit, record
from functions.agents.invitation import InvitationEnded, confirm_invitation, open_invitation
from functions.agents.models import (
    AgentSignedIn,
    AgentSignIn,
    AgentsView,
    AgentView,
    ApprovalPage,
    ApprovalQuery,
    ApprovalView,
    AuditPage,
    AuditQuery,
    InvitationConfirmation,
    InvitationOpening,
    Rejection,
)
from functions.agents.sign_in import AgentLocked, WrongAgentCredentials, sign_in
from functions.identity.models import Refreshed, RefreshRequest, SessionPage, TotpStarted
from functions.identity.origin import Origin
from functions.identity.passwords import WeakPassword
from functions.identity.sessions import end, list_sessions, refresh
from functions.identity.tokens import AGENTS
from functions.identity.verification_code import WrongCode
from shared.errors import NotFound
from shared.rate_limit import TooManyRequests
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor, Unauthenticated

api = Api(__name__, agent_check)
_SUPERVISORS = frozenset({SUPERVISOR})


@api.operation(
    "POST",
    "/v1/agent/sessions",
    body=AgentSignIn,
    answers={201: AgentSignedIn},
    problems=(AgentLocked, TooManyRequests, WrongAgentCredentials),
    public=True,
)
def create_agent_session(call: Call[AgentSignIn]) -> Reply:
    """Signs an agent in by mail address, password and authenticator."""
    origin = Origin(None, call.address, call.country)
    return Reply(201, sign_in(call.body, origin=origin, request_id=call.request_id))


@api.operation(
    "POST",
    "/v1/agent/sessions/refresh",
    body=RefreshRequest,
    answers={201: Refreshed},
    problems=(Unauthenticated,),
    public=True,
)
def refresh_agent_session(call: Call[RefreshRequest]) -> Reply:
    """Changes a refresh token of an agent for new tokens."""
    tokens = refresh(
        call.body.refresh_token,
        AGENTS,
        reused=lambda agent_id: record(
            Actor(agent_id, call.request_id, call.address), Deed.REFRESH_TOKEN_REUSED, agent_id
        ),
    )
    return Reply(201, Refreshed(tokens=tokens))


@api.operation(
    "GET",
    "/v1/agent/sessions",
    query=PageQuery,
    answers={200: SessionPage},
    problems=(InvalidCursor,),
    roles=ROLES,
)
def get_agent_sessions(call: Call[None]) -> Reply:
    """Lists where the agent is signed in, the last used first."""
    return Reply(200, list_sessions(call.user_id, call.session_id, call.query))


@api.operation(
    "DELETE",
    "/v1/agent/sessions/{session_id}",
    answers={204: None},
    problems=(NotFound,),
    roles=ROLES,
)
def delete_agent_session(call: Call[None]) -> Reply:
    """Signs the agent out at one place; `current` is the one that asks."""
    asked = call.path["session_id"]
    ended = call.session_id if asked == "current" else asked
    end(call.user_id, ended, event=record(acting(call), Deed.SIGNED_OUT, ended))
    return Reply(204)


@api.operation(
    "POST",
    "/v1/agent/invitations/{invitation_id}",
    body=InvitationOpening,
    answers={201: TotpStarted},
    problems=(InvitationEnded, TooManyRequests, WeakPassword),
    public=True,
)
def open_agent_invitation(call: Call[InvitationOpening]) -> Reply:
    """Takes the password of an invited agent and gives the secret for an authenticator."""
    started = open_invitation(
        call.path["invitation_id"], call.body, request_id=call.request_id, address=call.address
    )
    return Reply(201, started)


@api.operation(
    "POST",
    "/v1/agent/invitations/{invitation_id}/confirm",
    body=InvitationConfirmation,
    answers={204: None},
    problems=(InvitationEnded, TooManyRequests, WrongCode),
    public=True,
)
def confirm_agent_invitation(call: Call[InvitationConfirmation]) -> Reply:
    """Makes an invited agent active, by a code of the authenticator."""
    confirm_invitation(
        call.path["invitation_id"], call.body, request_id=call.request_id, address=call.address
    )
    return Reply(204)


@api.operation("GET", "/v1/agent/me", answers={200: AgentView}, roles=ROLES)
def get_agent_me(call: Call[None]) -> Reply:
    """Shows which agent is signed in."""
    agent = find_agent(call.user_id)
    if agent is None:
        raise Unauthenticated
    return Reply(200, view(agent))


@api.operation("GET", "/v1/agent/agents", answers={200: AgentsView}, roles=_SUPERVISORS)
def get_agents(call: Call[None]) -> Reply:
    """Lists all who work here."""
    return Reply(200, AgentsView(items=list_agents()))


@api.operation(
    "GET",
    "/v1/agent/approvals",
    query=ApprovalQuery,
    answers={200: ApprovalPage},
    problems=(InvalidCursor,),
    roles=ROLES,
)
def get_approvals(call: Call[None]) -> Reply:
    """Lists the proposals in one state, the newest first."""
    page = views.list_approvals(call.query, by=acting(call), language=call.language)
    return Reply(200, page)


@api.operation(
    "GET",
    "/v1/agent/approvals/{approval_id}",
    answers={200: ApprovalView},
    problems=(NotFound,),
    roles=ROLES,
)
def get_approval(call: Call[None]) -> Reply:
    """Shows what would happen, and who has said what."""
    shown = views.shown(call.path["approval_id"], by=acting(call), language=call.language)
    return Reply(200, shown)


@api.operation(
    "POST",
    "/v1/agent/approvals/{approval_id}/approve",
    answers={200: ApprovalView},
    problems=(ApprovalEnded, NotFound, OwnAccount, SamePerson),
    roles=ROLES,
)
def approve_proposal(call: Call[None]) -> Reply:
    """Says yes; the last yes that it takes executes it."""
    approval = decision.approve(call.path["approval_id"], by=acting(call))
    return Reply(200, views.view(approval, language=call.language))


@api.operation(
    "POST",
    "/v1/agent/approvals/{approval_id}/reject",
    body=Rejection,
    answers={200: ApprovalView},
    problems=(ApprovalEnded, NotFound, OwnAccount),
    roles=ROLES,
)
def reject_proposal(call: Call[Rejection]) -> Reply:
    """Says no, with a reason, which ends it."""
    approval = decision.reject(call.path["approval_id"], call.body.reason, by=acting(call))
    return Reply(200, views.view(approval, language=call.language))


@api.operation(
    "GET",
    "/v1/agent/audit",
    query=AuditQuery,
    answers={200: AuditPage},
    problems=(InvalidCursor,),
    roles=_SUPERVISORS,
)
def get_audit(call: Call[None]) -> Reply:
    """Lists who did what in a month, the newest first."""
    return Reply(200, list_audit(call.query))
