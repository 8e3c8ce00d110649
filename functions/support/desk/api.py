"""The routes of those who answer: the inbox, a ticket, and what is done with it."""

from functions.agents.actor import acting
from functions.agents.agent_check import agent_check
from functions.agents.approvals import OwnAccount
from functions.support import attachments, figures
from functions.support.attachments import AttachmentNotChecked, AttachmentRefused
from functions.support.desk import facts, handling, inbox, merging
from functions.support.desk.access import SUPPORT, looked_at
from functions.support.desk.handling import TakenAlready
from functions.support.desk.merging import MergedAlready, NotTheSamePerson
from functions.support.desk.models import (
    AssignRequest,
    ChangeRequest,
    CountsView,
    DeskConversation,
    DeskTicket,
    DeskTickets,
    FactsView,
    MacrosView,
    MergeRequest,
    NoteRequest,
    QueueQuery,
    RepliedView,
    ReplyRequest,
    SearchQuery,
    SplitRequest,
    UnmaskedView,
    UnmaskRequest,
)
from functions.support.desk.views import macros_view, replied
from functions.support.models import (
    AttachmentRequest,
    FiguresQuery,
    FiguresView,
    LinkView,
    UploadView,
)
from functions.support.reply import TicketClosed
from functions.support.states import StateNotPossible
from shared.errors import IdempotencyKeyReused, NotFound
from shared.settings import settings
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import IdempotencyKeyRequired, InvalidCursor, InvalidField

api = Api(__name__, agent_check)


@api.operation(
    "GET",
    "/v1/agent/tickets",
    query=QueueQuery,
    answers={200: DeskTickets},
    problems=(InvalidCursor,),
    roles=SUPPORT,
)
def list_desk_tickets(call: Call[None]) -> Reply:
    """Lists the tickets in one state, the most urgent first, then who waits longest."""
    return Reply(200, inbox.queue(call.query, by=acting(call)))


@api.operation("GET", "/v1/agent/ticket-counts", answers={200: CountsView}, roles=SUPPORT)
def get_ticket_counts(call: Call[None]) -> Reply:
    """Tells how many tickets wait: in all, for oneself, for nobody, for each team."""
    return Reply(200, inbox.counts(by=acting(call)))


@api.operation(
    "GET",
    "/v1/agent/ticket-search",
    query=SearchQuery,
    answers={200: DeskTickets},
    roles=SUPPORT,
)
def search_tickets(call: Call[None]) -> Reply:
    """Finds tickets by number, user, phone, mail address, or words of the subject."""
    return Reply(200, inbox.search(call.query, by=acting(call)))


@api.operation(
    "GET",
    "/v1/agent/tickets/{ticket_id}",
    query=PageQuery,
    answers={200: DeskConversation},
    problems=(InvalidCursor, NotFound, OwnAccount),
    roles=SUPPORT,
)
def get_desk_ticket(call: Call[None]) -> Reply:
    """Shows a ticket with its messages and notes, the newest first; that one looked is kept."""
    return Reply(200, inbox.conversation(call.path["ticket_id"], call.query, by=acting(call)))


@api.operation(
    "POST",
    "/v1/agent/tickets/{ticket_id}/take",
    answers={200: DeskTicket},
    problems=(NotFound, OwnAccount, TakenAlready, TicketClosed),
    roles=SUPPORT,
)
def take_ticket(call: Call[None]) -> Reply:
    """Makes a ticket that nobody has one's own; of two at once, one gets it."""
    return Reply(200, inbox.view(handling.take(call.path["ticket_id"], by=acting(call))))


@api.operation(
    "POST",
    "/v1/agent/tickets/{ticket_id}/assign",
    body=AssignRequest,
    answers={200: DeskTicket},
    problems=(NotFound, OwnAccount, TicketClosed),
    roles=SUPPORT,
)
def assign_ticket(call: Call[AssignRequest]) -> Reply:
    """Gives a ticket to an agent, to nobody, or to a team."""
    done = handling.assign(call.path["ticket_id"], call.body, by=acting(call))
    return Reply(200, inbox.view(done))


@api.operation(
    "POST",
    "/v1/agent/tickets/{ticket_id}/replies",
    body=ReplyRequest,
    answers={201: RepliedView},
    problems=(
        AttachmentRefused,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        NotFound,
        OwnAccount,
        StateNotPossible,
        TicketClosed,
    ),
    takes_key=True,
    roles=SUPPORT,
)
def reply_to_ticket(call: Call[ReplyRequest]) -> Reply:
    """Answers on the channel on which the person wrote last, once for each key or `client_id`."""
    posted, shown = replied(
        call.path["ticket_id"], call.body, by=acting(call), key=call.idempotency_key
    )
    return Reply(201, shown, posted.replayed)


