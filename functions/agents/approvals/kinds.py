"""Which kinds of things take several people, and what each does when they have said yes."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from functions.agents.actor import ROLES
from functions.agents.records import Approval
from shared.errors import Texts
from shared.table import Write


class Approved(NamedTuple):
    """What an action gets: everything that was shown to those who said yes.

    approval_id: the same in each try, so whatever the action makes can have its id from it.
    approvers: the ids of the agents who said yes.
    """

    approval_id: str
    kind: str
    subject_kind: str
    subject_id: str
    what: dict[str, Any]
    proposed_by: str
    approvers: tuple[str, ...]


Execute = Callable[[Approved, Sequence[Write]], object]
Telling = Callable[[Approved], Sequence[Write]]


class Kind(NamedTuple):
    """role: of everybody who decides. people: how many different ones it takes; whoever proposes
    it counts as one of them when they have the role. lasts_seconds: until it expires undecided.
    """

    name: str
    title: Texts
    role: str
    people: int
    lasts_seconds: int | None
    execute: Execute
    in_vain: Telling | None


_kinds: dict[str, Kind] = {}


def action(
    name: str,
    *,
    title: Texts,
    role: str,
    people: int = 2,
    lasts_seconds: int | None = None,
    in_vain: Telling | None = None,
) -> Callable[[Execute], Execute]:
    """Registers a function as what happens when a proposal of this kind is approved.

    It is called with what was approved and with writes that say that it is done. It puts these into
    the transaction of its own effect (`post(..., together_with=done)`, `write(..., *done)`): so it
    happens once, whatever dies or comes twice. What has its effect elsewhere must be safe to repeat
    under the id of the approval, and leaves the writes alone.
    A Problem below 500 says that it can never be done: the approval has then failed. Any other
    exception means that it is tried again.
    in_vain: gives what is written, without conditions, together with an end at which nothing was
    done: a no, its time being over, a failure for good.
    Raises ValueError for a name that is taken, a role that there is none of, or a single person.
    """

    def register(execute: Execute) -> Execute:
        if name in _kinds or role not in ROLES or people < 2:
            raise ValueError(f"{name}: taken, or not for two people of a role")
        _kinds[name] = Kind(name, title, role, people, lasts_seconds, execute, in_vain)
        return execute

    return register


def kind_of(name: str) -> Kind:
    """Raises KeyError for what no domain has registered."""
    return _kinds[name]


def told_in_vain(approval: Approval) -> Sequence[Write]:
    """What its kind writes when nothing comes of it."""
    tell = kind_of(approval.kind).in_vain
    return tell(approved_of(approval)) if tell else ()


def approved_of(approval: Approval) -> Approved:
    """What is handed to its kind."""
    return Approved(
        approval_id=approval.approval_id,
        kind=approval.kind,
        subject_kind=approval.subject_kind,
        subject_id=approval.subject_id,
        what=approval.what,
        proposed_by=approval.proposed_by,
        approvers=tuple(one["agent_id"] for one in approval.decisions),
    )
