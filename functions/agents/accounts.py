"""Who works for us: adding agents, their roles, and ending what they may do. Only operators do it.

No operator ever knows a password: an agent is invited, and sets password and authenticator.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action as Change

from functions.agents import audit
from functions.agents.actor import ROLES, Actor
from functions.agents.audit import Deed
from functions.agents.models import AgentView
from functions.agents.records import (
    ACTIVE,
    DISABLED,
    INVITED,
    Agent,
    Invitation,
    agent_key,
    invitation_key,
)
from functions.identity.sealed import open_sealed, place, seal
from functions.identity.sessions import all_sessions
from functions.identity.tokens import hashed, new_secret
from shared import clock, mail
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.identifiers import id_from_digest, new_id
from shared.secrets import keyed_digest
from shared.settings import settings
from shared.table import Cancelled, Write, delete, put, read, update, write

_TRIES = 5


class AgentExists(Problem):
    status = 409
    code = "AGENT_EXISTS"
    title = Texts("客服已存在", "Agent exists")
    detail = Texts("此邮箱已有账户。", "There is an agent with this address already.")


class RolesInvalid(Problem):
    status = 422
    code = "ROLES_INVALID"
    title = Texts("角色无效", "Invalid roles")
    detail = Texts("角色须为：{roles}。", "Roles are some of: {roles}.")

    def __init__(self) -> None:
        super().__init__(roles=", ".join(sorted(ROLES)))


class Invited(NamedTuple):
    """The only sight of an invitation. `expires_at` is text."""

    agent_id: str
    invitation_id: str
    secret: str
    expires_at: str


def agent_id_of(email: str) -> str:
    """The id of whoever has this address, which says nothing about it. Case is no matter."""
    address = mail.normalised(email)
    return id_from_digest("a", keyed_digest("agent_email", address.casefold()))


def find_agent(agent_id: str) -> Agent | None:
    key = agent_key(agent_id)
    return read([key]).one(Agent, key)


def active_agent(agent_id: str) -> Agent | None:
    """None for one who was disabled, or has not accepted yet."""
    agent = find_agent(agent_id)
    return agent if agent is not None and agent.status == ACTIVE else None


def add(email: str, roles: Sequence[str], *, by: Actor) -> Invited:
    """Makes an agent, who is invited. Raises InvalidField, RolesInvalid, AgentExists."""
    agent_id, key = agent_id_of(email), agent_key(agent_id_of(email))
    invited, invitation = _invitation(agent_id)
    agent = Agent(
        *key[1:],
        agent_id=agent_id,
        email=seal(mail.normalised(email), of=place(key, "email")),
        roles=_checked(roles),
        status=INVITED,
        invitation_id=invited.invitation_id,
        created_at=clock.now_text(),
    )
    after = {"roles": sorted(set(roles))}
    try:
        write(put(agent), invitation, audit.record(by, Deed.INVITED, agent_id, after=after))
    except Cancelled as cancelled:
        raise AgentExists from cancelled
    return invited


def invite(email: str, *, by: Actor) -> Invited:
    """Invites an agent anew, who has lost password or authenticator or was disabled.

    What they sign in with stays good until the new invitation is accepted. Raises NotFound.
    """
    agent_id = agent_id_of(email)
    invited, invitation = _invitation(agent_id)

    def changes(agent: Agent) -> list[Change]:
        status = INVITED if agent.status == DISABLED else agent.status
        return [Agent.invitation_id.set(invited.invitation_id), Agent.status.set(status)]

    def along(agent: Agent) -> list[Write]:
        return [
            invitation,
            audit.record(by, Deed.INVITED, agent_id, before={"status": agent.status}),
        ]

    _change(agent_id, changes, along)
    return invited


def change_roles(email: str, roles: Sequence[str], *, by: Actor) -> str:
    """Gives other roles, from the next request on; gives the id. Raises NotFound, RolesInvalid."""
    agent_id, given = agent_id_of(email), _checked(roles)

    def along(agent: Agent) -> list[Write]:
        before, after = {"roles": sorted(agent.roles)}, {"roles": sorted(given)}
        return [audit.record(by, Deed.ROLES_CHANGED, agent_id, before=before, after=after)]

    _change(agent_id, lambda _: [Agent.roles.set(given)], along)
    return agent_id


def link_user(email: str, user_id: str, *, by: Actor) -> str:
    """Says which user an agent is, who never acts on that account; gives the id of the agent.

    user_id: empty for none. Raises NotFound.
    """
    agent_id = agent_id_of(email)
    linking = Agent.user_id.set(user_id) if user_id else Agent.user_id.remove()

    def along(agent: Agent) -> list[Write]:
        before, after = {"user_id": agent.user_id}, {"user_id": user_id or None}
        return [audit.record(by, Deed.USER_LINKED, agent_id, before=before, after=after)]

    _change(agent_id, lambda _: [linking], along)
    return agent_id


def disable(email: str, *, by: Actor) -> str:
    """Ends all that an agent may do, at once: sessions, password, invitation. Raises NotFound."""
    agent_id = agent_id_of(email)
    forgetting: list[Change] = [
        Agent.status.set(DISABLED),
        Agent.password_hash.remove(),
        Agent.totp_secret.remove(),
        Agent.invitation_id.remove(),
    ]

    def along(agent: Agent) -> list[Write]:
        deed = audit.record(by, Deed.DISABLED, agent_id, before={"status": agent.status})
        return [deed, *(delete(session) for session in all_sessions(agent_id))]

    _change(agent_id, lambda _: forgetting, along)
    return agent_id


def list_agents() -> list[AgentView]:
    """All of them, with their addresses."""
    return [view(agent) for agent in Agent.query(agent_key("").pk, consistent_read=True)]


def view(agent: Agent) -> AgentView:
    return AgentView(
        agent_id=agent.agent_id,
        email=email_of(agent),
        roles=sorted(agent.roles),
        status=agent.status,
    )


def email_of(agent: Agent) -> str:
    return open_sealed(agent.email, of=place(agent_key(agent.agent_id), "email"))


def unchanged(agent: Agent) -> Condition:
    """That an agent is as they were read, and nobody signed in as them since."""
    condition: Condition = Agent.status == agent.status
    condition &= Agent.sign_ins == agent.sign_ins
    for attribute, value in (
        (Agent.invitation_id, agent.invitation_id),
        (Agent.user_id, agent.user_id),
    ):
        condition &= attribute == value if value else attribute.does_not_exist()
    condition &= Agent.roles == agent.roles
    return condition


def _change(
    agent_id: str,
    changes: Callable[[Agent], list[Change]],
    along: Callable[[Agent], list[Write]],
) -> None:
    """Changes an agent under the condition that nothing else did; tries again if something has."""
    for _ in range(_TRIES):
        agent = find_agent(agent_id)
        if agent is None:
            raise NotFound
        own = Agent(agent.pk, agent.sk)
        try:
            write(update(own, changes(agent), unchanged(agent)), *along(agent))
        except Cancelled:
            continue
        return
    raise ServiceUnavailable


def _invitation(agent_id: str) -> tuple[Invited, Write]:
    secret, invitation_id = new_secret(), new_id("inv")
    expires_at = clock.seconds() + settings().agent_invitation_seconds
    invitation = Invitation(
        *invitation_key(invitation_id)[1:],
        agent_id=agent_id,
        secret_hash=hashed(secret),
        expires_at=expires_at,
        ttl=expires_at,
    )
    shown = Invited(agent_id, invitation_id, secret, clock.text_of(expires_at * 1000))
    return shown, put(invitation)


def _checked(roles: Sequence[str]) -> set[str]:
    if not roles or not ROLES.issuperset(roles):
        raise RolesInvalid
    return set(roles)
