"""Paying in the app: a signed-in user pays an order with the pay password.

Whoever pays first has paid; a second gets told so and keeps the money. A payment is kept as a
transfer of the ledger, and so is a refusal, for 90 days: the same request gets the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from functions.diagnosis.attempts import Asked, Refusals
from functions.identity import cool_down
from functions.identity.origin import origin_of, seen
from functions.identity.pay_password import authorize
from functions.payments.collection import (
    MerchantNotActive,
    OrderNotFound,
    check_payable,
    collect,
    movement_of,
)
from functions.payments.models import PaymentRequest
from functions.payments.records import PAYMENT, Order, order_key
from functions.risk.money_guard import MoneyGuard
from functions.wallet.limits import check_payment_amount, on_device, payment_day_limit
from shared.errors import NotFound, Problem
from shared.ledger import FromUser, Limit, Posting, refuse, replay
from shared.ledger.errors import AccountClosed, InsufficientFunds, LimitExceeded
from shared.ledger.posting import transfer_id
from shared.ledger.records import Account, Transfer, account_key, transfer_key
from shared.ledger.sides import Authorize
from shared.observability import count, measure_amount
from shared.table import Cancelled, Key
from shared.web.idempotency import fingerprint
from shared.web.operation import Call

_REMEMBERED = (InsufficientFunds, LimitExceeded, MerchantNotActive)


@dataclass(frozen=True)
class _Named:
    """A party of a payment that was refused."""

    account_id: str
    label: str | None = None


def needed(call: Call[PaymentRequest]) -> Iterable[Key]:
    """All that a payment must know, read in the same round trip as the session."""
    yield account_key(call.user_id)
    yield transfer_key(_id_of(call))
    yield order_key(call.body.order_id)


def pay(call: Call[PaymentRequest]) -> Posting:
    """Does what the call asks for, once. Raises the problem of the rule that it breaks."""
    asked = fingerprint(call.body)
    earlier = call.found.one(Transfer, transfer_key(_id_of(call)))
    if earlier is not None:
        return replay(earlier, asked)
    payer = call.found.one(Account, account_key(call.user_id))
    order = call.found.one(Order, order_key(call.body.order_id))
    if payer is None:
        raise AccountClosed
    if order is None:
        raise OrderNotFound
    may_spend = _authorize(call, order, payment_day_limit())
    may_spend(payer)
    try:
        check_payable(order, payer_id=call.user_id)
        check_payment_amount(int(order.amount))
        posting = _paid(call, order, payer, asked)
    except _REMEMBERED as problem:
        raise _refused(call, order, payer, problem, asked) from problem
    count("Payments", kind=order.kind)
    measure_amount("PaymentAmount", int(order.amount), currency=order.currency)
    return posting


def visible(transfer: Transfer | None, user_id: str) -> Transfer:
    """A payment, also one that was refused, for its payer's eyes. Raises NotFound to others."""
    if transfer is None or transfer.kind != PAYMENT or transfer.debit != user_id:
        raise NotFound
    return transfer


def _paid(call: Call[PaymentRequest], order: Order, payer: Account, asked: str) -> Posting:
    limit = on_device(payment_day_limit(), seen(call))
    guarded = MoneyGuard(
        "payment",
        call,
        order.money,
        subject=_id_of(call),
        payee=order.order_id,
        account=payer,
        limit=limit,
        authorize=_authorize(call, order, limit),
        foresee=lambda: FromUser(payer, limit=limit).foresee(int(order.amount)),
    )
    debit = FromUser(payer, limit=limit, authorize=guarded.authorize)
    try:
        return collect(
            order,
            payment_id=_id_of(call),
            debit=debit,
            fingerprint=asked,
            risk=guarded.decision.to_record(),
            together_with=guarded.together_with,
        )
    except Cancelled as cancelled:
        raise guarded.refusal(cancelled) from cancelled


def _authorize(call: Call[PaymentRequest], order: Order, limit: Limit) -> Authorize:
    """What must be so for the payer to spend, asked of each state of the account."""
    noting = REFUSALS.noting(call)
    proven = authorize(call.body.pay_password, origin=origin_of(call), noting=noting)

    def may_spend(account: Account) -> None:
        proven(account)
        cool_down.check(account, int(order.amount), limit=limit)

    return may_spend


def _asked(call: Call[PaymentRequest], problem: Problem) -> Asked:
    order = call.found.one(Order, order_key(call.body.order_id))
    return Asked(
        object_id=_id_of(call),
        transfer_id=_id_of(call),
        amount=None if order is None else int(order.amount),
        about={"order_id": call.body.order_id},
    )


def _id_of(call: Call[PaymentRequest]) -> str:
    return transfer_id(
        account_id=call.user_id, operation=PAYMENT, idempotency_key=call.idempotency_key
    )


def _refused(
    call: Call[PaymentRequest], order: Order, payer: Account, problem: Problem, asked: str
) -> Problem:
    count("PaymentsRefused", reason=problem.code)
    return refuse(
        movement_of(order, _id_of(call), asked),
        problem,
        debit=_Named(payer.account_id, payer.label),
        credit=_Named(order.merchant_id, order.merchant_name),
    )


REFUSALS = Refusals("payment", _asked)
