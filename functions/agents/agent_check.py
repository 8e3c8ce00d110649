"""Who asks: from a bearer token to an agent with roles.

Session and agent are read in the same round trip as all else that an operation needs, so a role
that was taken away, or an agent who was disabled, counts no more at the next request.
"""

from functions.agents.actor import ROLES
from functions.agents.records import ACTIVE, Agent, agent_key
from functions.identity.session_check import SessionCheck
from functions.identity.tokens import AGENTS, Place
from shared.table import Found, Key
from shared.web.operation import Principal
from shared.web.problems import Unauthenticated


class AgentCheck(SessionCheck):
    roles = ROLES

    def keys_of(self, place: Place) -> list[Key]:
        return [*super().keys_of(place), agent_key(place.owner_id)]

    def standing(self, found: Found, place: Place) -> Principal:
        session = super().standing(found, place)
        agent = found.one(Agent, agent_key(place.owner_id))
        if agent is None or agent.status != ACTIVE:
            raise Unauthenticated
        return session._replace(roles=frozenset(agent.roles))


agent_check = AgentCheck(AGENTS)