@api.operation(
    "POST",
    "/v1/agent/tickets/{ticket_id}/notes",
    body=NoteRequest,
    answers={201: DeskTicket},
    problems=(NotFound, OwnAccount),
    roles=SUPPORT,
)
def note_on_ticket(call: Call[NoteRequest]) -> Reply:
    """Writes what only agents see."""
    done = handling.note(call.path["ticket_id"], call.body, by=acting(call))
    return Reply(201, inbox.view(done))


@api.operation(
    "PATCH",
    "/v1/agent/tickets/{ticket_id}",
    body=ChangeRequest,
    answers={200: DeskTicket},
    problems=(NotFound, OwnAccount, StateNotPossible, TicketClosed),
    roles=SUPPORT,
)
def change_ticket(call: Call[ChangeRequest]) -> Reply:
    """Changes state, priority, tags or subject."""
    done = handling.change(call.path["ticket_id"], call.body, by=acting(call))
    return Reply(200, inbox.view(done))


@api.operation(
    "POST",
    "/v1/agent/tickets/{ticket_id}/merge",
    body=MergeRequest,
    answers={200: DeskTicket},
    problems=(MergedAlready, NotFound, NotTheSamePerson, OwnAccount, TicketClosed),
    roles=SUPPORT,
)
def merge_ticket(call: Call[MergeRequest]) -> Reply:
    """Makes a ticket part of another one of the same person."""
    done = merging.merge(call.path["ticket_id"], call.body.into, by=acting(call))
    return Reply(200, inbox.view(done))


@api.operation(
    "POST",
    "/v1/agent/tickets/{ticket_id}/split",
    body=SplitRequest,
    answers={201: DeskTicket},
    problems=(NotFound, OwnAccount),
    roles=SUPPORT,
)
def split_ticket(call: Call[SplitRequest]) -> Reply:
    """Begins another ticket with some of the messages, once for each `client_id`."""
    done = merging.split(call.path["ticket_id"], call.body, by=acting(call))
    return Reply(201, inbox.view(done))


@api.operation(
    "GET",
    "/v1/agent/tickets/{ticket_id}/macros",
    answers={200: MacrosView},
    problems=(NotFound, OwnAccount),
    roles=SUPPORT,
)
def list_macros(call: Call[None]) -> Reply:
    """Lists the answers that are said often, filled for this ticket and in its language."""
    shown = macros_view(call.path["ticket_id"], by=acting(call), language=call.language)
    return Reply(200, shown)


@api.operation(
    "GET",
    "/v1/agent/tickets/{ticket_id}/facts",
    answers={200: FactsView},
    problems=(NotFound, OwnAccount),
    roles=SUPPORT,
)
def get_facts(call: Call[None]) -> Reply:
    """Shows what is known of the user, masked; that one looked is kept."""
    shown = facts.facts(call.path["ticket_id"], by=acting(call), language=call.language)
    return Reply(200, shown)


@api.operation(
    "POST",
    "/v1/agent/tickets/{ticket_id}/facts/unmask",
    body=UnmaskRequest,
    answers={200: UnmaskedView},
    problems=(NotFound, OwnAccount),
    roles=SUPPORT,
)
def unmask_fact(call: Call[UnmaskRequest]) -> Reply:
    """Shows one field in full; the reason is kept."""
    return Reply(200, facts.unmask(call.path["ticket_id"], call.body, by=acting(call)))


@api.operation(
    "POST",
    "/v1/agent/attachments",
    body=AttachmentRequest,
    answers={201: UploadView},
    roles=SUPPORT,
)
def create_agent_attachment(call: Call[AttachmentRequest]) -> Reply:
    """Says where to upload a file, which is then named in a reply."""
    return Reply(201, attachments.ask_to_upload(call.user_id, call.body))


@api.operation(
    "GET",
    "/v1/agent/tickets/{ticket_id}/attachments/{attachment_id}",
    answers={200: LinkView},
    problems=(AttachmentNotChecked, NotFound, OwnAccount),
    roles=SUPPORT,
)
def get_agent_attachment(call: Call[None]) -> Reply:
    """Gives an address from which a file of a ticket can be fetched, for some minutes."""
    attachment_id = call.path["attachment_id"]
    ticket = looked_at(
        call.path["ticket_id"], acting(call), "attachment_opened", attachment_id=attachment_id
    )
    link = attachments.link_in(ticket, attachment_id)
    return Reply(200, LinkView(url=link, expires_in=settings().attachment_link_seconds))


@api.operation(
    "GET",
    "/v1/agent/ticket-figures",
    query=FiguresQuery,
    answers={200: FiguresView},
    problems=(InvalidField,),
    roles=SUPPORT,
)
def get_ticket_figures(call: Call[None]) -> Reply:
    """Shows how support is doing, by day and channel, and what lies before it."""
    return Reply(200, figures.figures(call.query))
