"""A request to withdraw: everything is checked, held and written down at once, or nothing is.

After that the money is safe whatever happens here. A state machine carries the withdrawal out; one
that could not be started is started by the same request sent again, or by the sweeper.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple, cast

from functions.diagnosis.attempts import Asked, Refusals
from functions.identity.origin import origin_of, seen
from functions.identity.pay_password import authorize
from functions.risk.money_guard import MoneyGuard
from functions.wallet.cards import Card, CardNotActive, key_of_card
from functions.wallet.limits import (
    check_withdrawal_amount,
    on_device,
    withdrawal_day_limit,
)
from functions.withdrawals.arrival import arrival
from functions.withdrawals.card import CardKindNotAllowed, is_new, payable_card
from functions.withdrawals.delay import not_before
from functions.withdrawals.execution import start
from functions.withdrawals.fee import Fee, fee_of, key_of_allowance, using
from functions.withdrawals.models import WithdrawalRequest
from functions.withdrawals.records import (
    PENDING,
    RESOLVING,
    FreeAllowance,
    Withdrawal,
    current,
    find_withdrawal,
    hold_id_of,
    listing,
    withdrawal_key,
)
from shared import clock
from shared.dynamodb import pause
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.ledger import FromUser, Limit, Movement, Posting, ToSystem, hold, refuse, replay
from shared.ledger.accounts import BANK_SETTLEMENT
from shared.ledger.errors import AccountClosed, InsufficientFunds, LimitExceeded
from shared.ledger.records import Account, Transfer, account_key, transfer_key
from shared.ledger.sides import Authorize
from shared.money import Money
from shared.observability import count, logger
from shared.settings import settings
from shared.table import Cancelled, Key, due_shard, put
from shared.web.idempotency import fingerprint
from shared.web.operation import Call

_TRIES = 10


class FeeChanged(Problem):
    status = 409
    code = "FEE_CHANGED"
    title = Texts("手续费已变化", "Fee has changed")
    detail = Texts(
        "手续费与您确认的不同，请重新确认。",
        "The withdrawal costs something else by now. Please confirm it again.",
    )


_REMEMBERED = (CardKindNotAllowed, CardNotActive, InsufficientFunds, LimitExceeded)


class Outcome(NamedTuple):
    """A withdrawal that stands, and whether an earlier request had made it."""

    withdrawal: Withdrawal
    replayed: bool


def needed(call: Call[WithdrawalRequest]) -> Iterable[Key]:
    """All that a withdrawal must know, read in the same round trip as the session."""
    withdrawal_id = _id_of(call)
    yield account_key(call.user_id)
    yield transfer_key(hold_id_of(withdrawal_id))
    yield withdrawal_key(withdrawal_id)
    yield key_of_card(call.user_id, call.body.card_id)
    yield key_of_allowance(call.user_id)


def withdraw(call: Call[WithdrawalRequest]) -> Outcome:
    """Does what the call asks for, once. Raises the problem of the rule that it breaks."""
    withdrawal_id = _id_of(call)
    movement = Movement(
        transfer_id=hold_id_of(withdrawal_id),
        kind="withdrawal",
        amount=Money(amount=call.body.amount, currency=call.body.currency),
        fingerprint=fingerprint(call.body),
        reference=withdrawal_id,
    )
    payer = call.found.one(Account, account_key(call.user_id))
    earlier = call.found.one(Transfer, transfer_key(movement.transfer_id))
    if earlier is not None:
        replay(earlier, movement.fingerprint)
        return _started(_standing(call), replayed=True)
    if payer is None:
        raise AccountClosed
    _proven(call)(payer)
    try:
        check_withdrawal_amount(call.body.amount)
        return _held(call, movement, payer)
    except _REMEMBERED as problem:
        count("WithdrawalsRefused", reason=problem.code)
        raise refuse(movement, problem, debit=payer, credit=ToSystem(BANK_SETTLEMENT)) from problem


def _held(call: Call[WithdrawalRequest], movement: Movement, payer: Account) -> Outcome:
    """Writes all of it at once; worked out anew while others use up the free allowance."""
    card = payable_card(call.found, key_of_card(call.user_id, call.body.card_id))
    limit = on_device(withdrawal_day_limit(), seen(call))
    allowance = call.found.one(FreeAllowance, key_of_allowance(call.user_id))
    total = call.body.amount + _fee(call, allowance).amount
    guarded = _guarded(call, movement, payer, card, limit, total)
    made = _record(call, card, not_before(guarded.decision, payer))
    made.risk = guarded.decision.to_record(delayed=made.not_before is not None)
    counted = call.body.amount
    debit = FromUser(payer, limit=limit, counted=counted, authorize=_may_spend(guarded, payer))
    for attempt in range(_TRIES):
        fee = _fee(call, allowance)
        made.fee, made.free_amount, made.free_month = fee.amount, fee.free, fee.month
        counting = using(call.user_id, fee)
        try:
            posting = hold(
                replace(movement, amount=made.total, risk=made.risk),
                debit=debit,
                credit=ToSystem(BANK_SETTLEMENT, label=made.card_label),
                expires_at=None,
                together_with=[put(made), put(listing(made)), *counting, *guarded.together_with],
            )
        except Cancelled as cancelled:
            if not any(cancelled.failed(part) for part in counting):
                raise guarded.refusal(cancelled) from cancelled
            allowance = cast("FreeAllowance | None", cancelled.standing(counting[0]))
        else:
            return _told(made, posting)
        pause(attempt)
    raise ServiceUnavailable


def _told(made: Withdrawal, posting: Posting) -> Outcome:
    if posting.replayed:
        return _started(current(made), replayed=True)
    count("Withdrawals", outcome=PENDING)
    return _started(made)


def _started(withdrawal: Withdrawal, *, replayed: bool = False) -> Outcome:
    return Outcome(started(withdrawal), replayed)


def started(withdrawal: Withdrawal) -> Withdrawal:
    """Has its state machine started, if it may not be. Where that fails, the sweeper does it."""
    if withdrawal.status == PENDING:
        try:
            start(withdrawal.withdrawal_id)
        except ServiceUnavailable:
            fields = {"withdrawal_id": withdrawal.withdrawal_id}
            logger.warning("withdrawal_not_started", extra=fields)
    return withdrawal


def _fee(call: Call[WithdrawalRequest], allowance: FreeAllowance | None) -> Fee:
    """What it costs now. Raises FeeChanged when the user was shown something else."""
    fee = fee_of(call.body.amount, allowance)
    if call.body.fee not in (None, fee.amount):
        raise FeeChanged(diagnosis={"fee": fee.amount})
    return fee


def _guarded(
    call: Call[WithdrawalRequest],
    movement: Movement,
    payer: Account,
    card: Card,
    limit: Limit,
    total: int,
) -> MoneyGuard:
    counted = movement.amount.amount
    return MoneyGuard(
        "withdrawal",
        call,
        movement.amount,
        subject=_id_of(call),
        payee=card.card_id,
        account=payer,
        limit=limit,
        authorize=_proven(call),
        foresee=lambda: FromUser(payer, limit=limit, counted=counted).foresee(total),
        new_payee=is_new(card),
    )


def _proven(call: Call[WithdrawalRequest]) -> Authorize:
    """What asks for the pay password, whatever the state of the account."""
    noting = REFUSALS.noting(call)
    return authorize(call.body.pay_password, origin=origin_of(call), noting=noting)


def _may_spend(guarded: MoneyGuard, payer: Account) -> Authorize:
    """What must be so for the money to be held, asked of each state of the account."""

    def may_spend(account: Account) -> None:
        guarded.authorize(account)
        if account.cool_down_until != payer.cool_down_until:
            # It would wait for another end: the same request sent again gets that.
            raise ServiceUnavailable

    return may_spend


def _record(call: Call[WithdrawalRequest], card: Card, wait_until: int | None) -> Withdrawal:
    """A withdrawal that is not yet written, and of which it is not known what it costs."""
    withdrawal_id, created_at = _id_of(call), clock.now_text()
    return Withdrawal(
        *withdrawal_key(withdrawal_id)[1:],
        withdrawal_id=withdrawal_id,
        user_id=call.user_id,
        status=PENDING,
        history=[{"status": PENDING, "at": created_at}],
        amount=call.body.amount,
        currency=call.body.currency,
        hold_id=hold_id_of(withdrawal_id),
        card_id=card.card_id,
        card_token=card.card_token,
        bank=card.bank,
        last4=card.last4,
        created_at=created_at,
        expected_by=arrival(card.bank, wait_until or clock.seconds()),
        not_before=wait_until,
        due_shard=due_shard(RESOLVING, withdrawal_id),
        due_at=clock.seconds() + settings().withdrawal_grace_seconds,
    )


def _standing(call: Call[WithdrawalRequest]) -> Withdrawal:
    """The withdrawal whose hold was found. The read of both at once may have seen it too early."""
    key = withdrawal_key(_id_of(call))
    found = call.found.one(Withdrawal, key) or find_withdrawal(_id_of(call))
    if found is None:
        raise NotFound
    return found


def _id_of(call: Call[WithdrawalRequest]) -> str:
    return derived_id("wd", call.user_id, "withdrawal", call.idempotency_key)


def _asked(call: Call[WithdrawalRequest], problem: Problem) -> Asked:
    withdrawal_id = _id_of(call)
    return Asked(
        object_id=withdrawal_id,
        transfer_id=hold_id_of(withdrawal_id),
        amount=call.body.amount,
        about={"card_id": call.body.card_id},
    )


REFUSALS = Refusals("withdrawal", _asked)
