"""Agents making sure of who asks to be let in: the open requests, one of them, what was heard.

Every look is in the audit trail, for the answers to the questions are shown with it.
"""

from collections.abc import Iterable, Sequence

from pynamodb.expressions.update import Action

from functions.agents import audit
from functions.agents.actor import Actor
from functions.agents.approvals import OwnAccount
from functions.agents.approvals.states import current
from functions.identity.directory import User, user_of
from functions.identity.dispute import open_reports
from functions.identity.notices import Notice, telling
from functions.identity.security_events import Happening, record
from functions.identity.unlocking import standing
from functions.support.unlock.models import (
    AccountStanding,
    Fact,
    FactsHeard,
    MailState,
    Refusal,
    State,
    UnlockLineView,
    UnlockPage,
    UnlockView,
)
from functions.support.unlock.questions import askable, questions
from functions.support.unlock.records import (
    OPEN,
    OPEN_LINES,
    PROPOSED,
    REFUSED,
    UNLOCKED,
    UnlockLine,
    UnlockRequest,
    lines_of,
    unlock_key,
)
from shared import clock
from shared.errors import NotFound, Problem, Texts
from shared.observability import count
from shared.settings import settings
from shared.table import Cancelled, Write, delete, read, update, write
from shared.web.cursor import open_cursor, seal
from shared.web.pages import PageQuery

_EARLIER = 20
# What has become of a proposal, in words of the request.
_BY_APPROVAL: dict[str, State] = {
    "proposed": "proposed",
    "approved": "proposed",
    "executed": "unlocked",
    "rejected": "refused",
    "failed": "refused",
    "expired": "expired",
}


class UnlockEnded(Problem):
    status = 409
    code = "UNLOCK_ENDED"
    title = Texts("解锁申请已结束", "Unlock request over")
    detail = Texts(
        "此申请已提交审批、已有结果或已过期，或刚被他人更改。",
        "This request was proposed, decided or has expired, or somebody has just changed it.",
    )


