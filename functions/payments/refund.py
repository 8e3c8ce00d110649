"""Giving a payer back what an order was paid with: all of it or parts, never more.

The money comes from the merchant's balance. The house gives back its fee in proportion, so that
after each refund it has kept just the fee of what is left.
"""

from collections.abc import Sequence
from typing import NamedTuple

from functions.payments.announcement import Happened, announcing
from functions.payments.fee import fee_for
from functions.payments.models import RefundRequest
from functions.payments.orders import current
from functions.payments.records import (
    PAID,
    REFUND,
    REVERSAL,
    REVERSED,
    Order,
    Refund,
    refund_key,
)
from shared import clock
from shared.dynamodb import pause
from shared.errors import IdempotencyKeyReused, Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.ledger import ToUser, reverse
from shared.ledger.accounts import find_account, merchant_funds
from shared.ledger.errors import CreditRefused, InsufficientFunds, ReversalExceedsOriginal
from shared.money import Money, display
from shared.observability import count, measure_amount
from shared.settings import settings
from shared.table import Cancelled, Write, put, read, update
from shared.web.idempotency import fingerprint

_TRIES = 10


class OrderNotPaid(Problem):
    status = 409
    code = "ORDER_NOT_PAID"
    title = Texts("订单未支付", "Order not paid")
    detail = Texts("未支付的订单不能退款。", "An order that was not paid cannot be refunded.")


class TooManyRefunds(Problem):
    status = 422
    code = "TOO_MANY_REFUNDS"
    title = Texts("退款次数过多", "Too many refunds")
    detail = Texts(
        "一个订单最多退款 {limit} 次。", "An order can be refunded {limit} times at the most."
    )


class PayerGone(Problem):
    status = 422
    code = "PAYER_ACCOUNT_CLOSED"
    title = Texts("付款账户已注销", "The payer's account is closed")
    detail = Texts(
        "付款人已注销账户，无法原路退回。",
        "The payer has closed the account. Nothing can go back there.",
    )


class BalanceTooLow(InsufficientFunds):
    """What is on its way to the bank can't be called back; when that fails it is here again."""

    detail = Texts(
        "商户可用余额还差 {missing_display}，另有 {held_display} 正在结算到银行卡。",
        "The available balance is short by {missing_display}, while {held_display} are on their way"
        " to the merchant's bank card.",
    )


class Refunded(NamedTuple):
    """A refund, and whether an earlier request had made it."""

    refund: Refund
    replayed: bool


def refund(
    order: Order,
    request: RefundRequest,
    *,
    reverses: bool = False,
    together_with: Sequence[Write] = (),
) -> Refunded:
    """Gives `request.amount` of a paid order back, once for each `merchant_refund_id`.

    reverses: it is all of a charge, which is reversed by it. together_with: as of `post`, and so is
    the Cancelled that passes through.
    Raises IdempotencyKeyReused, OrderNotPaid, ReversalExceedsOriginal, TooManyRefunds, PayerGone,
    InsufficientFunds, ServiceUnavailable; AccountFrozen, AccountClosed of the merchant's account.
    """
    for attempt in range(_TRIES):
        if earlier := _earlier(order, request):
            return Refunded(earlier, replayed=True)
        check_refundable(order, request.amount)
        made = _new(order, request)
        if _gave_back(order, made, together_with, reverses=reverses):
            count("Refunds")
            measure_amount("RefundAmount", request.amount, currency=order.currency)
            return Refunded(made, replayed=False)
        pause(attempt)
        order = current(order.order_id)
    raise ServiceUnavailable


def check_refundable(order: Order, amount: int) -> None:
    """Raises OrderNotPaid, ReversalExceedsOriginal, TooManyRefunds for the order as it was read."""
    if order.status != PAID:
        raise OrderNotPaid
    left = order.amount - order.refunded_amount
    if amount > left:
        raise ReversalExceedsOriginal(left_display=display(left), left=left)
    if order.refunds >= settings().refunds_per_order:
        raise TooManyRefunds(limit=settings().refunds_per_order)


def refund_id_of(order: Order, merchant_refund_id: str) -> str:
    return derived_id("rf", order.order_id, merchant_refund_id)


def _gave_back(
    order: Order, made: Refund, together_with: Sequence[Write], *, reverses: bool
) -> bool:
    """False when another refund of the order, or this very one, was faster."""
    payer = find_account(order.payer_id)
    if payer is None:
        raise PayerGone
    after = _after(order, made, why=REVERSED if reverses else order.ended_why)
    counting = _counting(order, after)
    telling = announcing(Happened.REFUND_SUCCEEDED, after, made)
    try:
        posting = reverse(
            order.payment_id,
            amount=Money(amount=made.amount, currency=order.currency),
            idempotency_key=made.merchant_refund_id,
            debit=order.as_payer,
            credit=ToUser(payer),
            kind=REVERSAL if reverses else REFUND,
            note=made.reason or order.subject,
            merchant_fee=made.fee,
            together_with=[put(made), counting, *telling, *together_with],
        )
    except CreditRefused as error:
        raise PayerGone from error
    except InsufficientFunds as error:
        raise _too_little(order, error) from error
    except Cancelled as cancelled:
        if any(cancelled.failed(part) for part in together_with):
            raise
        return False
    return not posting.replayed


def _earlier(order: Order, request: RefundRequest) -> Refund | None:
    """The refund that this request, sent before, has made. Raises IdempotencyKeyReused."""
    if not order.refunds:
        return None
    key = refund_key(order.order_id, refund_id_of(order, request.merchant_refund_id))
    earlier = read([key]).one(Refund, key)
    if earlier is not None and earlier.fingerprint != fingerprint(request):
        raise IdempotencyKeyReused
    return earlier


def _new(order: Order, request: RefundRequest) -> Refund:
    refund_id = refund_id_of(order, request.merchant_refund_id)
    left = order.amount - order.refunded_amount - request.amount
    kept = int(order.fee - order.refunded_fee)
    return Refund(
        *refund_key(order.order_id, refund_id)[1:],
        refund_id=refund_id,
        merchant_refund_id=request.merchant_refund_id,
        amount=request.amount,
        fee=kept - fee_for(left, order.fee_basis_points),
        reason=request.reason,
        fingerprint=fingerprint(request),
        created_at=clock.now_text(),
    )


def _too_little(order: Order, missing: InsufficientFunds) -> InsufficientFunds:
    """The same with what the merchant has, so that it knows whether to wait or to earn."""
    available, held = merchant_funds(order.merchant_id)
    short = missing.values["missing"]
    return (BalanceTooLow if held else InsufficientFunds)(
        diagnosis={"missing": short, "available": available, "held": held},
        missing=short,
        missing_display=missing.values["missing_display"],
        held_display=display(held),
    )


def _after(order: Order, made: Refund, *, why: str | None) -> Order:
    after = Order.from_raw_data(order.raw())
    after.ended_why = why
    after.refunded_amount = int(order.refunded_amount + made.amount)
    after.refunded_fee = int(order.refunded_fee + made.fee)
    after.refunds = order.refunds + 1
    return after


def _counting(order: Order, after: Order) -> Write:
    """What counts a refund, on the order as it was read: the fee depends on what went before."""
    actions = [
        Order.refunded_amount.set(after.refunded_amount),
        Order.refunded_fee.set(after.refunded_fee),
        Order.refunds.set(after.refunds),
        *([Order.ended_why.set(after.ended_why)] if after.ended_why else []),
    ]
    as_read = (Order.status == PAID) & (Order.refunds == order.refunds)
    return update(Order(order.pk, order.sk), actions, as_read)
