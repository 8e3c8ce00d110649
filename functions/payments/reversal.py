"""Reversing a charge: whatever became of it, the merchant has none of its money in the end.

A till that does not know what became of a charge reverses it by its own number. An unpaid one is
closed, a paid one is given back in full, once. And where there is none yet, there never will be: a
charge that comes late, overtaken by its own reversal, finds the number taken.
"""

from functions.payments.models import RefundRequest, ReversalView
from functions.payments.orders import end_unpaid, find_order, order_id_of
from functions.payments.records import (
    CLOSED,
    CODE,
    OPEN,
    PAID,
    REVERSED,
    Merchant,
    Order,
    order_key,
)
from functions.payments.refund import refund
from shared import clock
from shared.dynamodb import pause
from shared.errors import NotFound, ServiceUnavailable
from shared.observability import count
from shared.settings import settings
from shared.table import put_new

_TRIES = 10
# No merchant can name a refund so.
_NUMBER = "~reversal"


def reverse_charge(merchant: Merchant, merchant_order_id: str) -> ReversalView:
    """Raises NotFound for the number of an order that is no charge, and what `refund` raises."""
    order_id = order_id_of(merchant.merchant_id, merchant_order_id)
    for attempt in range(_TRIES):
        order = find_order(order_id)
        if order is None:
            if put_new(_never(merchant, order_id, merchant_order_id)):
                return _view(order_id, merchant_order_id, returned=0)
        elif order.kind != CODE:
            raise NotFound
        elif order.status == PAID:
            return _given_back(order)
        elif order.status != OPEN or end_unpaid(order, CLOSED, why=REVERSED):
            return _view(order_id, merchant_order_id, returned=0)
        pause(attempt)
    raise ServiceUnavailable


def _given_back(order: Order) -> ReversalView:
    request = RefundRequest(merchant_refund_id=_NUMBER, amount=order.amount)
    given = refund(order, request, reverses=True)
    if not given.replayed:
        count("ChargesReversed")
    return _view(order.order_id, order.merchant_order_id, returned=given.refund.amount)


def _never(merchant: Merchant, order_id: str, merchant_order_id: str) -> Order:
    """What stands for a charge that was reversed before it came."""
    now = clock.now_text()
    return Order(
        *order_key(order_id)[1:],
        order_id=order_id,
        merchant_id=merchant.merchant_id,
        merchant_order_id=merchant_order_id,
        merchant_name=merchant.name,
        kind=CODE,
        status=CLOSED,
        amount=0,
        currency="CNY",
        subject="",
        fee_basis_points=0,
        created_at=now,
        expires_at=clock.seconds(),
        ended_at=now,
        ended_why=REVERSED,
        ttl=clock.seconds() + settings().refusal_kept_seconds,
    )


def _view(order_id: str, merchant_order_id: str, *, returned: int) -> ReversalView:
    return ReversalView(
        order_id=order_id,
        merchant_order_id=merchant_order_id,
        status="reversed",
        returned_amount=returned,
        currency="CNY",
    )
