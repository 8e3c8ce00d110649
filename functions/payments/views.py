"""Orders, payments and refunds as merchants and payers see them."""

from typing import Any

from functions.payments.models import (
    ChargeFailure,
    ChargeView,
    MerchantOrder,
    MerchantOrderView,
    PayerOrderView,
    PaymentStatus,
    PaymentView,
    RefundView,
    Seller,
)
from functions.payments.records import DECLINED, EXPIRED, OPEN, PAID, REVERSED, Order, Refund
from shared import clock
from shared.errors import Problem
from shared.identifiers import derived_id
from shared.ledger.records import REFUSED, Transfer


def standing(order: Order) -> str:
    """The status of an order now: one whose time is over has expired, before a sweeper says so."""
    if order.status == OPEN and order.expires_at <= clock.seconds():
        return EXPIRED
    return str(order.status)


def merchant_order(order: Order) -> MerchantOrder:
    """An order as its merchant hears of it."""
    return MerchantOrder(**_of_merchant(order))


def merchant_order_view(order: Order, refunds: list[Refund]) -> MerchantOrderView:
    """The same with its refunds."""
    shown = sorted(refunds, key=lambda one: str(one.created_at))
    return MerchantOrderView(**_of_merchant(order), refunds=[refund_view(one) for one in shown])


def refund_view(refund: Refund) -> RefundView:
    return RefundView(
        refund_id=refund.refund_id,
        merchant_refund_id=refund.merchant_refund_id,
        status="succeeded",
        amount=refund.amount,
        currency="CNY",
        fee=refund.fee,
        reason=refund.reason,
        created_at=refund.created_at,
    )


def payer_order_view(order: Order, user_id: str) -> PayerOrderView:
    """An order before it is paid, or after; who paid it is nobody else's business."""
    status: Any = standing(order)
    return PayerOrderView(
        order_id=order.order_id,
        merchant=Seller(merchant_id=order.merchant_id, name=order.merchant_name),
        amount=order.amount,
        currency="CNY",
        subject=order.subject,
        status=status,
        expires_at=_text(order),
        payment_id=order.payment_id if order.payer_id == user_id else None,
    )


def payment_view(transfer: Transfer, *, first_answer: bool = False) -> PaymentView:
    """A payment as it stands now, or as it was first answered."""
    returned = 0 if first_answer else transfer.reversed_amount
    refused = transfer.status == REFUSED
    status: Any = "failed" if refused else refunded_word(transfer.amount, returned)
    return PaymentView(
        payment_id=transfer.transfer_id,
        status=status or "succeeded",
        order_id=transfer.reference,
        merchant=Seller(merchant_id=transfer.credit, name=transfer.credit_label or ""),
        amount=transfer.amount,
        currency="CNY",
        subject=transfer.note,
        refunded_amount=returned,
        created_at=transfer.created_at,
        expires_at=None,
        reason=Problem.from_record(transfer.refusal).code if refused else None,
    )


def at_once_id(order_id: str) -> str:
    """The id of the payment of a charge that needs no word of its payer."""
    return derived_id("t", order_id, "at once")


def charge_as_payment(order: Order) -> PaymentView:
    """A charge as its payer sees it, while it waits and when it was never paid."""
    status, reason = _charge_status(order)
    return PaymentView(
        payment_id=order.payment_id or order.order_id,
        status=status,
        order_id=order.order_id,
        merchant=Seller(merchant_id=order.merchant_id, name=order.merchant_name),
        amount=order.amount,
        currency="CNY",
        subject=order.subject,
        refunded_amount=order.refunded_amount,
        created_at=order.created_at,
        expires_at=_text(order) if status == "user_confirming" else None,
        reason=reason,
    )


def charge_view(order: Order) -> ChargeView:
    """A charge as it stands now, for its merchant."""
    status, reason = _charge_status(order)
    return _charge(order, status, reason, paid=order.status == PAID)


def answered_charge(order: Order) -> ChargeView:
    """A charge as it was first answered: paid at once, or waiting for its payer."""
    paid = order.payment_id == at_once_id(order.order_id)
    return _charge(order, "succeeded" if paid else "user_confirming", None, paid=paid)


def refunded_word(amount: int, returned: int) -> str | None:
    """What is said of something that was paid once money of it went back."""
    if not returned:
        return None
    return "refunded" if returned == amount else "partially_refunded"


def _charge(
    order: Order, status: PaymentStatus, reason: ChargeFailure | None, *, paid: bool
) -> ChargeView:
    return ChargeView(
        order_id=order.order_id,
        merchant_order_id=order.merchant_order_id,
        payment_id=order.payment_id if paid else None,
        status=status,
        amount=order.amount,
        currency="CNY",
        subject=order.subject,
        created_at=order.created_at,
        expires_at=_text(order),
        paid_at=order.paid_at if paid else None,
        fee=order.fee if paid else None,
        reason=reason,
    )


def _charge_status(order: Order) -> tuple[PaymentStatus, ChargeFailure | None]:
    """The word for a charge, and why it failed if it has."""
    now = standing(order)
    if order.ended_why == REVERSED:
        return "reversed", None
    if now == OPEN:
        return "user_confirming", None
    if now == PAID:
        word: Any = refunded_word(order.amount, order.refunded_amount)
        return word or "succeeded", None
    if order.ended_why == DECLINED:
        return "failed", "CHARGE_DECLINED"
    return "failed", "CHARGE_TIMED_OUT" if now == EXPIRED else "ORDER_CLOSED"


def _of_merchant(order: Order) -> dict[str, Any]:
    returned = order.refunded_amount
    return {
        "order_id": order.order_id,
        "merchant_order_id": order.merchant_order_id,
        "kind": order.kind,
        "status": refunded_word(order.amount, returned) or standing(order),
        "amount": order.amount,
        "currency": "CNY",
        "subject": order.subject,
        "created_at": order.created_at,
        "expires_at": _text(order),
        "payment_id": order.payment_id,
        "paid_at": order.paid_at,
        "ended_at": order.ended_at,
        "fee": order.fee if order.status == PAID else None,
        "refunded_amount": returned,
        "refunded_fee": order.refunded_fee,
    }


def _text(order: Order) -> str:
    return clock.text_of(order.expires_at * 1000)
