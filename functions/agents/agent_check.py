"""Who asks: from a bearer token to an agent with roles.

Session and agent are read in the same round trip as all else that an operation needs, so a role
that was taken away, or an agent who was disabled, counts no more at the next request.
"""

from functions.agents.actor import ROLES
from functions.agents.records import ACTIVE, Agent, agent_key
from functions.identity.session_check import SessionCheck
from functions.identity.tokens import AGENTS
from shared.table import Found, Key
from shared.web.operation import Principal
from shared.web.problems import Unauthenticated


class AgentCheck(SessionCheck):
    roles = ROLES

    def keys(self, token: str) -> list[Key]:
        return [*super().keys(token), agent_key(self.user_id(token))]

    def principal(self, found: Found, token: str) -> Principal:
        session = super().principal(found, token)
        agent = found.one(Agent, agent_key(session.user_id))
        if agent is None or agent.status != ACTIVE:
            raise Unauthenticated
        return session._replace(roles=frozenset(agent.roles))


agent_check = AgentCheck(AGENTS)
