"""At a stall: a merchant's printed code, by which whoever scans it pays an amount of their own.

The code names the merchant and nothing else, so it can hang there for years. The order, by which
the merchant hears of the payment and gives money back, is made in the payment's own write.
"""

from functions.payments.fee import basis_points_of
from functions.payments.merchants import find_merchant
from functions.payments.orders import order_id_of
from functions.payments.records import STATIC, Merchant, Order, order_key
from shared import clock
from shared.errors import NotFound
from shared.money import Money
from shared.qr import Code, Owner
from shared.qr_image import qr_view
from shared.settings import settings


class MerchantNotFound(NotFound):
    """Said in the same words as of anything that is not there."""


def qr_of(merchant_id: str) -> str:
    """What the printed code of a merchant says."""
    return Code(Owner.MERCHANT, merchant_id).text


def to_print(merchant_id: str) -> dict[str, str | None]:
    """The code of a merchant, and an image of it as SVG. Raises MerchantNotFound."""
    if find_merchant(merchant_id) is None:
        raise MerchantNotFound
    shown = qr_view(qr_of(merchant_id), "svg")
    return {"qr": shown.qr, "svg": shown.svg}


def order_at_stall(merchant: Merchant, amount: Money, *, payment_id: str) -> Order:
    """The order that one payment by a printed code will make.

    The payment's id is its number, and the merchant's name stands for goods that nobody has named.
    """
    order_id = order_id_of(merchant.merchant_id, payment_id)
    return Order(
        *order_key(order_id)[1:],
        order_id=order_id,
        merchant_id=merchant.merchant_id,
        merchant_order_id=payment_id,
        merchant_name=merchant.name,
        kind=STATIC,
        amount=amount.amount,
        currency=amount.currency,
        subject=merchant.name,
        fee_basis_points=basis_points_of(merchant),
        notify_url=merchant.notify_url,
        created_at=clock.now_text(),
        expires_at=clock.seconds() + settings().order_expires_seconds,
    )
