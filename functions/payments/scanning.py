"""What a QR code is about, for the app to show before anybody pays."""

from collections.abc import Iterable

from functions.payments.collection import MerchantNotActive
from functions.payments.models import Collector, ScannedView, ScanRequest, Seller
from functions.payments.orders import payable_by
from functions.payments.records import ACTIVE, Merchant, Order, merchant_key, order_key
from functions.payments.views import payer_order_view
from functions.transfers.transfer import PayeeNotFound
from shared.errors import NotFound
from shared.ledger.records import CLOSED, Account, account_key
from shared.qr import Code, Owner, understood
from shared.table import Found, Key
from shared.web.operation import Call


def needed(call: Call[ScanRequest]) -> Iterable[Key]:
    """Whatever the code names."""
    yield _key_of(understood(call.body.qr))


def scanned(call: Call[ScanRequest]) -> ScannedView:
    """Raises QrUnknown, QrForged, QrExpired, NotFound, MerchantNotActive, PayeeNotFound."""
    code = understood(call.body.qr)
    code.check_current()
    match code.owner:
        case Owner.ORDER:
            return _order(call, code)
        case Owner.MERCHANT:
            return _merchant(call.found, code)
        case Owner.PERSON:
            return _person(call.found, code)


def _key_of(code: Code) -> Key:
    key_of = {Owner.ORDER: order_key, Owner.MERCHANT: merchant_key, Owner.PERSON: account_key}
    return key_of[code.owner](code.owner_id)


def _order(call: Call[ScanRequest], code: Code) -> ScannedView:
    order = payable_by(call.found.one(Order, _key_of(code)), call.user_id)
    return ScannedView(kind="order", order=payer_order_view(order, call.user_id))


def _merchant(found: Found, code: Code) -> ScannedView:
    merchant = found.one(Merchant, _key_of(code))
    if merchant is None:
        raise NotFound
    if merchant.status != ACTIVE:
        raise MerchantNotActive
    seller = Seller(merchant_id=merchant.merchant_id, name=merchant.name)
    return ScannedView(kind="merchant", merchant=seller)


def _person(found: Found, code: Code) -> ScannedView:
    account = found.one(Account, _key_of(code))
    if account is None or account.status == CLOSED:
        raise PayeeNotFound
    asked = code.terms.money
    collector = Collector(
        user_id=account.account_id,
        name=account.label,
        amount=asked.amount if asked else None,
        currency="CNY",
        note=code.terms.note,
        expires_at=code.terms.expires_at_text,
    )
    return ScannedView(kind="person", person=collector)
