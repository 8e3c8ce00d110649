"""What operators have done with agents, and the agents of a local stack, who are made at its first
start as everybody is: by invitation.
"""

import json
import secrets
import time
from typing import NamedTuple

import pyotp
import urllib3

from infra.deploy import Place
from infra.template import Json

_TIMEOUT_SECONDS = 30
_STEP_SECONDS = 30
_ROLES = {
    "agent@u-wallet.example": "agent",
    "agent-2@u-wallet.example": "agent",
    "supervisor@u-wallet.example": "supervisor",
    "finance-1@u-wallet.example": "finance",
    "finance-2@u-wallet.example": "finance",
}


class LocalAgent(NamedTuple):
    """Somebody who can sign in here, and only here."""

    email: str
    password: str
    role: str
    totp_secret: str


class NotInvited(Exception):
    """The wallet did not take an agent; the message is its answer."""


class Refused(Exception):
    """What was asked for cannot be done; the message says why."""


def administer(place: Place, function: str, wish: Json) -> Json:
    """Has the function of that name do what `wish` says. Raises Refused."""
    operator = place.client("sts").get_caller_identity()["Arn"]
    answer = place.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({**wish, "operator": operator}).encode()
    )
    told: Json = json.loads(answer["Payload"].read())
    if "done" not in told:
        raise Refused(told.get("refused", told))
    done: Json = told["done"]
    return done


def staff(
    known: list[LocalAgent], *, place: Place, function: str, api_url: str
) -> list[LocalAgent]:
    """All agents of a stack. known: those of its last start, who are there unless it forgot them.

    Raises Refused, NotInvited.
    """
    by_email = {agent.email: agent for agent in known}
    made = []
    for email, role in _ROLES.items():
        try:
            invitation = administer(place, function, {"do": "add", "email": email, "roles": [role]})
        except Refused:
            if email in by_email:
                made.append(by_email[email])
                continue
            # A start that was cut short: made, and never remembered.
            invitation = administer(place, function, {"do": "invite", "email": email})
        made.append(accept(invitation, email=email, role=role, api_url=api_url))
    return made


def accept(invitation: Json, *, email: str, role: str, api_url: str) -> LocalAgent:
    """Does what an invited agent does. Raises NotInvited."""
    path = f"{api_url}/v1/agent/invitations/{invitation['invitation_id']}"
    secret = {"secret": invitation["secret"]}
    password = f"copper lantern {secrets.token_hex(6)}"
    totp_secret = _post(path, secret | {"password": password})["secret"]
    # The code before the present one, so that the present one is left for a sign-in.
    before = pyotp.TOTP(totp_secret).at(int(time.time()) - _STEP_SECONDS)
    _post(f"{path}/confirm", secret | {"code": before})
    return LocalAgent(email, password, role, totp_secret)


def _post(url: str, body: Json) -> Json:
    answer = urllib3.request(
        "POST",
        url,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        timeout=_TIMEOUT_SECONDS,
        retries=False,
    )
    if answer.status >= 300:
        raise NotInvited(answer.data.decode())
    return json.loads(answer.data) if answer.data else {}
