"""Which side is right, and what becomes of each finding.

Each difference has a day to settle by itself. Then the bank is asked about the order: when it says
what our books say, its file is wrong; when it says what its file says, a correction is proposed.
Nothing is proposed where it says a third thing, or nothing, or the order is still on its way.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from functions.agents.actor import Actor
from functions.agents.approvals.states import current
from functions.reconciliation.bank_line import KINDS
from functions.reconciliation.correction import propose_correction
from functions.reconciliation.findings import Finding
from functions.reconciliation.inquiry import NotKnownYet, told_change
from shared.ledger.posting import find
from shared.ledger.records import HELD
from shared.settings import settings

_LOOKED_INTO = ("missing", "extra", "changed")
_MAY_END = ("open", "bank_mistake", "unclear")


class Verdicts(NamedTuple):
    """withheld: how many differences were left for the next day, for there were too many."""

    findings: list[Finding]
    withheld: int


def look_into(findings: Iterable[Finding], *, day: str, by: Actor) -> Verdicts:
    """Gives the findings as they stand now. day: the one that was compared.

    Done again, it proposes nothing twice.
    """
    looked: list[Finding] = []
    asked = withheld = 0
    for finding in sorted(findings, key=lambda one: (one.day, one.transfer_id)):
        now = _decided(finding)
        if now.standing == "open" and now.what in _LOOKED_INTO and now.day < day:
            if asked < settings().reconciliation_inquiries_limit:
                asked += 1
                now = _looked_at(now, day, by)
            else:
                withheld += 1
        if now.standing in _MAY_END and _age_days(now, day) >= settings().reconciliation_open_days:
            now = replace(now, standing="given_up")
        looked.append(now)
    return Verdicts(looked, withheld)


def _decided(finding: Finding) -> Finding:
    """What people have said to a proposal. What was executed shows in the books of its day."""
    if finding.standing != "proposed" or finding.approval_id is None:
        return finding
    match current(finding.approval_id).state:
        case "rejected":
            return replace(finding, standing="dismissed")
        case "failed" | "expired":
            return replace(finding, standing="open", approval_id=None, correction_id=None)
    return finding


def _looked_at(finding: Finding, day: str, by: Actor) -> Finding:
    transfer = find(finding.transfer_id)
    if transfer is not None and transfer.status == HELD:
        # Its own domain still finds out what became of it.
        return finding
    if finding.kind not in KINDS:
        return replace(finding, standing="unclear")
    try:
        told = told_change(finding.kind, finding.reference)
    except NotKnownYet:
        return finding
    if told == finding.books:
        return replace(finding, standing="bank_mistake")
    if told != finding.bank:
        return replace(finding, standing="unclear")
    return propose_correction(finding, transfer, day=day, by=by)


def _age_days(finding: Finding, day: str) -> int:
    return (date.fromisoformat(day) - date.fromisoformat(finding.day)).days
