"""Correcting our books where the bank itself says that they are wrong.

A correction is a transfer, and two people of finance must agree to it. It never takes from a user:
what the house lacks stands in suspense until somebody has talked to them. What is owed to a user
goes to them, where our books know who that is.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from functions.agents.actor import FINANCE, Actor
from functions.agents.approvals import Approved, Proposal, Subject, action, propose
from functions.reconciliation.bank_line import KINDS
from functions.reconciliation.findings import Finding
from functions.reconciliation.inquiry import NotKnownYet, told_change
from functions.withdrawals.settlement import payout_transfer_id
from shared.errors import IdempotencyKeyReused, Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.ledger import FromSystem, Movement, ToSystem, ToUser, post, reverse
from shared.ledger.accounts import BANK_SETTLEMENT, SUSPENSE, SYSTEM_ACCOUNTS, find_account
from shared.ledger.errors import AccountClosed
from shared.ledger.posting import find, reversal_id
from shared.ledger.records import CLOSED, Transfer
from shared.ledger.sides import Side
from shared.money import Money
from shared.table import Write

_KIND = "bank_correction"
_CORRECTION = "correction"


class CorrectionOutdated(Problem):
    status = 409
    code = "CORRECTION_OUTDATED"
    title = Texts("更正已过时", "Correction outdated")
    detail = Texts(
        "银行对此笔的说法已有变化，此更正不再适用。",
        "The bank says something else of this order by now, so this would be wrong.",
    )


def propose_correction(
    finding: Finding, transfer: Transfer | None, *, day: str, by: Actor
) -> Finding:
    """Proposes what makes our books say what the bank says; the finding with what was proposed.

    transfer: ours, if it is there. day: under which it is proposed, once.
    """
    back = transfer is not None and abs(finding.bank or 0) < abs(finding.books or 0)
    correction_id = _correction_id(finding, transfer, back=back)
    debit, credit = SUSPENSE, BANK_SETTLEMENT
    if finding.difference > 0:
        debit, credit = BANK_SETTLEMENT, _owed_to(finding, transfer if back else None)
    proposal = Proposal(
        kind=_KIND,
        key=f"{finding.what} {finding.transfer_id} {day}",
        subject=Subject("transfer", finding.transfer_id),
        what={
            "found": finding.what,
            "day": finding.day,
            "kind": finding.kind,
            "reference": finding.reference,
            "books": finding.books,
            "bank": finding.bank,
            "bank_id": finding.bank_id,
            "amount": abs(finding.difference),
            "currency": "CNY",
            "debit": debit,
            "credit": credit,
            "reverses": transfer.transfer_id if transfer and back else None,
            "correction_id": correction_id,
        },
        owners=_owners(transfer, credit),
    )
    try:
        approval_id = propose(proposal, by=by)
    except IdempotencyKeyReused:
        # The account of its owner has been closed since: what was proposed first stands.
        approval_id = proposal.approval_id
    return replace(
        finding, standing="proposed", approval_id=approval_id, correction_id=correction_id
    )


@action(_KIND, title=Texts("按银行账目更正", "Correction to what the bank says"), role=FINANCE)
def correct(approved: Approved, done: Sequence[Write]) -> None:
    """Moves the money, once, if the bank still says what it said.

    Raises CorrectionOutdated, ServiceUnavailable, and what the ledger raises.
    """
    what = approved.what
    try:
        told = told_change(what["kind"], what["reference"])
    except NotKnownYet as error:
        raise ServiceUnavailable from error
    if told != what["bank"]:
        raise CorrectionOutdated
    amount = Money(amount=what["amount"], currency=what["currency"])
    debit, credit = FromSystem(what["debit"]), _credited(what["credit"])
    if original_id := what["reverses"]:
        reverse(
            original_id,
            amount=amount,
            idempotency_key=_KIND,
            debit=debit,
            credit=credit,
            together_with=done,
        )
        return
    movement = Movement(
        transfer_id=what["correction_id"],
        kind=KINDS[what["kind"]].booked_as if what["books"] is None else _CORRECTION,
        amount=amount,
        reference=what["reference"],
    )
    post(movement, debit=debit, credit=credit, together_with=done)


def _correction_id(finding: Finding, transfer: Transfer | None, *, back: bool) -> str:
    if back:
        return reversal_id(finding.transfer_id, _KIND)
    if transfer is None:
        # The very transfer that is lacking: it is booked once, by whoever comes first.
        return finding.transfer_id
    return derived_id("t", finding.transfer_id, _KIND)


def _owed_to(finding: Finding, original: Transfer | None) -> str:
    """Whose money it is that the bank has for us: of the user who had paid it out, if we know."""
    if finding.kind == "reversal":
        original = find(payout_transfer_id(finding.reference))
    if original is None or original.debit in SYSTEM_ACCOUNTS:
        return SUSPENSE
    account = find_account(original.debit)
    return SUSPENSE if account is None or account.status == CLOSED else str(original.debit)


def _credited(account_id: str) -> Side:
    if account_id in SYSTEM_ACCOUNTS:
        return ToSystem(account_id)
    account = find_account(account_id)
    if account is None:
        raise AccountClosed
    return ToUser(account)


def _owners(transfer: Transfer | None, credit: str) -> tuple[str, ...]:
    """The users whom it is about."""
    concerned = {credit} if transfer is None else {credit, transfer.debit, transfer.credit}
    return tuple(sorted(concerned - SYSTEM_ACCOUNTS))
