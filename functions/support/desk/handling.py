"""What agents do with a ticket. Each deed is in the audit trail, in the same write."""

from typing import Any

from functions.agents import audit
from functions.agents.accounts import active_agent
from functions.agents.actor import Actor
from functions.support.access import check_not_own
from functions.support.desk.access import SUPPORT
from functions.support.desk.models import AssignRequest, ChangeRequest, NoteRequest, teams
from functions.support.incoming import Author
from functions.support.masking import mask
from functions.support.notes import NOTE, noted, once
from functions.support.records import CLOSED, NOBODY, Ticket
from functions.support.reply import TicketClosed
from functions.support.states import check
from functions.support.tickets import Change, alter, altered
from shared.errors import Problem, Texts
from shared.identifiers import new_id
from shared.table import Cancelled
from shared.web.problems import InvalidField

_NOT_HERE = Texts("没有此项", "is none of ours")
_NOTHING = Texts("没有任何更改", "changes nothing")


class TakenAlready(Problem):
    status = 409
    code = "TAKEN_ALREADY"
    title = Texts("已被受理", "Taken already")
    detail = Texts("工单已由 {assignee} 受理。", "The agent {assignee} has this ticket.")


def take(ticket_id: str, *, by: Actor) -> Ticket:
    """Makes a ticket that nobody has the agent's own. Of two at once one gets it.

    Raises NotFound, OwnAccount, TakenAlready, TicketClosed.
    """

    def taken(ticket: Ticket) -> Change | None:
        check_not_own(ticket, by)
        if ticket.assignee == by.id:
            return None
        if ticket.assignee:
            raise TakenAlready(assignee=ticket.assignee)
        return _deed(ticket, by, "ticket_taken", assignee=by.id)

    return alter(ticket_id, taken)


def assign(ticket_id: str, wish: AssignRequest, *, by: Actor) -> Ticket:
    """Gives a ticket to an agent, a team, or both. Raises NotFound, OwnAccount, InvalidField,
    TicketClosed.
    """
    wanted: dict[str, Any] = {}
    if wish.team is not None:
        if wish.team not in teams():
            raise InvalidField(field="team", reason=_NOT_HERE)
        wanted["team"] = wish.team
    assignee_user = None
    if wish.assignee is not None:
        wanted["assignee"] = None if wish.assignee == NOBODY else wish.assignee
        assignee_user = _user_of_agent(wish.assignee)
    if not wanted:
        raise InvalidField(field="assignee", reason=_NOTHING)

    def assigned(ticket: Ticket) -> Change | None:
        check_not_own(ticket, by)
        if assignee_user and assignee_user == ticket.user_id:
            raise InvalidField(field="assignee", reason=Texts("是本人的工单", "is its person"))
        return _deed(ticket, by, "ticket_assigned", **wanted)

    return alter(ticket_id, assigned)


def change(ticket_id: str, wish: ChangeRequest, *, by: Actor) -> Ticket:
    """Raises NotFound, OwnAccount, InvalidField, StateNotPossible, TicketClosed."""
    wanted: dict[str, Any] = {}
    for name in ("state", "priority"):
        if (value := getattr(wish, name)) is not None:
            wanted[name] = value
    if wish.tags is not None:
        wanted["tags"] = set(wish.tags) or None
    if wish.subject is not None:
        wanted["subject"] = mask(" ".join(wish.subject.split())).text
    if not wanted:
        raise InvalidField(field="state", reason=_NOTHING)

    def changed(ticket: Ticket) -> Change | None:
        check_not_own(ticket, by)
        check(ticket.state, wanted.get("state", ticket.state))
        return _deed(ticket, by, "ticket_changed", **wanted)

    return alter(ticket_id, changed)


def note(ticket_id: str, wish: NoteRequest, *, by: Actor) -> Ticket:
    """Writes what only agents see, once for each `client_id`. Raises NotFound, OwnAccount."""
    client_id = wish.client_id or new_id("")
    named = f"note\x00{by.id}\x00{ticket_id}\x00{client_id}"

    def with_note(ticket: Ticket) -> Change:
        check_not_own(ticket, by)
        after, along = noted(ticket, NOTE, by=Author("agent", by.id), text=wish.text)
        deed = audit.record(by, "ticket_noted", ticket_id, after={"note": after.notes})
        return Change(after, [*along, deed, once(named, ticket_id, after.notes)])

    try:
        return alter(ticket_id, with_note)
    except Cancelled:
        return alter(ticket_id, lambda _: None)


def _user_of_agent(agent_id: str) -> str | None:
    """The account of an agent who may have tickets. Raises InvalidField."""
    if agent_id == NOBODY:
        return None
    agent = active_agent(agent_id)
    if agent is None or not SUPPORT & set(agent.roles):
        raise InvalidField(field="assignee", reason=_NOT_HERE)
    return agent.user_id or None


def _deed(ticket: Ticket, by: Actor, deed: str, **wanted: Any) -> Change | None:
    """A change with its record; None when it changes nothing. Raises TicketClosed."""
    before = {name: getattr(ticket, name) for name in wanted}
    if before == wanted:
        return None
    if ticket.state == CLOSED:
        raise TicketClosed
    record = audit.record(by, deed, ticket.ticket_id, before=_plain(before), after=_plain(wanted))
    return Change(altered(ticket, **wanted), [record])


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value) if isinstance(value, set) else value for name, value in values.items()
    }
