"""Who may do what with which ticket."""

from functions.agents.actor import Actor
from functions.agents.approvals import OwnAccount
from functions.support.records import Ticket
from shared.errors import NotFound


def own(ticket: Ticket | None, user_id: str) -> Ticket:
    """A ticket that was found by its id, for its owner. Raises NotFound."""
    if ticket is None or ticket.user_id != user_id:
        raise NotFound
    return ticket


def check_not_own(ticket: Ticket, by: Actor) -> None:
    """Nobody here acts on a ticket of an account of their own. Raises OwnAccount."""
    if by.user_id is not None and by.user_id == ticket.user_id:
        raise OwnAccount
