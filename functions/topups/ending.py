"""The ends of a top-up. Each is one write, and only the first of them counts."""

from typing import cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.topups.records import EXPIRED, FAILED, PENDING, SUCCEEDED, TopUp, at, current
from functions.topups.refusals import TopUpExpired, refusal_of
from shared import clock
from shared.bank.port import Charge
from shared.errors import Problem
from shared.identifiers import derived_id
from shared.ledger import FromSystem, Movement, ToSystem, ToUser, post
from shared.ledger.accounts import BANK_SETTLEMENT, SUSPENSE
from shared.ledger.allowance import give_back
from shared.ledger.errors import AccountClosed, CreditRefused
from shared.ledger.records import Account
from shared.ledger.sides import Side
from shared.observability import count, logger, measure_amount
from shared.table import Cancelled, Write, update, write


def conclude(top_up: TopUp, charge: Charge, account: Account) -> TopUp:
    """Ends a top-up as the bank says it went; gives it back as it stands then.

    Raises ServiceUnavailable; nothing is lost, for the bank can be asked again.
    """
    if charge.status == "succeeded":
        return _succeed(top_up, charge, account)
    if charge.status == "declined":
        return fail(top_up, refusal_of(charge))
    return top_up


def fail(top_up: TopUp, refusal: Problem) -> TopUp:
    """No money was taken and none will be: remembers why and gives the day's allowance back."""
    return _end_without_money(top_up, FAILED, refusal, TopUp.status == PENDING)


def expire(top_up: TopUp) -> TopUp:
    """The same, unless somebody has taken it up again since it was read."""
    untouched = (TopUp.status == PENDING) & (TopUp.lease_until == top_up.lease_until)
    return _end_without_money(top_up, EXPIRED, TopUpExpired(), untouched)


def _succeed(top_up: TopUp, charge: Charge, account: Account) -> TopUp:
    charged = TopUp.charge_id.set(charge.charge_id)
    try:
        return _book(top_up, ToUser(account), SUCCEEDED, [charged])
    except CreditRefused:
        # The owner closed the account meanwhile. The bank's money must stand in the books all the
        # same, until somebody sends it back.
        logger.error("top_up_without_account", extra={"top_up_id": top_up.top_up_id})
        why = TopUp.refusal.set(AccountClosed().to_record())
        return _book(top_up, ToSystem(SUSPENSE), FAILED, [charged, why])


def _book(top_up: TopUp, credit: Side, status: str, more: list[Action]) -> TopUp:
    movement = Movement(
        transfer_id=derived_id("t", top_up.top_up_id),
        kind="top_up",
        amount=top_up.money,
        reference=top_up.top_up_id,
    )
    # A charge that the bank has made counts, even when it was given up before.
    ending = _ending(top_up, status, more, TopUp.status.is_in(PENDING, EXPIRED))
    debit = FromSystem(BANK_SETTLEMENT, label=f"{top_up.bank} {top_up.last4}")
    posting = post(movement, debit=debit, credit=credit, together_with=[ending])
    if posting.replayed:
        return current(top_up)
    count("TopUps", outcome=status)
    measure_amount("TopUpAmount", int(top_up.amount), currency=top_up.currency)
    top_up.status = status
    return top_up


def _end_without_money(top_up: TopUp, status: str, refusal: Problem, condition: Condition) -> TopUp:
    remembered = refusal.to_record()
    ending = _ending(top_up, status, [TopUp.refusal.set(remembered)], condition)
    allowance = give_back(
        top_up.user_id, int(top_up.amount), name="top_up", period=top_up.limit_period
    )
    try:
        _write_ending(ending, allowance)
    except Cancelled as cancelled:
        standing = cancelled.standing(ending)
        if standing is None:
            raise
        return cast(TopUp, standing)
    top_up.status, top_up.refusal = status, remembered
    count("TopUps", outcome=status)
    count("TopUpsRefused", reason=refusal.code)
    return top_up


def _write_ending(ending: Write, allowance: Write) -> None:
    try:
        write(ending, allowance)
    except Cancelled as cancelled:
        if cancelled.failed(ending):
            raise
        # The day of that allowance is over.
        write(ending)


def _ending(top_up: TopUp, status: str, more: list[Action], condition: Condition) -> Write:
    actions = [
        TopUp.status.set(status),
        TopUp.ended_at.set(clock.now_text()),
        TopUp.due_shard.remove(),
        TopUp.due_at.remove(),
        *more,
    ]
    return update(at(top_up), actions, condition)
