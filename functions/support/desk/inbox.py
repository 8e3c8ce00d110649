"""The inbox: which tickets there are, by state and by whom they wait for; and finding one."""

from functions.agents import audit
from functions.agents.actor import Actor
from functions.identity.directory import owner_of
from functions.support import figures, timeline
from functions.support.attachments import views as files_of
from functions.support.desk.access import looked_at
from functions.support.desk.models import (
    CountsView,
    DeskConversation,
    DeskLine,
    DeskTicket,
    DeskTickets,
    QueueCount,
    QueueQuery,
    SearchQuery,
    teams,
)
from functions.support.masking import mask
from functions.support.records import (
    MADE_PREFIX,
    NOBODY,
    OPEN,
    PENDING,
    REOPENED,
    Message,
    Note,
    Ticket,
    TicketLine,
    number_key,
    queue_of,
    tickets_of,
    tickets_of_contact,
    tickets_with_word,
)
from functions.support.views import about_view, tickets_in
from functions.support.ways import contact_digest
from functions.support.words import words_of
from shared import clock, mail, phone
from shared.errors import Texts
from shared.web.cursor import open_cursor, seal
from shared.web.pages import PageQuery
from shared.web.problems import InvalidField

_COUNTED_LIMIT = 100
_FOUND_LIMIT = 50
_WORDS_LIMIT, _LINES_PER_WORD = 4, 200
_WAITING = (OPEN, REOPENED, PENDING)
_ONE_ONLY = Texts("只能指定一个条件", "takes exactly one of these")


