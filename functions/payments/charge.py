"""Charging a payment code at a till: a small amount at once, a larger one with a word of the payer.

A charge is an order of kind `code` that only who showed the code can pay. Whatever stands in the
way of paying it at once, what the payer has and may spend included, the phone is asked, where the
payer pays it as any order; the till learns nothing but that.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from functions.payments import codes
from functions.payments.codes import Shown
from functions.payments.collection import OrderClosed, OrderExpired, OrderPaid, collect
from functions.payments.merchant_check import merchant_of
from functions.payments.models import ChargeRequest
from functions.payments.orders import new_order, order_id_of, waiting
from functions.payments.records import (
    CODE,
    Merchant,
    Order,
    WaitingCharge,
    order_key,
    payment_code_key,
    waiting_charge_key,
)
from functions.payments.small_payments import MustAsk, passing
from functions.payments.views import at_once_id
from shared.dynamodb import pause
from shared.errors import IdempotencyKeyReused, ServiceUnavailable
from shared.ledger.errors import AccountClosed, AccountFrozen, InsufficientFunds, LimitExceeded
from shared.money import Money
from shared.observability import count, measure_amount
from shared.settings import settings
from shared.table import Cancelled, Key, Write, put, read, write
from shared.web.idempotency import fingerprint
from shared.web.operation import Call

_TRIES = 10
_KNOWN_SECONDS = 86_400


class Charged(NamedTuple):
    """The order of a charge, and whether an earlier request had made it."""

    order: Order
    replayed: bool


def needed(call: Call[ChargeRequest]) -> Iterable[Key]:
    """All that is read with the merchant: an earlier order of this number, and the code."""
    yield order_key(order_id_of(call.user_id, call.body.merchant_order_id))
    yield from codes.needed(call.user_id, call.body.payment_code)


def charge(call: Call[ChargeRequest]) -> Charged:
    """Does what the merchant asks for, once for each number of the merchant's.

    Raises IdempotencyKeyReused, PaymentCodeRefused, TooManyRequests, MerchantNotActive,
    ServiceUnavailable.
    """
    order, found = _new(merchant_of(call.found, call.user_id), call.body), call.found
    for attempt in range(_TRIES):
        earlier = found.one(Order, order_key(order.order_id))
        if earlier is not None:
            if earlier.fingerprint != order.fingerprint:
                raise IdempotencyKeyReused
            return Charged(earlier, replayed=True)
        shown = codes.shown(call.user_id, call.body.payment_code, found)
        if _charged(order, shown):
            return Charged(order, replayed=False)
        pause(attempt)
        found = read(needed(call))
    raise ServiceUnavailable


def _charged(order: Order, shown: Shown) -> bool:
    """False when somebody was faster, with this code or this number."""
    using = shown.using(order.order_id)
    try:
        try:
            return _paid_at_once(order, shown, using)
        except (MustAsk, AccountFrozen, InsufficientFunds, LimitExceeded):
            _ask(order, shown, using)
            return True
    except (AccountClosed, Cancelled, OrderClosed, OrderExpired, OrderPaid):
        return False


def _paid_at_once(order: Order, shown: Shown, using: Write) -> bool:
    """False when this very charge was paid by an earlier request."""
    small = passing(shown, order.amount)
    posting = collect(
        order,
        payment_id=at_once_id(order.order_id),
        debit=small.debit,
        new=True,
        fingerprint=order.fingerprint,
        risk=small.decision.to_record(),
        together_with=[using],
    )
    if posting.replayed:
        return False
    count("Charges", how="at_once")
    count("Payments", kind=CODE)
    measure_amount("PaymentAmount", order.amount, currency=order.currency)
    return True


def _ask(order: Order, shown: Shown, using: Write) -> None:
    """Has the charge wait for the payer's word."""
    order.payer_id = shown.payer.account_id
    key = waiting_charge_key(order.payer_id, order.created_at, order.order_id)
    ttl = order.expires_at + _KNOWN_SECONDS
    write(put(order), using, put(WaitingCharge(*key[1:], order_id=order.order_id, ttl=ttl)))
    count("Charges", how="asked")


def _new(merchant: Merchant, request: ChargeRequest) -> Order:
    return waiting(
        new_order(
            merchant,
            request.merchant_order_id,
            Money(amount=request.amount, currency=request.currency),
            request.subject,
            kind=CODE,
            expires_in=settings().charge_confirm_seconds,
            fingerprint=_fingerprint(request),
        )
    )


def _fingerprint(request: ChargeRequest) -> str:
    """Of the request with the code as it is kept: no digest of its digits can be tried out."""
    kept = payment_code_key(request.payment_code).pk
    return fingerprint(msgspec.structs.replace(request, payment_code=kept))
