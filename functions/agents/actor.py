"""Who does something on our side: an agent, an operator, or the system by itself."""

from typing import Any, NamedTuple

from functions.agents.records import Agent, agent_key
from shared.web.operation import Call
from shared.web.problems import Unauthenticated

AGENT, SUPERVISOR, FINANCE = "agent", "supervisor", "finance"
ROLES = frozenset({AGENT, SUPERVISOR, FINANCE})


class Actor(NamedTuple):
    """id: of an agent, `system`, or the name of an operator. user_id: of the agent's own account.

    request_id: what the deed can be found by in the logs.
    """

    id: str
    request_id: str
    address: str = ""
    roles: frozenset[str] = frozenset()
    user_id: str | None = None

    @property
    def person(self) -> str:
        """Two agents who are linked to one user are one person."""
        return self.user_id or self.id


def system(request_id: str) -> Actor:
    """What runs by schedule, or in the place of an agent who is not there any more."""
    return Actor("system", request_id)


def acting(call: Call[Any]) -> Actor:
    """The agent who asks, in an operation of an `Api` with the `agent_check`."""
    agent = call.found.one(Agent, agent_key(call.user_id))
    if agent is None:
        raise Unauthenticated
    return Actor(call.user_id, call.request_id, call.address, call.roles, agent.user_id)
