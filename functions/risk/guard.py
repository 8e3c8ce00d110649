"""The one place where an operation asks whether it may go on as it was asked for.

A plain yes costs nothing but the counting; the operation keeps it in its own record. Every other
decision is recorded here with its reasons and facts before anything follows from it. Nobody outside
is told which rule it was: that would teach how to get round it.
"""

import msgspec

from functions.identity.origin import Origin
from functions.identity.security_events import Happening, record
from functions.risk.decision import Decision, Facts, decide
from functions.risk.records import RiskDecision, risk_decision_key
from functions.risk.rules import Action, rules
from shared import clock
from shared.errors import Problem, Texts
from shared.identifiers import new_id
from shared.observability import count, logger
from shared.settings import settings
from shared.table import Write, put, write

__all__ = ["Action", "Decision", "Facts", "RiskBlocked", "guard"]


class RiskBlocked(Problem):
    status = 403
    code = "RISK_BLOCKED"
    title = Texts("操作未执行", "Not done")
    detail = Texts(
        "为保护您的账户，此操作未执行。如需帮助，请凭编号 {decision_id} 联系客服。",
        "This was not done, to protect your account. If you need help, contact support with the "
        "number {decision_id}.",
    )


def guard(facts: Facts, *, user_id: str, subject: str, origin: Origin) -> Decision:
    """Decides by the rules of this process, and records what is more than a plain yes.

    subject: the id of what is decided on. Raises RiskBlocked, ServiceUnavailable.
    """
    decision = decide(facts, rules())
    count("RiskDecisions", action=decision.action, kind=facts.kind)
    if decision.action is Action.ALLOW:
        return decision
    kept = _kept(decision, facts, user_id, subject)
    told: list[Write] = []
    if decision.action is Action.BLOCK:
        told = [record(user_id, Happening.RISK_BLOCKED, origin=origin, details={"of": facts.kind})]
    write(put(kept), *told)
    logger.info(
        "risk_decided",
        extra={"user_id": user_id, "decision_id": kept.decision_id, **decision.to_record()},
    )
    if decision.action is Action.BLOCK:
        raise RiskBlocked(decision_id=kept.decision_id)
    return decision


def allowed(facts: Facts) -> Decision | None:
    """The decision where it is a plain yes. None where more would follow from it: then it is for
    `guard` to decide on, when there is somebody who can take a step.
    """
    decision = decide(facts, rules())
    if decision.action is not Action.ALLOW:
        return None
    count("RiskDecisions", action=decision.action, kind=facts.kind)
    return decision


def _kept(decision: Decision, facts: Facts, user_id: str, subject: str) -> RiskDecision:
    decision_id = new_id("rd")
    return RiskDecision(
        *risk_decision_key(user_id, clock.milliseconds(), decision_id)[1:],
        decision_id=decision_id,
        user_id=user_id,
        subject=subject,
        action=decision.action.value,
        decided=decision.to_record(),
        facts=msgspec.to_builtins(facts),
        created_at=clock.now_text(),
        ttl=clock.seconds() + settings().risk_decisions_kept_seconds,
    )
