"""At a stall: a merchant's printed code, by which whoever scans it pays an amount of their own.

The code names the merchant and nothing else, so it can hang there for years. The order, by which
the merchant hears of the payment and gives money back, is made in the payment's own write.
"""

from functions.payments.merchants import find_merchant
from functions.payments.orders import new_order
from functions.payments.records import STATIC, Merchant, Order
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
    lasts = settings().order_expires_seconds
    return new_order(merchant, payment_id, amount, merchant.name, kind=STATIC, expires_in=lasts)
