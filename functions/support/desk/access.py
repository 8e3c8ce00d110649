"""Which tickets an agent works on: all but those of an account of their own."""

from functions.agents import audit
from functions.agents.actor import AGENT, SUPERVISOR, Actor
from functions.support.access import check_not_own
from functions.support.records import Ticket
from functions.support.tickets import ticket_of

SUPPORT = frozenset({AGENT, SUPERVISOR})


def workable(ticket_id: str, by: Actor) -> Ticket:
    """Raises NotFound, OwnAccount."""
    ticket = ticket_of(ticket_id)
    check_not_own(ticket, by)
    return ticket


def looked_at(ticket_id: str, by: Actor, what: str, **details: str) -> Ticket:
    """A ticket for an agent's eyes. That they looked is kept first. Raises NotFound, OwnAccount."""
    ticket = workable(ticket_id, by)
    audit.note(by, what, ticket_id, after={"user_id": ticket.user_id, **details})
    return ticket
