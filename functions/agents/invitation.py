"""Accepting an invitation: the agent sets password and authenticator, and nobody else knows them.

What is chosen waits in the invitation until a code of the authenticator has confirmed it. Then it
takes the place of what was before, which ends every session.
"""

import hmac
from typing import NamedTuple

from functions.agents import audit
from functions.agents.accounts import email_of, find_agent, unchanged
from functions.agents.actor import Actor
from functions.agents.audit import Deed
from functions.agents.door import knock
from functions.agents.models import InvitationConfirmation, InvitationOpening
from functions.agents.records import ACTIVE, Agent, Invitation, agent_key, invitation_key
from functions.identity import passwords, totp
from functions.identity.models import TotpStarted
from functions.identity.sealed import open_sealed, place, seal
from functions.identity.sessions import all_sessions
from functions.identity.tokens import hashed
from functions.identity.tries import forgetting_tries
from functions.identity.verification_code import WrongCode
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.observability import count, logger
from shared.secrets import keyed_hash
from shared.table import Cancelled, check, delete, read, update, write

_TRIES = 5


class InvitationEnded(Problem):
    """Unknown, used, replaced by a newer one, too old, or with another secret: all one."""

    status = 422
    code = "INVITATION_ENDED"
    title = Texts("邀请已失效", "Invitation ended")
    detail = Texts(
        "邀请无效、已使用或已过期，请向管理员重新索取。",
        "This invitation is unknown, used or over. Ask your operator for a new one.",
    )


class _Opened(NamedTuple):
    invitation: Invitation
    agent: Agent


def open_invitation(
    invitation_id: str, opening: InvitationOpening, *, request_id: str, address: str
) -> TotpStarted:
    """Takes a password and gives an authenticator's secret; both count once confirmed.

    It may be done again until then, with another secret each time.
    Raises InvitationEnded, WeakPassword, TooManyRequests.
    """
    knock(address)
    opened = _opened(invitation_id, opening.secret)
    if opened.invitation.used_with:
        raise InvitationEnded
    passwords.check_strength(opening.password, phone="", field="password")
    agent_id, key = opened.agent.agent_id, invitation_key(invitation_id)
    secret = totp.new_secret()
    taking = update(
        Invitation(*key[1:]),
        [
            Invitation.password_hash.set(passwords.hash_of(opening.password)),
            Invitation.totp_secret.set(seal(secret, of=place(key, "totp_secret"))),
        ],
        Invitation.agent_id.exists() & Invitation.used_with.does_not_exist(),
    )
    still = check(Agent(*agent_key(agent_id)[1:]), Agent.invitation_id == invitation_id)
    by = Actor(agent_id, request_id, address)
    try:
        write(taking, still, audit.record(by, Deed.INVITATION_OPENED, agent_id))
    except Cancelled as cancelled:
        raise InvitationEnded from cancelled
    return TotpStarted(secret=secret, otpauth_uri=totp.otpauth_uri(secret, email_of(opened.agent)))


def confirm_invitation(
    invitation_id: str, confirmation: InvitationConfirmation, *, request_id: str, address: str
) -> None:
    """Makes the agent active, by a code of the authenticator. Said again, it is a success too.

    Raises InvitationEnded, WrongCode, TooManyRequests, ServiceUnavailable.
    """
    knock(address)
    used_with = keyed_hash("invitation_code", f"{invitation_id}:{confirmation.code}")
    for _ in range(_TRIES):
        opened = _opened(invitation_id, confirmation.secret)
        if opened.invitation.used_with:
            if hmac.compare_digest(opened.invitation.used_with, used_with):
                return
            raise InvitationEnded
        by = Actor(opened.agent.agent_id, request_id, address)
        if _accepted(opened, confirmation.code, used_with, by):
            logger.info("agent_invitation_accepted", extra={"agent_id": opened.agent.agent_id})
            count("AgentInvitationsAccepted")
            return
    raise ServiceUnavailable


def _opened(invitation_id: str, secret: str) -> _Opened:
    """Raises InvitationEnded."""
    key = invitation_key(invitation_id)
    invitation = read([key]).one(Invitation, key)
    if (
        invitation is None
        or not hmac.compare_digest(invitation.secret_hash, hashed(secret))
        or invitation.expires_at <= clock.seconds()
    ):
        raise InvitationEnded
    agent = find_agent(invitation.agent_id)
    if agent is None or agent.invitation_id != invitation_id:
        raise InvitationEnded
    return _Opened(invitation, agent)


def _accepted(opened: _Opened, code: str, used_with: str, by: Actor) -> bool:
    """False when somebody was faster. Raises WrongCode, also when no password was set yet."""
    invitation, agent = opened
    if not invitation.totp_secret:
        raise WrongCode
    of = place(invitation_key(invitation.pk.partition("#")[2]), "totp_secret")
    secret = open_sealed(invitation.totp_secret, of=of)
    step = totp.matching_step(secret, code, after=0)
    if step is None:
        raise WrongCode
    using = update(
        Invitation(invitation.pk, invitation.sk),
        [
            Invitation.used_with.set(used_with),
            Invitation.totp_secret.remove(),
            Invitation.password_hash.remove(),
        ],
        Invitation.used_with.does_not_exist() & (Invitation.totp_secret == invitation.totp_secret),
    )
    own = agent_key(agent.agent_id)
    entering = update(
        Agent(*own[1:]),
        [
            Agent.status.set(ACTIVE),
            Agent.password_hash.set(invitation.password_hash),
            Agent.totp_secret.set(seal(secret, of=place(own, "totp_secret"))),
            Agent.last_step.set(step),
        ],
        unchanged(agent),
    )
    before, after = {"status": agent.status}, {"status": ACTIVE}
    deed = audit.record(by, Deed.INVITATION_ACCEPTED, agent.agent_id, before=before, after=after)
    ending = [delete(session) for session in all_sessions(agent.agent_id)]
    try:
        write(using, entering, deed, forgetting_tries(agent.agent_id), *ending)
    except Cancelled:
        return False
    return True
