"""Charges that wait for their payer: what the phone shows, and saying no.

To say yes is to pay the order, as any other. The phone that shows a code asks for what waits.
"""

from itertools import islice

from functions.payments.models import ChargesView, PaymentView
from functions.payments.orders import current, end_unpaid, not_paid
from functions.payments.records import (
    CLOSED,
    CODE,
    DECLINED,
    OPEN,
    Order,
    WaitingCharge,
    order_key,
    waiting_charge_key,
)
from functions.payments.views import charge_as_payment, standing
from shared import clock
from shared.errors import NotFound
from shared.settings import settings
from shared.table import read

_SHOWN_LIMIT = 50


def charge_of(order: Order | None, user_id: str) -> Order:
    """A charge for the eyes of its payer. Raises NotFound to all others, in the same words."""
    if order is None or order.kind != CODE or order.payer_id != user_id:
        raise NotFound
    return order


def charges(user_id: str) -> ChargesView:
    """All charges that wait for a user's word now, the newest first."""
    first_ms = clock.milliseconds() - settings().charge_confirm_seconds * 1_000
    oldest = waiting_charge_key(user_id, clock.text_of(first_ms), "")
    lines = WaitingCharge.query(
        oldest.pk, WaitingCharge.sk >= oldest.sk, consistent_read=True, scan_index_forward=False
    )
    keys = [order_key(line.order_id) for line in islice(lines, _SHOWN_LIMIT)]
    found = read(keys) if keys else None
    orders = [order for key in keys if found and (order := found.one(Order, key))]
    return ChargesView(
        items=[charge_as_payment(order) for order in orders if standing(order) == OPEN],
        next_cursor=None,
    )


def decline(order: Order) -> PaymentView:
    """Says no to a charge; again, or after it has ended unpaid, it changes nothing.

    Raises OrderPaid.
    """
    if standing(order) == OPEN and not end_unpaid(order, CLOSED, why=DECLINED):
        order = current(order.order_id)
    return charge_as_payment(not_paid(order))
