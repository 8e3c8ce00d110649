"""Tickets about what is over: each is solved once, with a note that says what has ended it."""

from contextlib import suppress

from functions.agents import audit
from functions.agents.actor import Actor
from functions.support.cases import ended
from functions.support.incoming import Author
from functions.support.notes import noted, once
from functions.support.records import SOLVED, Case, Ticket
from functions.support.states import ACTIVE
from functions.support.tickets import Change, alter, altered
from shared.errors import NotFound
from shared.table import Cancelled, write

_WALLET = Author("system", "wallet")


def solve(case: Case, *, by: Actor) -> None:
    """Solves the `tickets` that a case names, and ends its waiting. Raises ServiceUnavailable.

    One that was solved before is left as it is, also when its person has written since.
    """
    for ticket_id in case.facts["tickets"]:
        # What was over before anybody took it up has no ticket.
        with suppress(NotFound):
            _solve_one(case, ticket_id, by)
    ending = ended(case)
    try:
        write(ending)
    except Cancelled as cancelled:
        # Another run was faster.
        if not cancelled.failed(ending):
            raise


def _solve_one(case: Case, ticket_id: str, by: Actor) -> None:
    first = once(f"{case.kind}\x00{case.about}\x00{ticket_id}", ticket_id)

    def solved(ticket: Ticket) -> Change | None:
        if ticket.state not in ACTIVE:
            return None
        details = {"about": case.about, "approval_id": case.facts["approval_id"]}
        after, notes = noted(altered(ticket, state=SOLVED), case.kind, by=_WALLET, details=details)
        before = {"state": ticket.state}
        deed = audit.record(
            by, "ticket_solved", ticket_id, before=before, after={"state": SOLVED, **details}
        )
        return Change(after, [*notes, deed, first])

    try:
        alter(ticket_id, solved)
    except Cancelled as cancelled:
        if not cancelled.failed(first):
            raise
