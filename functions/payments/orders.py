"""Orders: what a merchant wants to be paid for, until somebody pays or nobody does."""

from collections.abc import Iterator

from functions.payments.announcement import Happened, announcing
from functions.payments.collection import OrderNotFound, OrderPaid
from functions.payments.fee import basis_points_of
from functions.payments.models import MerchantOrderView, OrderMade, OrderRequest
from functions.payments.records import (
    CLOSED,
    CODE,
    EXPIRED,
    EXPIRY,
    OPEN,
    ORDER,
    PAID,
    REFUND_PREFIX,
    Merchant,
    Order,
    Refund,
    order_key,
)
from functions.payments.views import merchant_order_view, standing
from shared import clock
from shared.errors import IdempotencyKeyReused, NotFound
from shared.identifiers import id_from_digest
from shared.money import Money
from shared.observability import count
from shared.qr import Code, Owner
from shared.secrets import keyed_digest
from shared.settings import settings
from shared.sweep import sweep
from shared.table import Cancelled, due_shard, due_shards, put_new, read, update, write
from shared.web.idempotency import fingerprint


def order_id_of(merchant_id: str, merchant_order_id: str) -> str:
    """The id of an order, which nobody can work out who knows the merchant's numbers."""
    return id_from_digest("o", keyed_digest("order", f"{merchant_id}\x00{merchant_order_id}"))


def checkout_url(order_id: str) -> str:
    """Where a payer goes to pay: the app opens it, and a browser without the app says so."""
    return f"{settings().checkout_url}/{order_id}"


def qr_of(order: Order) -> str:
    """What the QR code of an order says."""
    return Code(Owner.ORDER, order.order_id).text


def place(merchant: Merchant, request: OrderRequest) -> tuple[Order, bool]:
    """Makes an order, once for each number of the merchant's; whether it was there before.

    Raises IdempotencyKeyReused for a number that another order has.
    """
    order = _new(merchant, request)
    if put_new(order):
        count("OrdersPlaced")
        return order, False
    earlier = current(order.order_id)
    if earlier.fingerprint != order.fingerprint:
        raise IdempotencyKeyReused
    return earlier, True


def made_view(order: Order) -> OrderMade:
    return OrderMade(
        order_id=order.order_id, checkout_url=checkout_url(order.order_id), qr=qr_of(order)
    )


def payable_by(order: Order | None, user_id: str) -> Order:
    """An order for the eyes of who may pay it: of a charge that is its payer alone.

    Raises OrderNotFound to all others, in the same words.
    """
    if order is None or (order.kind == CODE and order.payer_id != user_id):
        raise OrderNotFound
    return order


def order_of(merchant_id: str, order: Order | None) -> Order:
    """An order for its merchant's eyes. Raises NotFound to all others, in the same words."""
    if order is None or order.merchant_id != merchant_id or not order.amount:
        raise NotFound
    return order


def find_order(order_id: str) -> Order | None:
    """An order as it stands now, strongly consistent."""
    key = order_key(order_id)
    return read([key]).one(Order, key)


def current(order_id: str) -> Order:
    """The same, of one that there is. Raises NotFound."""
    found = find_order(order_id)
    if found is None:
        raise NotFound
    return found


def with_refunds(order: Order) -> MerchantOrderView:
    """An order as its merchant sees it, with all that went back of it."""
    refunds = Refund.query(order.pk, Refund.sk.startswith(REFUND_PREFIX), consistent_read=True)
    return merchant_order_view(order, list(refunds) if order.refunds else [])


def close(order: Order) -> Order:
    """Lets nobody pay an order any more; again, or after it has expired, it changes nothing.

    Raises OrderPaid.
    """
    if standing(order) != OPEN or end_unpaid(order, CLOSED):
        return not_paid(order)
    # Somebody was faster: paid it, or closed it too.
    return not_paid(current(order.order_id))


def expire_due() -> int:
    """Says of each open order whose time is over that it has expired; how many were looked at."""
    return sweep("expire_orders", _due_orders(), lambda order: end_unpaid(order, EXPIRED))


def _due_orders(*, limit: int = 500) -> Iterator[Order]:
    for shard in due_shards(EXPIRY):
        yield from Order.due.query(
            shard, Order.due_at <= clock.seconds(), limit=limit, page_size=100
        )


def not_paid(order: Order) -> Order:
    """Raises OrderPaid."""
    if order.status == PAID:
        raise OrderPaid
    return order


def end_unpaid(order: Order, status: str, *, why: str | None = None) -> bool:
    """Ends an open order without payment, and tells its merchant; False when it is not open.

    why: the charge was declined or reversed.
    """
    ended = Order.from_raw_data(order.raw())
    ended.status, ended.ended_at, ended.ended_why = status, clock.now_text(), why
    actions = [
        Order.status.set(status),
        Order.ended_at.set(ended.ended_at),
        *([Order.ended_why.set(why)] if why else []),
        Order.due_shard.remove(),
        Order.due_at.remove(),
    ]
    ending = update(Order(order.pk, order.sk), actions, Order.status == OPEN)
    happened = Happened.ORDER_CLOSED if status == CLOSED else Happened.ORDER_EXPIRED
    try:
        write(ending, *announcing(happened, ended))
    except Cancelled as cancelled:
        if not cancelled.failed(ending):
            raise
        return False
    order.status, order.ended_at, order.ended_why = status, ended.ended_at, why
    count("OrdersEnded", how=why or status)
    return True


def new_order(
    merchant: Merchant,
    merchant_order_id: str,
    amount: Money,
    subject: str,
    *,
    kind: str,
    expires_in: int,
    notify_url: str | None = None,
    fingerprint: str | None = None,
) -> Order:
    """An order of a merchant on its present terms, not yet written. expires_in: seconds.

    notify_url: where the merchant's own is not meant.
    """
    order_id = order_id_of(merchant.merchant_id, merchant_order_id)
    return Order(
        *order_key(order_id)[1:],
        order_id=order_id,
        merchant_id=merchant.merchant_id,
        merchant_order_id=merchant_order_id,
        merchant_name=merchant.name,
        kind=kind,
        amount=amount.amount,
        currency=amount.currency,
        subject=subject,
        fee_basis_points=basis_points_of(merchant),
        notify_url=notify_url or merchant.notify_url,
        fingerprint=fingerprint,
        created_at=clock.now_text(),
        expires_at=clock.seconds() + expires_in,
    )


def waiting(order: Order) -> Order:
    """The same, which a schedule ends when nobody has paid it in time."""
    order.due_shard, order.due_at = due_shard(EXPIRY, order.order_id), order.expires_at
    return order


def _new(merchant: Merchant, request: OrderRequest) -> Order:
    return waiting(
        new_order(
            merchant,
            request.merchant_order_id,
            Money(amount=request.amount, currency=request.currency),
            request.subject,
            kind=ORDER,
            expires_in=request.expires_in or settings().order_expires_seconds,
            notify_url=request.notify_url,
            fingerprint=fingerprint(request),
        )
    )
