"""The routes of support for users."""

from collections.abc import Iterable

from functions.identity.session_check import session_check
from functions.support import attachments, requests, views
from functions.support.access import own
from functions.support.attachments import AttachmentNotChecked, AttachmentRefused
from functions.support.models import (
    AttachmentRequest,
    ConversationView,
    LinkView,
    MessageRequest,
    PostedView,
    RatingRequest,
    TicketRequest,
    TicketsView,
    TicketView,
    UploadView,
)
from functions.support.records import Ticket, ticket_key
from functions.support.requests import NotSolvedYet, RatedAlready
from shared.errors import IdempotencyKeyReused, NotFound
from shared.rate_limit import TooManyRequests
from shared.settings import settings
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import IdempotencyKeyRequired, InvalidCursor

api = Api(__name__, session_check)


def _its_ticket(call: Call[None]) -> Iterable[Key]:
    yield ticket_key(call.path["ticket_id"])


def _own(call: Call[None]) -> Ticket:
    return own(call.found.one(Ticket, ticket_key(call.path["ticket_id"])), call.user_id)


@api.operation(
    "POST",
    "/v1/support/attachments",
    body=AttachmentRequest,
    answers={201: UploadView},
    problems=(TooManyRequests,),
)
def create_support_attachment(call: Call[AttachmentRequest]) -> Reply:
    """Says where to upload a file, which is then named in a message."""
    return Reply(201, requests.upload_own(call.user_id, call.body))


@api.operation(
    "POST",
    "/v1/support/tickets",
    body=TicketRequest,
    answers={201: PostedView},
    problems=(
        AttachmentRefused,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        NotFound,
        TooManyRequests,
    ),
    takes_key=True,
)
def create_ticket(call: Call[TicketRequest]) -> Reply:
    """Opens a ticket, once for each key or `client_id`."""
    posted = requests.open_own(
        call.user_id, call.body, key=call.idempotency_key, language=call.language
    )
    return Reply(201, views.posted_view(posted), posted.replayed)


@api.operation(
    "GET",
    "/v1/support/tickets",
    query=PageQuery,
    answers={200: TicketsView},
    problems=(InvalidCursor,),
)
def list_tickets(call: Call[None]) -> Reply:
    """Lists the tickets of a user, the newest first."""
    return Reply(200, views.list_own(call.user_id, call.query))


@api.operation(
    "GET",
    "/v1/support/tickets/{ticket_id}",
    query=PageQuery,
    answers={200: ConversationView},
    problems=(InvalidCursor, NotFound),
    reads=_its_ticket,
)
def get_ticket(call: Call[None]) -> Reply:
    """Shows a ticket with its messages, the newest first."""
    return Reply(200, views.conversation(_own(call), call.query))


@api.operation(
    "POST",
    "/v1/support/tickets/{ticket_id}/messages",
    body=MessageRequest,
    answers={201: PostedView},
    problems=(
        AttachmentRefused,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        NotFound,
        TooManyRequests,
    ),
    takes_key=True,
)
def create_ticket_message(call: Call[MessageRequest]) -> Reply:
    """Writes into a ticket; a solved one is opened again, a closed one is followed by another."""
    posted = requests.write_own(
        call.user_id,
        call.path["ticket_id"],
        call.body,
        key=call.idempotency_key,
        language=call.language,
    )
    return Reply(201, views.posted_view(posted), posted.replayed)


@api.operation(
    "POST",
    "/v1/support/tickets/{ticket_id}/rating",
    body=RatingRequest,
    answers={200: TicketView},
    problems=(NotFound, NotSolvedYet, RatedAlready),
)
def rate_ticket(call: Call[RatingRequest]) -> Reply:
    """Says how well a solved ticket was dealt with, once."""
    return Reply(200, views.view(requests.rate(call.user_id, call.path["ticket_id"], call.body)))


@api.operation(
    "GET",
    "/v1/support/tickets/{ticket_id}/attachments/{attachment_id}",
    answers={200: LinkView},
    problems=(AttachmentNotChecked, NotFound),
    reads=_its_ticket,
)
def get_ticket_attachment(call: Call[None]) -> Reply:
    """Gives an address from which a file of a ticket can be fetched, for some minutes."""
    link = attachments.link_in(_own(call), call.path["attachment_id"])
    return Reply(200, LinkView(url=link, expires_in=settings().attachment_link_seconds))