def list_open(query: PageQuery, *, by: Actor) -> UnlockPage:
    """A page of the requests that wait for an agent, the oldest first. Raises InvalidCursor."""
    of = f"unlocks {by.id}"
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    lines = list(
        UnlockLine.query(
            OPEN_LINES,
            consistent_read=True,
            last_evaluated_key={"pk": {"S": OPEN_LINES}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    page = lines[: query.limit]
    return UnlockPage(
        items=[_line_view(one) for one in _requests(page) if one.expires_at > clock.seconds()],
        next_cursor=seal(page[-1].sk, of=of) if len(lines) > len(page) else None,
    )


def look(request_id: str, *, by: Actor, language: str) -> UnlockView:
    """All that an agent needs to make sure, which is noted. Raises NotFound, OwnAccount."""
    request = request_for(request_id, by)
    audit.note(by, "unlock_looked_at", request_id, after={"user_id": request.user_id})
    return shown(request, language=language)


def hear(request_id: str, told: FactsHeard, *, by: Actor, language: str) -> UnlockView:
    """Keeps what was heard, in the place of what was before. Raises NotFound, OwnAccount,
    UnlockEnded.
    """
    request = open_for(request_id, by)
    heard = {**(request.facts or {}), **told.facts}
    deed = audit.record(
        by, "unlock_facts_heard", request_id, before=request.facts or {}, after=heard
    )
    change_open(request, [UnlockRequest.facts.set(heard)], [deed])
    request.facts = heard
    return shown(request, language=language)


def refuse(request_id: str, refusal: Refusal, *, by: Actor) -> None:
    """Ends a request, and tells the owner. Raises NotFound, OwnAccount, UnlockEnded."""
    request = open_for(request_id, by)
    told = telling(user_for(request), Notice.UNLOCK_REFUSED)
    after = {"state": REFUSED, "reason": refusal.reason}
    change_open(
        request,
        [UnlockRequest.state.set(REFUSED)],
        [
            delete(open_line(request)),
            record(request.user_id, Happening.UNLOCK_REFUSED),
            told.writing,
            audit.record(by, "unlock_refused", request_id, before={"state": OPEN}, after=after),
        ],
    )
    count("UnlockRequestsEnded", outcome=REFUSED)
    told.send()


def request_for(request_id: str, by: Actor) -> UnlockRequest:
    """Raises NotFound, OwnAccount."""
    key = unlock_key(request_id)
    request = read([key]).one(UnlockRequest, key)
    if request is None:
        raise NotFound
    if by.user_id is not None and by.user_id == request.user_id:
        raise OwnAccount
    return request


def open_for(request_id: str, by: Actor) -> UnlockRequest:
    """Raises NotFound, OwnAccount, UnlockEnded."""
    request = request_for(request_id, by)
    if request.state != OPEN or request.expires_at <= clock.seconds():
        raise UnlockEnded
    return request


def user_for(request: UnlockRequest) -> User:
    """Raises NotFound."""
    user = user_of(request.user_id)
    if user is None:
        raise NotFound
    return user


def change_open(request: UnlockRequest, changes: Sequence[Action], along: list[Write]) -> None:
    """Changes a request as it was read. Raises UnlockEnded when somebody else has."""
    changing = changing_open(request, changes)
    try:
        write(changing, *along)
    except Cancelled as cancelled:
        if not cancelled.failed(changing):
            raise
        raise UnlockEnded from cancelled


def changing_open(request: UnlockRequest, changes: Sequence[Action]) -> Write:
    as_read = (UnlockRequest.state == OPEN) & (UnlockRequest.version == request.version)
    return update(
        UnlockRequest(request.pk, request.sk),
        [*changes, UnlockRequest.version.set(request.version + 1)],
        as_read,
    )


def open_line(request: UnlockRequest) -> UnlockLine:
    return UnlockLine(OPEN_LINES, f"{request.created_at}#{request.request_id}")


def mail_of(request: UnlockRequest) -> MailState:
    if request.email_proven_at:
        return "proven"
    return "not_proven" if request.email_bound else "none_bound"


def needed(request: UnlockRequest, possible: set[Fact]) -> int:
    """How many facts must be confirmed: more where the mail does not speak for who asks."""
    wanted = settings().unlock_facts
    if mail_of(request) != "proven":
        wanted = settings().unlock_facts_without_email
    return min(wanted, len(possible))


def proposable_at(request: UnlockRequest) -> int:
    """Seconds. Without a proven mail the owner gets a day to object to what they were told of."""
    if mail_of(request) == "proven":
        return request.asked_at
    return request.asked_at + settings().unlock_wait_seconds


def shown(request: UnlockRequest, *, language: str) -> UnlockView:
    user = user_for(request)
    line = _line_view(request)
    return UnlockView(
        request_id=request.request_id,
        user_id=request.user_id,
        ticket_id=request.ticket_id,
        phone=request.phone,
        email=line.email,
        state=line.state,
        account=_account(request, user),
        questions=questions(user, request.facts or {}, language=language),
        confirmations_needed=needed(request, askable(user)),
        proposable_at=clock.text_of(proposable_at(request) * 1000),
        second_factor_removable=line.email != "not_proven",
        approval_id=request.approval_id,
        earlier=_earlier(request),
        created_at=request.created_at,
        expires_at=line.expires_at,
    )


def _account(request: UnlockRequest, user: User) -> AccountStanding:
    stands = standing(user)
    report = None
    if request.report_id:
        known = {one.report_id for one in open_reports(user.user_id)}
        report = "open" if request.report_id in known else "unknown"
    return AccountStanding(
        status=stands.status,
        disputed=stands.disputed,
        second_factor=stands.second_factor,
        report=report,  # type: ignore[arg-type]  # of the two above
    )


def _earlier(request: UnlockRequest) -> list[UnlockLineView]:
    lines = UnlockLine.query(
        lines_of(request.user_id),
        UnlockLine.sk < f"{request.created_at}#{request.request_id}",
        consistent_read=True,
        scan_index_forward=False,
        limit=_EARLIER,
    )
    return [_line_view(one) for one in _requests(lines)]


def _requests(lines: Iterable[UnlockLine]) -> list[UnlockRequest]:
    keys = [unlock_key(line.request_id) for line in lines]
    found = read(keys) if keys else None
    requests = [found.one(UnlockRequest, key) for key in keys] if found else []
    return [one for one in requests if one is not None]


def _line_view(request: UnlockRequest) -> UnlockLineView:
    return UnlockLineView(
        request_id=request.request_id,
        user_id=request.user_id,
        ticket_id=request.ticket_id,
        phone=request.phone,
        email=mail_of(request),
        state=_state(request),
        created_at=request.created_at,
        expires_at=clock.text_of(request.expires_at * 1000),
    )


def _state(request: UnlockRequest) -> State:
    if request.state == PROPOSED and request.approval_id:
        return _BY_APPROVAL[current(request.approval_id).state]
    if request.state == OPEN:
        return "expired" if request.expires_at <= clock.seconds() else "open"
    return "unlocked" if request.state == UNLOCKED else "refused"
