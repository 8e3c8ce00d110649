"""By which numbers a merchant knows its orders and refunds."""

from collections.abc import Iterable

from functions.payments.records import REFUND_PREFIX, Order, Refund, order_key
from shared.ledger.posting import reversal_id
from shared.table import read


def order_numbers(order_ids: Iterable[str]) -> dict[str, str]:
    """The merchant's number by the id of the order; up to 100."""
    keys = {order_id: order_key(order_id) for order_id in order_ids}
    found = read(keys.values()) if keys else None
    orders = {order_id: found.one(Order, key) for order_id, key in keys.items()} if found else {}
    return {order_id: one.merchant_order_id for order_id, one in orders.items() if one}


def refund_numbers(order_id: str, payment_id: str) -> dict[str, str]:
    """The merchant's number of each refund of an order, by the id of its transfer."""
    refunds = Refund.query(
        order_key(order_id).pk, Refund.sk.startswith(REFUND_PREFIX), consistent_read=True
    )
    numbers = [refund.merchant_refund_id for refund in refunds]
    return {reversal_id(payment_id, number): number for number in numbers}
