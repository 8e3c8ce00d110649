"""Asking for money by a QR code, and what such a code says of the transfer that pays it.

A code is not kept: what it asks for is written in it, under our signature. So it may be paid by
several people, as when a bill is split, and each of them pays what it says.
"""

from functions.transfers.models import CollectCode, CollectRequest, Payee
from shared import clock
from shared.errors import Problem, Texts
from shared.money import Money, display
from shared.qr import Code, Owner, Terms, understood
from shared.qr_image import qr_view
from shared.settings import settings


class NotACollectCode(Problem):
    status = 422
    code = "NOT_A_COLLECT_CODE"
    title = Texts("不是个人收款码", "Not a code of a person")
    detail = Texts(
        "这是商户或订单的二维码，请用支付功能付款。",
        "This is the code of a merchant or an order, which is paid as a payment.",
    )


class OtherAmountAsked(Problem):
    status = 422
    code = "OTHER_AMOUNT_ASKED"
    title = Texts("金额不一致", "Another amount asked")
    detail = Texts("收款码要求的金额是 {asked_display}。", "The code asks for {asked_display}.")


def collect_code(user_id: str, wish: CollectRequest) -> CollectCode:
    """A code by which others send money to a user."""
    code = Code(Owner.PERSON, user_id, _terms(wish))
    shown = qr_view(code.text, wish.image)
    return CollectCode(
        qr=shown.qr, svg=shown.svg, png=shown.png, expires_at=code.terms.expires_at_text
    )


def code_of(payee: Payee) -> Code | None:
    """The code that names a payee, if one does. Raises QrUnknown, QrForged, NotACollectCode."""
    if payee.qr is None:
        return None
    code = understood(payee.qr)
    if code.owner is not Owner.PERSON:
        raise NotACollectCode
    return code


def check_terms(code: Code, amount: Money) -> None:
    """Raises QrExpired, OtherAmountAsked where a code must not be paid by this amount now."""
    code.check_current()
    asked = code.terms.money
    if asked and asked != amount:
        raise OtherAmountAsked(
            field="amount",
            asked=asked.amount,
            asked_display=display(asked.amount, asked.currency),
        )


def _terms(wish: CollectRequest) -> Terms:
    if wish.amount is None and not wish.note and wish.expires_in is None:
        return Terms()
    lasts = wish.expires_in or settings().collect_code_seconds
    money = None if wish.amount is None else Money(amount=wish.amount)
    return Terms(clock.seconds() + lasts, money, wish.note or None)
