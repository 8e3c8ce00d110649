"""Proposing to let somebody in, and what happens when a second agent has said yes."""

from collections.abc import Sequence

from functions.agents.actor import AGENT, Actor
from functions.agents.approvals import Approved, Proposal, Subject, action, propose
from functions.identity.directory import user_of
from functions.identity.dispute import open_reports
from functions.identity.notices import Notice, telling
from functions.identity.security_events import Happening, record
from functions.identity.unlocking import UnlockOutdated, unlock
from functions.support.automatic import ticket_of_report
from functions.support.cases import ACCOUNT_UNLOCKED, opening
from functions.support.masking import mask
from functions.support.unlock.models import UnlockProposal, UnlockProposed
from functions.support.unlock.questions import askable
from functions.support.unlock.records import (
    PROPOSED,
    UNLOCKED,
    UnlockRequest,
    unlock_key,
)
from functions.support.unlock.review import (
    UnlockEnded,
    changing_open,
    mail_of,
    needed,
    open_for,
    open_line,
    proposable_at,
    user_for,
)
from shared import clock
from shared.errors import Problem, Texts
from shared.observability import count
from shared.table import Cancelled, Write, delete, read, update

_KIND = "unlock_account"
_WRONG_ALLOWED = 1
_DAY_SECONDS = 86_400


class NotMadeSure(Problem):
    status = 422
    code = "NOT_MADE_SURE"
    title = Texts("核实不足", "Not sure enough")
    detail = Texts(
        "须核实 {needed} 项（答错至多 {wrong} 项），现已核实 {confirmed} 项。",
        "{needed} facts must be confirmed, with at most {wrong} wrong; {confirmed} are so far.",
    )


class UnlockTooEarly(Problem):
    status = 409
    code = "UNLOCK_TOO_EARLY"
    title = Texts("尚不能提出", "Too early")
    detail = Texts(
        "邮箱未核实，须等待 {seconds} 秒后才能提出，以便机主提出异议。",
        "The mail was not proven, so the owner has time to object: it can be proposed in "
        "{seconds} seconds.",
    )

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after, seconds=retry_after)


class SecondFactorStays(Problem):
    status = 422
    code = "SECOND_FACTOR_STAYS"
    title = Texts("不能关闭两步验证", "The second factor stays")
    detail = Texts(
        "已绑定邮箱而未核实，不能关闭两步验证。",
        "A mail address is bound and was not proven, so two-factor can't be turned off.",
    )


def propose_unlock(request_id: str, wish: UnlockProposal, *, by: Actor) -> UnlockProposed:
    """Proposes it to a second agent, once; the request is used up by it.

    Raises NotFound, OwnAccount, UnlockEnded, NotMadeSure, UnlockTooEarly, SecondFactorStays.
    """
    request = open_for(request_id, by)
    _check_sure(request)
    wait_seconds = proposable_at(request) - clock.seconds()
    if wait_seconds > 0:
        raise UnlockTooEarly(retry_after=wait_seconds)
    if wish.remove_second_factor and mail_of(request) == "not_proven":
        raise SecondFactorStays
    proposal = Proposal(
        kind=_KIND,
        key=request_id,
        subject=Subject("user", request.user_id),
        what={
            "request_id": request_id,
            "email": mail_of(request),
            "facts": request.facts,
            "remove_second_factor": wish.remove_second_factor,
            "note": mask(wish.note).text,
        },
        owners=(request.user_id,),
    )
    changes = [
        UnlockRequest.state.set(PROPOSED),
        UnlockRequest.approval_id.set(proposal.approval_id),
    ]
    proposing = changing_open(request, changes)
    try:
        approval_id = propose(
            proposal, by=by, together_with=[proposing, delete(open_line(request))]
        )
    except Cancelled as cancelled:
        raise UnlockEnded from cancelled
    return UnlockProposed(approval_id=approval_id)


def tell_of_refusal(undone: Approved) -> list[Write]:
    """Tells the owner as a refusal does; the schedule sends it."""
    user = user_of(undone.subject_id)
    if user is None or user.closed_at:
        return []
    told = telling(user, Notice.UNLOCK_REFUSED)
    return [record(user.user_id, Happening.UNLOCK_REFUSED), told.writing]


@action(
    _KIND,
    title=Texts("解锁账户", "Unlock an account"),
    role=AGENT,
    lasts_seconds=_DAY_SECONDS,
    in_vain=tell_of_refusal,
)
def open_account(approved: Approved, done: Sequence[Write]) -> None:
    """Lets the owner in, once, if nothing has changed since they proved who they are; what tickets
    there are about it is solved by schedule.

    Raises UnlockOutdated, AccountClosed, ServiceUnavailable.
    """
    key = unlock_key(approved.what["request_id"])
    request = read([key]).one(UnlockRequest, key)
    if request is None:
        raise UnlockOutdated
    using_up = update(
        UnlockRequest(request.pk, request.sk),
        [UnlockRequest.state.set(UNLOCKED)],
        (UnlockRequest.state == PROPOSED) & (UnlockRequest.approval_id == approved.approval_id),
    )
    reports = [ticket_of_report(one.report_id) for one in open_reports(request.user_id)]
    over = opening(
        ACCOUNT_UNLOCKED,
        about=request.request_id,
        user_id=request.user_id,
        facts={
            "tickets": [request.ticket_id, *reports],
            "approval_id": approved.approval_id,
        },
    )
    unlock(
        request.user_id,
        proven=request.proven,
        phone_digest=request.phone_digest,
        remove_second_factor=bool(approved.what["remove_second_factor"]),
        together_with=[*done, using_up, over],
    )
    count("UnlockRequestsEnded", outcome=UNLOCKED)


def _check_sure(request: UnlockRequest) -> None:
    possible = askable(user_for(request))
    heard = {fact: said for fact, said in (request.facts or {}).items() if fact in possible}
    said = list(heard.values())
    confirmed, wrong = said.count("confirmed"), said.count("wrong")
    least = needed(request, possible)
    if confirmed < least or wrong > _WRONG_ALLOWED:
        raise NotMadeSure(needed=least, confirmed=confirmed, wrong=_WRONG_ALLOWED)
