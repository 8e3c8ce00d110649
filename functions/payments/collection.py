"""Collecting what an order is for: the money moves and the order is paid, in one write.

This is what all ways to pay end in: an order paid in the app, a printed code, a payment code that
was charged. Who may spend, and how much, is for the side that is debited to say.

| part of the write                         | write units |
|-------------------------------------------|-------------|
| the ledger's transfer, as any other       | 10          |
| the fee, to a shard of the house's        | 2           |
| the order                                 | 2           |
| the event for the merchant, if it has an  | 2           |
| address                                   |             |
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from functions.payments.announcement import Happened, announcing
from functions.payments.fee import fee_for
from functions.payments.records import CLOSED, EXPIRED, OPEN, PAID, PAYMENT, Order
from functions.payments.views import standing
from shared import clock
from shared.errors import NotFound, Problem, Texts
from shared.ledger import FromUser, Movement, Posting, post
from shared.ledger.errors import CreditRefused
from shared.table import Cancelled, Write, put, update


class OrderNotFound(NotFound):
    """Said in the same words as of anything that is not there."""


class OrderPaid(Problem):
    status = 409
    code = "ORDER_PAID"
    title = Texts("订单已支付", "Order already paid")
    detail = Texts("此订单已支付，不会再次扣款。", "This order was paid. It is not paid twice.")


class OrderClosed(Problem):
    status = 409
    code = "ORDER_CLOSED"
    title = Texts("订单已关闭", "Order closed")
    detail = Texts("商户已关闭此订单。", "The merchant has closed this order.")


class OrderExpired(Problem):
    status = 409
    code = "ORDER_EXPIRED"
    title = Texts("订单已过期", "Order expired")
    detail = Texts(
        "订单已超过支付期限，请重新下单。",
        "The time to pay this order is over. Please order again.",
    )


class MerchantNotActive(Problem):
    status = 422
    code = "MERCHANT_NOT_ACTIVE"
    title = Texts("商户暂停收款", "Merchant takes no payments")
    detail = Texts("此商户目前不能收款。", "This merchant cannot be paid at present.")


def collect(
    order: Order,
    *,
    payment_id: str,
    debit: FromUser,
    new: bool = False,
    fingerprint: str | None = None,
    risk: Mapping[str, Any] | None = None,
    together_with: Sequence[Write] = (),
) -> Posting:
    """Moves an order's amount from `debit` to its merchant, once, whoever tries.

    order: open, as it was read; or new, made for this payment and not yet written. Once paid by
        this call, it is as it stands then.
    payment_id: the id that the transfer will have. fingerprint, risk: as of a `Movement`.
    together_with: as of `post`, and so is the Cancelled that passes through.
    Raises OrderPaid, OrderClosed, OrderExpired, MerchantNotActive, and what `post` raises.
    """
    paid = _paid(order, payment_id, debit.account_id)
    movement = replace(movement_of(order, payment_id, fingerprint), risk=risk)
    paying = put(paid) if new else _paying(order, paid)
    with_it = [paying, *announcing(Happened.PAYMENT_SUCCEEDED, paid), *together_with]
    try:
        posting = post(movement, debit=debit, credit=order.as_payee, together_with=with_it)
    except CreditRefused as error:
        raise MerchantNotActive(merchant=order.merchant_name) from error
    except Cancelled as cancelled:
        if not cancelled.failed(paying):
            raise
        check_payable(cast(Order, cancelled.standing(paying)), payer_id=debit.account_id)
        raise  # payable as it stands, and yet refused: nobody thought of this
    if not posting.replayed:
        order.attribute_values = paid.attribute_values
    return posting


def movement_of(order: Order, payment_id: str, fingerprint: str | None) -> Movement:
    """What a payment moves, also one that is refused."""
    return Movement(
        transfer_id=payment_id,
        kind=PAYMENT,
        amount=order.money,
        fingerprint=fingerprint,
        note=order.subject,
        reference=order.order_id,
        merchant_fee=fee_for(order.amount, order.fee_basis_points),
    )


def check_payable(order: Order, *, payer_id: str) -> None:
    """Raises OrderPaid, OrderClosed, OrderExpired unless the order can be paid now.

    payer_id: who asks; of another who has paid no more is said than that.
    """
    merchant = order.merchant_name
    if order.status == PAID:
        paid_by = "you" if order.payer_id == payer_id else "another"
        raise OrderPaid(paid_by=paid_by, paid_at=order.paid_at or "", merchant=merchant)
    if order.status == CLOSED:
        raise OrderClosed(ended_at=order.ended_at or "", merchant=merchant)
    if standing(order) == EXPIRED:
        expired_at = clock.text_of(order.expires_at * 1000)
        raise OrderExpired(expired_at=expired_at, merchant=merchant)


def _paid(order: Order, payment_id: str, payer_id: str) -> Order:
    paid = Order.from_raw_data(order.raw())
    paid.status, paid.payment_id, paid.payer_id = PAID, payment_id, payer_id
    paid.paid_at = clock.now_text()
    paid.fee = fee_for(order.amount, order.fee_basis_points)
    paid.due_shard = paid.due_at = None
    return paid


def _paying(order: Order, paid: Order) -> Write:
    actions = [
        Order.status.set(PAID),
        Order.payment_id.set(paid.payment_id),
        Order.payer_id.set(paid.payer_id),
        Order.paid_at.set(paid.paid_at),
        Order.fee.set(paid.fee),
        Order.due_shard.remove(),
        Order.due_at.remove(),
    ]
    payable = (Order.status == OPEN) & (Order.expires_at > clock.seconds())
    return update(Order(order.pk, order.sk), actions, payable)
