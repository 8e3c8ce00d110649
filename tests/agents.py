"""People who work for us in tests: invited by an operator, and signed in through the edge."""

from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pyotp

from functions.agents.accounts import agent_id_of
from functions.agents.events import on_operator
from functions.agents.records import ACTIVE, agent_key
from functions.agents.records import Agent as AgentRecord
from functions.identity import passwords, totp
from functions.identity.origin import Origin
from functions.identity.sealed import place, seal
from functions.identity.sessions import new_session
from shared import clock
from shared.settings import settings
from shared.table import put, write
from tests.edge import Answer, call

PASSWORD = "copper lantern 42 rising"
SESSIONS = "/v1/agent/sessions"
APPROVALS = "/v1/agent/approvals"


@dataclass(frozen=True)
class Agent:
    """An agent with an authenticator, on one device."""

    email: str
    agent_id: str
    totp_secret: str
    token: str = ""
    refresh_token: str = ""

    def call(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """A request of this agent."""
        return call(method, path, body, token=self.token, **more)

    def code(self, *, steps: int = 0) -> str:
        """The code of now, or of some steps of 30 seconds later."""
        return pyotp.TOTP(self.totp_secret).at(clock.seconds() + 30 * steps)

    def asks_in(self, **changed: Any) -> Answer:
        """A sign-in with all that is right, but for what is changed."""
        address = changed.pop("address", "203.0.113.7")
        given = {"email": self.email, "password": PASSWORD, "totp": self.code()}
        return call("POST", SESSIONS, given | changed, address=address)

    def signed_in(self) -> "Agent":
        made = self.asks_in()
        assert made.status == 201, made.text
        tokens = made.json["tokens"]
        return replace(self, token=tokens["access_token"], refresh_token=tokens["refresh_token"])

    def approve(self, approval_id: str) -> Answer:
        return self.call("POST", f"{APPROVALS}/{approval_id}/approve")

    def reject(self, approval_id: str, reason: str = "it is wrong") -> Answer:
        return self.call("POST", f"{APPROVALS}/{approval_id}/reject", {"reason": reason})


def operator(do: str, **wish: Any) -> dict[str, Any]:
    """What the function for operators answers."""
    told: dict[str, Any] = on_operator(
        {"do": do, "operator": "olga", **wish}, SimpleNamespace(aws_request_id="op-1")
    )
    return told


def invited(email: str, *roles: str) -> dict[str, Any]:
    """A new agent's invitation."""
    done: dict[str, Any] = operator("add", email=email, roles=list(roles))["done"]
    return done


def opened(invitation: dict[str, Any], password: str = PASSWORD, **more: Any) -> Answer:
    body = {"secret": invitation["secret"], "password": password}
    path = f"/v1/agent/invitations/{invitation['invitation_id']}"
    return call("POST", path, body | more)


def confirmed(invitation: dict[str, Any], code: str, **more: Any) -> Answer:
    body = {"secret": invitation["secret"], "code": code}
    path = f"/v1/agent/invitations/{invitation['invitation_id']}/confirm"
    return call("POST", path, body | more)


def accepted(email: str, invitation: dict[str, Any]) -> Agent:
    """With the code of the step before, so that those of now and later are unused."""
    begun = opened(invitation)
    assert begun.status == 201, begun.text
    agent = Agent(email, invitation["agent_id"], begun.json["secret"])
    done = confirmed(invitation, agent.code(steps=-1))
    assert done.status == 204, done.text
    return agent


def hired(email: str, *roles: str) -> Agent:
    """Somebody who works here and has not signed in yet."""
    return accepted(email, invited(email, *roles))


def at_work(email: str, *roles: str, user_id: str | None = None) -> Agent:
    """Somebody who works here and is signed in, written straight into the records: an invitation
    and a sign-in, which have tests of their own, cost what Argon2 costs.
    """
    agent_id, secret = agent_id_of(email), totp.new_secret()
    key = agent_key(agent_id)
    record = AgentRecord(
        *key[1:],
        agent_id=agent_id,
        email=seal(email, of=place(key, "email")),
        roles=set(roles),
        status=ACTIVE,
        user_id=user_id,
        password_hash=_password_hash(),
        totp_secret=seal(secret, of=place(key, "totp_secret")),
        created_at=clock.now_text(),
    )
    lasts_seconds = settings().agent_session_seconds
    session = new_session(agent_id, Origin(None, "203.0.113.7", ""), lasts_seconds=lasts_seconds)
    write(put(record), session.starting)
    tokens = session.tokens
    return Agent(email, agent_id, secret, tokens.access_token, tokens.refresh_token)


@cache
def _password_hash() -> str:
    return passwords.hash_of(PASSWORD)


def deeds(supervisor: Agent, **wanted: str) -> list[dict[str, Any]]:
    """The audit trail of this month, the oldest first."""
    query = "&".join(f"{name}={value}" for name, value in {**wanted, "limit": "100"}.items())
    answer = supervisor.call("GET", f"/v1/agent/audit?{query}")
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items[::-1]
