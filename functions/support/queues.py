"""In which lists a ticket stands. They follow from the ticket alone, so a change of it says which
lines go and which come.
"""

from functions.support.records import (
    MADE_PREFIX,
    NOBODY,
    RANKS,
    Ticket,
    TicketLine,
    number_key,
    queue_of,
    tickets_of,
    tickets_of_contact,
    tickets_with_word,
)
from functions.support.words import words_of
from shared.table import Write, delete, put


def moving(before: Ticket | None, after: Ticket) -> list[Write]:
    """The writes that take a ticket out of the lists it leaves and put it in those it comes to."""
    left = set() if before is None else _places(before)
    entered = _places(after)
    # A line is where its ticket says, under the condition on the ticket; it needs none of its own.
    anyhow = TicketLine.pk.exists() | TicketLine.pk.does_not_exist()
    return [
        *(delete(TicketLine(*place)) for place in sorted(left - entered)),
        *(
            put(TicketLine(*place, ticket_id=after.ticket_id), anyhow)
            for place in sorted(entered - left)
        ),
    ]


def leaving(ticket: Ticket) -> list[TicketLine]:
    """The lines of a ticket that is to be forgotten."""
    places = [*sorted(_places(ticket)), number_key(ticket.number)[1:]]
    return [TicketLine(*place) for place in places]


def taking_number(ticket: Ticket) -> Write:
    """Fails where another ticket has the number."""
    return put(TicketLine(*number_key(ticket.number)[1:], ticket_id=ticket.ticket_id))


def _places(ticket: Ticket) -> set[tuple[str, str]]:
    made = f"{MADE_PREFIX}{ticket.opened_at}#{ticket.ticket_id}"
    owners = [ticket.user_id and tickets_of(ticket.user_id)]
    owners.append(ticket.contact and tickets_of_contact(ticket.contact))
    queued = f"{RANKS[ticket.priority]}#{ticket.opened_at}#{ticket.ticket_id}"
    dimensions = [
        ("all", ""),
        ("team", ticket.team),
        ("assignee", ticket.assignee or NOBODY),
        *(("tag", tag) for tag in ticket.tags or ()),
    ]
    return {
        *((pk, made) for pk in owners if pk),
        *((tickets_with_word(word), made) for word in words_of(ticket.subject)),
        *((queue_of(name, value, ticket.state), queued) for name, value in dimensions),
    }