def queue(query: QueueQuery, *, by: Actor) -> DeskTickets:
    """A page of the tickets in one state: the most urgent first, then who waits longest.

    Those of an account of the agent's own are left out. Raises InvalidField, InvalidCursor.
    """
    pk = _queue_pk(query, by)
    after = None if query.cursor is None else open_cursor(query.cursor, of=pk)
    found = list(
        TicketLine.query(
            pk,
            consistent_read=True,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    shown = found[: query.limit]
    return DeskTickets(
        items=_shown(tickets_in(shown), by),
        next_cursor=seal(shown[-1].sk, of=pk) if len(found) > len(shown) else None,
    )


def counts(*, by: Actor) -> CountsView:
    """How much waits: in all, for the agent, for nobody, for each team."""
    all_states = dict.fromkeys(_WAITING, 0)
    for one in figures.backlog():
        for state in _WAITING:
            all_states[state] += one.states[state]
    queues = [("me", "assignee", by.id), (NOBODY, "assignee", NOBODY)]
    queues += [(team, "team", team) for team in teams()]
    return CountsView(
        items=[
            QueueCount(queue="all", states=all_states),
            *(
                QueueCount(
                    queue=name,
                    states={state: _count(queue_of(kind, value, state)) for state in _WAITING},
                )
                for name, kind, value in queues
            ),
        ]
    )


def search(query: SearchQuery, *, by: Actor) -> DeskTickets:
    """Up to 50 tickets, the newest first; that it was searched is kept. Raises InvalidField."""
    given = [name for name in query.__struct_fields__ if getattr(query, name) is not None]
    if len(given) != 1:
        raise InvalidField(field="number", reason=_ONE_ONLY)
    by_what = given[0]
    audit.note(by, "tickets_searched", by_what, after={"of": _kept(query, by_what)})
    if by_what == "number":
        lines = list(TicketLine.query(number_key(query.number or "").pk, consistent_read=True))
    elif by_what == "words":
        lines = _with_words(query.words or "")
    else:
        lines = _of_person(query)
    tickets = sorted(tickets_in(lines), key=lambda one: str(one.opened_at), reverse=True)
    return DeskTickets(items=_shown(tickets, by), next_cursor=None)


def conversation(ticket_id: str, query: PageQuery, *, by: Actor) -> DeskConversation:
    """A ticket with a page of messages and notes. Raises NotFound, OwnAccount, InvalidCursor."""
    ticket = looked_at(ticket_id, by, "ticket_seen")
    lines, next_cursor = timeline.page(ticket, query, reader=by.id, notes=True)
    return DeskConversation(ticket=view(ticket), lines=_lines(lines), next_cursor=next_cursor)


def view(ticket: Ticket) -> DeskTicket:
    return DeskTicket(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        subject=ticket.subject,
        state=ticket.state,  # type: ignore[arg-type]  # of the five
        priority=ticket.priority,  # type: ignore[arg-type]  # of the four
        team=ticket.team,
        assignee=ticket.assignee,
        tags=sorted(ticket.tags or ()),
        user_id=ticket.user_id,
        language=ticket.language,
        channel=ticket.channel,  # type: ignore[arg-type]  # of the seven
        last_channel=ticket.last_channel,  # type: ignore[arg-type]  # of the seven
        about=about_view(ticket),
        merged=list(ticket.merged or ()),
        merged_into=ticket.merged_into,
        follows=ticket.follows,
        rating=ticket.rating or None,
        rating_comment=ticket.rating_comment,
        messages=ticket.messages,
        opened_at=ticket.opened_at,
        updated_at=ticket.updated_at,
        answered_at=ticket.answered_at,
        answer_due_at=_moment(ticket.answer_due_at),
        solve_due_at=_moment(ticket.solve_due_at),
        broken=sorted(ticket.broken or ()),
    )


def _kept(query: SearchQuery, by_what: str) -> str:
    """What the audit trail says of a search: no address, and nothing that must not be kept."""
    value = str(getattr(query, by_what))
    return contact_digest(value) if by_what in ("phone", "email") else mask(value).text


def _queue_pk(query: QueueQuery, by: Actor) -> str:
    named = [name for name in ("team", "assignee", "tag") if getattr(query, name) is not None]
    if len(named) > 1:
        raise InvalidField(field=named[1], reason=_ONE_ONLY)
    if not named:
        return queue_of("all", "", query.state)
    value = getattr(query, named[0])
    if named[0] == "assignee" and value == "me":
        value = by.id
    return queue_of(named[0], value, query.state)


def _shown(tickets: list[Ticket], by: Actor) -> list[DeskTicket]:
    return [view(one) for one in tickets if not by.user_id or one.user_id != by.user_id]


def _count(pk: str) -> int:
    return min(_COUNTED_LIMIT, TicketLine.count(pk, limit=_COUNTED_LIMIT, consistent_read=True))


def _of_person(query: SearchQuery) -> list[TicketLine]:
    """By user, or by an address: of its user, and of whoever wrote from there."""
    if query.user_id is not None:
        return _newest(tickets_of(query.user_id))
    if query.phone is not None:
        address = phone.normalised(query.phone)
        user = owner_of(address)
        own = _newest(tickets_of(user.user_id)) if user else []
    else:
        address, own = mail.normalised(query.email or ""), []
    found = own + _newest(tickets_of_contact(contact_digest(address)))
    return list({line.ticket_id: line for line in found}.values())


def _with_words(text: str) -> list[TicketLine]:
    """Those whose subject has all of the first few words."""
    words = words_of(text)[:_WORDS_LIMIT]
    if not words:
        raise InvalidField(field="words", reason=Texts("没有可搜索的词", "has no word to search"))
    lists = [_newest(tickets_with_word(word), _LINES_PER_WORD) for word in words]
    common = set.intersection(*({line.ticket_id for line in one} for one in lists))
    return [line for line in lists[0] if line.ticket_id in common][:_FOUND_LIMIT]


def _newest(pk: str, limit: int = _FOUND_LIMIT) -> list[TicketLine]:
    return list(
        TicketLine.query(
            pk,
            TicketLine.sk.startswith(MADE_PREFIX),
            consistent_read=True,
            scan_index_forward=False,
            limit=limit,
        )
    )


def _lines(lines: list[Message | Note]) -> list[DeskLine]:
    named = {one for line in lines if isinstance(line, Message) for one in line.attachments or ()}
    files = files_of(sorted(named))
    return [
        _note_line(line)
        if isinstance(line, Note)
        else DeskLine(
            internal=False,
            kind="message",
            ticket_id=line.ticket_id,
            sequence=line.sequence,
            author_kind=line.author_kind,
            author_id=line.author_id,
            channel=line.channel,  # type: ignore[arg-type]  # of the seven
            text=line.text,
            masked=line.masked,
            at=line.at,
            attachments=[files[one] for one in line.attachments or () if one in files],
            delivery=line.delivery,  # type: ignore[arg-type]  # of the three
            details=(line.details or {}) | ({"moved_to": line.moved_to} if line.moved_to else {}),
        )
        for line in lines
    ]


def _note_line(note: Note) -> DeskLine:
    return DeskLine(
        internal=True,
        kind=note.kind,
        ticket_id=note.ticket_id,
        sequence=note.sequence,
        author_kind=note.author_kind,
        author_id=note.author_id,
        channel=None,
        text=note.text,
        masked=False,
        at=note.at,
        attachments=[],
        delivery=None,
        details=note.details or {},
    )


def _moment(at_seconds: float | None) -> str | None:
    return clock.text_of(int(at_seconds) * 1000) if at_seconds else None
