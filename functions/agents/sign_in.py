"""Signing in as an agent: mail address, password and a code of the authenticator, all at once.

Whichever of the three is wrong, the answer is the same, and costs the same for an address that
nobody has. A code is looked at only when the password was right; a wrong one counts as a try too.
"""

from pynamodb.expressions.update import Action as Change

from functions.agents import audit
from functions.agents.accounts import agent_id_of, find_agent
from functions.agents.actor import Actor
from functions.agents.audit import Deed
from functions.agents.door import knock
from functions.agents.models import AgentSignedIn, AgentSignIn
from functions.agents.records import ACTIVE, Agent, agent_key
from functions.identity import passwords, totp
from functions.identity.origin import Origin
from functions.identity.sealed import open_sealed, place
from functions.identity.sessions import end_surplus, new_session
from functions.identity.tries import count_try, forgetting_tries
from shared.errors import Problem, Texts
from shared.observability import count, logger
from shared.settings import settings
from shared.table import Cancelled, update, write


class WrongAgentCredentials(Problem):
    status = 401
    code = "WRONG_CREDENTIALS"
    title = Texts("登录信息错误", "Wrong credentials")
    detail = Texts(
        "邮箱、密码或动态码错误，或动态码已被使用。",
        "The address, the password or the code is wrong, or the code was used before.",
    )


class AgentLocked(Problem):
    status = 423
    code = "ACCOUNT_LOCKED"
    title = Texts("账户已锁定", "Account locked")
    detail = Texts(
        "错误次数过多，账户已锁定。请在 {minutes} 分钟后重试，或请管理员重新邀请。",
        "Too many wrong tries. Try again in {minutes} minutes, or ask your operator to invite "
        "you again.",
    )

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after, minutes=-(-retry_after // 60))


def sign_in(given: AgentSignIn, *, origin: Origin, request_id: str) -> AgentSignedIn:
    """A session for an agent. Raises WrongAgentCredentials, AgentLocked, TooManyRequests."""
    knock(origin.address)
    agent_id = agent_id_of(given.email)
    by = Actor(agent_id, request_id, origin.address)
    agent = _active(agent_id)
    locked_seconds = count_try(agent_id)
    matched = passwords.matches(given.password, None if agent is None else agent.password_hash)
    if locked_seconds:
        _refused(by, "locked")
        raise AgentLocked(retry_after=locked_seconds)
    step = _step(agent, given.totp) if agent is not None and matched else None
    if agent is None or step is None:
        _refused(by, "wrong")
        raise WrongAgentCredentials
    session = new_session(agent_id, origin, lasts_seconds=settings().agent_session_seconds)
    entering = update(
        Agent(agent.pk, agent.sk),
        [Agent.sign_ins.add(1), Agent.last_step.set(step), *_upgraded(agent, given.password)],
        (Agent.status == ACTIVE)
        & (Agent.password_hash == agent.password_hash)
        & (Agent.totp_secret == agent.totp_secret)
        & (Agent.last_step < step),
    )
    deed = audit.record(by, Deed.SIGNED_IN, agent_id)
    try:
        write(session.starting, entering, forgetting_tries(agent_id), deed)
    except Cancelled as cancelled:
        raise WrongAgentCredentials from cancelled
    end_surplus(agent_id, newest=session.record)
    logger.info("agent_signed_in", extra={"agent_id": agent_id})
    count("AgentSignIns")
    return AgentSignedIn(agent_id=agent_id, tokens=session.tokens)


def _active(agent_id: str) -> Agent | None:
    agent = find_agent(agent_id)
    return agent if agent is not None and agent.status == ACTIVE else None


def _step(agent: Agent, code: str) -> int | None:
    secret = open_sealed(str(agent.totp_secret), of=place(agent_key(agent.agent_id), "totp_secret"))
    return totp.matching_step(secret, code, after=agent.last_step)


def _upgraded(agent: Agent, password: str) -> list[Change]:
    """The same password hashed anew, when it was hashed with parameters of the past."""
    if not passwords.is_outdated(str(agent.password_hash)):
        return []
    return [Agent.password_hash.set(passwords.hash_of(password))]


def _refused(by: Actor, reason: str) -> None:
    audit.note(by, Deed.SIGN_IN_FAILED, by.id, after={"reason": reason})
    logger.warning("agent_refused", extra={"reason": reason, "agent_id": by.id})
    count("AgentSignInsRefused", reason=reason)
