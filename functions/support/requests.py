"""What a signed-in user does with tickets of their own: opening, writing, rating."""

from functions.support.access import own
from functions.support.attachments import ask_to_upload, check_uploaded
from functions.support.conversation import Opening, add_message, earlier, home_of, open_ticket
from functions.support.incoming import About, Author, Incoming, Posted
from functions.support.masking import mask
from functions.support.models import (
    AttachmentRequest,
    MessageRequest,
    RatingRequest,
    TicketRequest,
    UploadView,
)
from functions.support.records import CLOSED, SOLVED, Ticket
from functions.support.subjects import check_own
from functions.support.tickets import Change, alter, altered, ticket_of
from shared.errors import Problem, Texts
from shared.identifiers import new_id
from shared.rate_limit import Window, take
from shared.settings import settings

_DAY_SECONDS, _HOUR_SECONDS = 86_400, 3_600


class NotSolvedYet(Problem):
    status = 409
    code = "NOT_SOLVED_YET"
    title = Texts("尚未解决", "Not solved yet")
    detail = Texts("工单解决后才能评价。", "A ticket can be rated once it is solved.")


class RatedAlready(Problem):
    status = 409
    code = "RATED_ALREADY"
    title = Texts("已评价", "Rated already")
    detail = Texts("每个工单只能评价一次。", "A ticket is rated once.")


def upload_own(user_id: str, wish: AttachmentRequest) -> UploadView:
    """Raises TooManyRequests."""
    _count("attachments", user_id, settings().attachments_per_user_per_day, _DAY_SECONDS)
    return ask_to_upload(user_id, wish)


def open_own(user_id: str, request: TicketRequest, *, key: str, language: str) -> Posted:
    """Opens a ticket in the app. key: makes it one request; empty: each is another.

    Raises NotFound for what it is not the user's to complain about, AttachmentRefused,
    IdempotencyKeyReused, TooManyRequests, ServiceUnavailable.
    """
    incoming = _said(user_id, request, key or request.client_id, "open", language)
    if posted := earlier(incoming):
        return posted
    about = None
    if request.about is not None:
        about = About(request.about.kind, request.about.id)
        check_own(about, user_id)
    check_uploaded(request.attachments, user_id)
    _count("tickets", user_id, settings().tickets_per_user_per_day, _DAY_SECONDS)
    return open_ticket(incoming, Opening(request.subject, user_id=user_id, about=about))


def write_own(
    user_id: str, ticket_id: str, request: MessageRequest, *, key: str, language: str
) -> Posted:
    """Writes into a ticket of one's own. Raises NotFound, and what opening one raises."""
    own(home_of(own(ticket_of(ticket_id), user_id).ticket_id), user_id)
    incoming = _said(user_id, request, key or request.client_id, ticket_id, language)
    if posted := earlier(incoming):
        return posted
    check_uploaded(request.attachments, user_id)
    most = settings().ticket_messages_per_user_per_hour
    _count("ticket_messages", user_id, most, _HOUR_SECONDS)
    return add_message(ticket_id, incoming)


def rate(user_id: str, ticket_id: str, request: RatingRequest) -> Ticket:
    """Once for each ticket; the same again changes nothing. Raises NotFound, NotSolvedYet,
    RatedAlready, ServiceUnavailable.
    """

    def rated(ticket: Ticket) -> Change | None:
        own(ticket, user_id)
        if ticket.state not in (SOLVED, CLOSED):
            raise NotSolvedYet
        if ticket.rating:
            if ticket.rating != request.score:
                raise RatedAlready
            return None
        comment = mask(request.comment).text if request.comment else None
        return Change(altered(ticket, rating=request.score, rating_comment=comment))

    return alter(ticket_id, rated)


def _said(
    user_id: str,
    request: TicketRequest | MessageRequest,
    key: str | None,
    where: str,
    language: str,
) -> Incoming:
    return Incoming(
        channel="app",
        author=Author("user", user_id),
        text=request.message,
        source_id=f"{user_id}:{where}:{key or new_id('')}",
        language="en" if language == "en" else "zh",
        attachments=tuple(request.attachments),
    )


def _count(name: str, user_id: str, most: int, seconds: int) -> None:
    take([Window(name=name, subject=user_id, maximum=most, seconds=seconds)])
