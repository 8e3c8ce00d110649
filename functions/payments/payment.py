"""Paying in the app: a signed-in user pays an order with the pay password, or at a stall by its
printed code, when the order is made with the payment.

Whoever pays first has paid; a second gets told so and keeps the money. A payment is kept as a
transfer of the ledger, and so is a refusal, for 90 days: the same request gets the same answer.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from msgspec import structs

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
from functions.payments.limits import payment_limit, with_password
from functions.payments.models import PaymentRequest, PaymentView
from functions.payments.orders import current, payable_by
from functions.payments.records import (
    PAYMENT,
    REVERSED,
    STATIC,
    Merchant,
    Order,
    merchant_key,
    order_key,
)
from functions.payments.stall import MerchantNotFound, order_at_stall
from functions.payments.views import charge_as_payment, payment_view
from functions.payments.waiting import charge_of
from functions.risk.money_guard import MoneyGuard
from functions.wallet.limits import check_payment_amount
from shared.errors import NotFound, Problem
from shared.ledger import FromUser, Limit, Posting, refuse, replay
from shared.ledger.errors import AccountClosed, InsufficientFunds, LimitExceeded
from shared.ledger.posting import find, transfer_id
from shared.ledger.records import Account, Transfer, account_key, transfer_key
from shared.ledger.sides import Authorize
from shared.money import Money
from shared.observability import count, measure_amount
from shared.table import Cancelled, Key, read
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
    yield _wanted(call.body)


def pay(call: Call[PaymentRequest]) -> Posting:
    """Does what the call asks for, once. Raises the problem of the rule that it breaks."""
    asked = fingerprint(call.body)
    earlier = call.found.one(Transfer, transfer_key(_id_of(call)))
    if earlier is not None:
        return replay(earlier, asked)
    payer = call.found.one(Account, account_key(call.user_id))
    if payer is None:
        raise AccountClosed
    order = _order(call)
    may_spend = _authorize(call, order, _limit(call, order))
    may_spend(payer)
    try:
        check_payable(order, payer_id=call.user_id)
        check_payment_amount(order.amount)
        posting = _paid(call, order, payer, asked)
    except _REMEMBERED as problem:
        raise _refused(call, order, payer, problem, asked) from problem
    count("Payments", kind=order.kind)
    measure_amount("PaymentAmount", order.amount, currency=order.currency)
    return posting


def shown_payment(call: Call[None]) -> PaymentView:
    """A payment, also one that was refused or a charge that waits, for its payer's eyes.

    Raises NotFound to others.
    """
    payment_id = call.path["payment_id"]
    transfer = call.found.one(Transfer, transfer_key(payment_id))
    order = call.found.one(Order, order_key(payment_id))
    if order is not None:
        charge = charge_of(order, call.user_id)
        if not charge.payment_id:
            return charge_as_payment(charge)
        transfer = find(charge.payment_id)
    payment = _visible(transfer, call.user_id)
    shown = payment_view(payment)
    if shown.status == "refunded" and current(payment.reference).ended_why == REVERSED:
        return structs.replace(shown, status="reversed")
    return shown


def check_payer(payment_id: str, user_id: str) -> None:
    """Raises NotFound unless it is a payment of this user, or a charge that asked them."""
    key = order_key(payment_id)
    order = read([key]).one(Order, key)
    if order is not None:
        charge_of(order, user_id)
    else:
        _visible(find(payment_id), user_id)


def _visible(transfer: Transfer | None, user_id: str) -> Transfer:
    if transfer is None or transfer.kind != PAYMENT or transfer.debit != user_id:
        raise NotFound
    return transfer


def _wanted(body: PaymentRequest) -> Key:
    if body.order_id is not None:
        return order_key(body.order_id)
    return merchant_key(str(body.merchant_id))


def _order(call: Call[PaymentRequest]) -> Order:
    """What is to be paid; for a printed code an order that is not yet written.

    Raises OrderNotFound, MerchantNotFound.
    """
    body = call.body
    if body.order_id is not None:
        return payable_by(call.found.one(Order, order_key(body.order_id)), call.user_id)
    merchant = call.found.one(Merchant, _wanted(body))
    if merchant is None or body.amount is None:
        raise MerchantNotFound
    return order_at_stall(merchant, Money(amount=body.amount), payment_id=_id_of(call))


def _paid(call: Call[PaymentRequest], order: Order, payer: Account, asked: str) -> Posting:
    limit = _limit(call, order)
    guarded = MoneyGuard(
        "payment",
        call,
        order.money,
        subject=_id_of(call),
        payee=order.merchant_id if order.kind == STATIC else order.order_id,
        account=payer,
        limit=limit,
        authorize=_authorize(call, order, limit),
        foresee=lambda: FromUser(payer, limit=limit).foresee(order.amount),
    )
    debit = FromUser(payer, limit=limit, authorize=guarded.authorize)
    try:
        return collect(
            order,
            payment_id=_id_of(call),
            debit=debit,
            new=order.kind == STATIC,
            fingerprint=asked,
            risk=guarded.decision.to_record(),
            together_with=guarded.together_with,
        )
    except Cancelled as cancelled:
        raise guarded.refusal(cancelled) from cancelled


def _limit(call: Call[PaymentRequest], order: Order) -> Limit:
    where = seen(call)
    return payment_limit(order.kind, with_password(where), where)  # type: ignore[arg-type]  # ours


def _authorize(call: Call[PaymentRequest], order: Order, limit: Limit) -> Authorize:
    """What must be so for the payer to spend, asked of each state of the account."""
    noting = REFUSALS.noting(call)
    proven = authorize(call.body.pay_password, origin=origin_of(call), noting=noting)

    def may_spend(account: Account) -> None:
        proven(account)
        cool_down.check(account, order.amount, limit=limit)

    return may_spend


def _asked(call: Call[PaymentRequest], problem: Problem) -> Asked:
    body, amount = call.body, call.body.amount
    about = {"merchant_id": str(body.merchant_id)}
    if body.order_id is not None:
        about = {"order_id": body.order_id}
        with suppress(OrderNotFound):
            amount = _order(call).amount
    return Asked(object_id=_id_of(call), transfer_id=_id_of(call), amount=amount, about=about)


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
