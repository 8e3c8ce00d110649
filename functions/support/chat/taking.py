"""An agent takes a conversation that nobody has; of two at once, one gets it."""

from functions.agents import audit
from functions.agents.actor import acting
from functions.support.access import check_not_own
from functions.support.chat.hours import hours_now
from functions.support.chat.models import Queue, Take, Taken
from functions.support.chat.parties import sockets_at
from functions.support.chat.sockets import send
from functions.support.chat.standing import conversation_of
from functions.support.records import Ticket
from functions.support.tickets import Change, alter, altered
from shared.errors import Problem, Texts
from shared.web.operation import Call

TAKEN = "ticket_taken"


class TicketTaken(Problem):
    status = 409
    code = "TICKET_TAKEN"
    title = Texts("工单已被接手", "Ticket taken")
    detail = Texts("另一位客服已接手此工单。", "Another agent has this ticket already.")


def take_over(call: Call[Take]) -> Taken:
    """Raises NotFound, OwnAccount, TicketTaken."""
    by = acting(call)

    def taken(ticket: Ticket) -> Change | None:
        check_not_own(ticket, by)
        if ticket.assignee == by.id:
            return None
        if ticket.assignee:
            raise TicketTaken
        deed = audit.record(by, TAKEN, ticket.ticket_id, after={"assignee": by.id})
        return Change(altered(ticket, assignee=by.id), [deed])

    ticket = alter(call.body.ticket_id, taken)
    conversation = conversation_of(ticket)
    send(sockets_at(ticket, "user"), Queue(conversation=conversation, hours=hours_now()))
    return Taken(conversation=conversation)
