"""An agent's reply: it goes back on the channel on which its person wrote last."""

from functions.agents import audit
from functions.agents.actor import Actor
from functions.support.access import check_not_own
from functions.support.conversation import earlier, post
from functions.support.delivery import send_now
from functions.support.incoming import Author, Incoming, Posted
from functions.support.macros import Macro, added, filled
from functions.support.records import CLOSED, OPEN, PENDING, Ticket
from functions.support.states import NEXT, WAITS_FOR_US, check
from functions.support.tickets import Change, altered, ticket_of, tries
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.web.problems import InvalidField

REPLIED = "ticket_replied"


class TicketClosed(Problem):
    status = 409
    code = "TICKET_CLOSED"
    title = Texts("工单已关闭", "Ticket closed")
    detail = Texts(
        "工单已关闭，不能再回复；请新建工单。",
        "The ticket is closed for good and takes no reply. Open another one.",
    )


def reply(
    ticket_id: str,
    text: str | None,
    *,
    by: Actor,
    source_id: str,
    state: str | None = None,
    macro: Macro | None = None,
    attachments: tuple[str, ...] = (),
    sent: bool = False,
) -> Posted:
    """Replies once for each `source_id`, and leaves the ticket in `state`: None for `pending` where
    somebody waited for us, and as it was elsewhere.

    text: None for that of the macro. sent: its channel has shown it already. A ticket that nobody
    has becomes the agent's.
    Raises NotFound, OwnAccount, TicketClosed, StateNotPossible, IdempotencyKeyReused.
    """
    for _ in tries():
        ticket = ticket_of(ticket_id)
        check_not_own(ticket, by)
        incoming = Incoming(
            channel=ticket.last_channel,  # type: ignore[arg-type]  # as it came in
            author=Author("agent", by.id),
            text=_text(text, macro, ticket),
            source_id=f"{by.id}:{source_id}",
            language=ticket.language,  # type: ignore[arg-type]  # of two
            attachments=attachments,
            sent=sent,
        )
        posted = earlier(incoming) or post(ticket, incoming, _replied(ticket, by, state, macro))
        if posted is not None:
            send_now(posted.ticket_id, posted.sequence)
            return posted
    raise ServiceUnavailable


def _replied(ticket: Ticket, by: Actor, wanted: str | None, macro: Macro | None) -> Change:
    if ticket.state == CLOSED:
        raise TicketClosed
    state = wanted or _state_after(ticket, macro)
    check(ticket.state, state)
    after = altered(
        ticket,
        **added(macro, ticket) if macro else {},
        messages=ticket.messages + 1,
        state=state,
        assignee=ticket.assignee or by.id,
        answered_at=ticket.answered_at or clock.now_text(),
    )
    deed = audit.record(
        by,
        REPLIED,
        ticket.ticket_id,
        before={"state": ticket.state, "assignee": ticket.assignee},
        after={"state": state, "assignee": after.assignee, "sequence": after.messages},
    )
    return Change(after, [deed])


def _state_after(ticket: Ticket, macro: Macro | None) -> str:
    if macro and macro.state and macro.state in NEXT[ticket.state]:
        return macro.state
    waits = ticket.state in WAITS_FOR_US and (macro is None or macro.state != OPEN)
    return PENDING if waits else str(ticket.state)


def _text(given: str | None, macro: Macro | None, ticket: Ticket) -> str:
    """Raises InvalidField where there is none."""
    if given:
        return given
    if macro is None:
        raise InvalidField(field="text", reason=Texts("缺少内容", "is missing"))
    return filled(macro, ticket)
