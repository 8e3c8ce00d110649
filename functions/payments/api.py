"""Routes of payments: those of who pays, and those of merchants, who sign their requests."""

from collections.abc import Iterable

from functions.diagnosis.dry_run import asker_of
from functions.diagnosis.models import Explained
from functions.identity.cool_down import CoolDown
from functions.identity.pay_password import (
    PayPasswordLocked,
    PayPasswordNotSet,
    WrongPayPassword,
)
from functions.identity.session_check import session_check
from functions.identity.step_up import StepUpRequired
from functions.payments import event_list, orders, payment
from functions.payments.collection import (
    MerchantNotActive,
    OrderClosed,
    OrderExpired,
    OrderNotFound,
    OrderPaid,
)
from functions.payments.diagnosis import explained
from functions.payments.merchant_check import merchant_check, merchant_of
from functions.payments.models import (
    EventDetailView,
    EventsQuery,
    EventsView,
    EventView,
    MerchantOrderView,
    OrderMade,
    OrderRequest,
    PayerOrderView,
    PaymentRequest,
    PaymentView,
    RefundRequest,
    RefundView,
)
from functions.payments.records import Event, Order, event_key, order_key
from functions.payments.refund import OrderNotPaid, PayerGone, TooManyRefunds, refund
from functions.payments.views import payer_order_view, payment_view, refund_view
from functions.risk.guard import RiskBlocked
from shared.errors import IdempotencyKeyReused, NotFound
from shared.ledger.errors import (
    AccountClosed,
    AccountFrozen,
    InsufficientFunds,
    LimitExceeded,
    ReversalExceedsOriginal,
)
from shared.ledger.records import Transfer, account_key, transfer_key
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)
merchant_api = Api(f"{__name__}.merchants", merchant_check)


def _its_order(call: Call[None] | Call[RefundRequest]) -> Iterable[Key]:
    yield order_key(call.path["order_id"])


def _its_payment(call: Call[None]) -> Iterable[Key]:
    yield transfer_key(call.path["payment_id"])


def _its_event(call: Call[None]) -> Iterable[Key]:
    yield event_key(call.path["event_id"])


@api.operation(
    "GET",
    "/v1/orders/{order_id}",
    answers={200: PayerOrderView},
    problems=(NotFound,),
    reads=_its_order,
)
def get_order(call: Call[None]) -> Reply:
    """Shows what somebody is about to pay for."""
    order = call.found.one(Order, order_key(call.path["order_id"]))
    if order is None:
        raise NotFound
    return Reply(200, payer_order_view(order, call.user_id))


@api.operation(
    "POST",
    "/v1/payments",
    body=PaymentRequest,
    answers={201: PaymentView},
    problems=(
        AccountClosed,
        AccountFrozen,
        CoolDown,
        InsufficientFunds,
        LimitExceeded,
        MerchantNotActive,
        OrderClosed,
        OrderExpired,
        OrderNotFound,
        OrderPaid,
        PayPasswordLocked,
        PayPasswordNotSet,
        RiskBlocked,
        StepUpRequired,
        TooManyRequests,
        WrongPayPassword,
    ),
    moves_money=True,
    reads=payment.needed,
    explain=payment.REFUSALS.explain,
)
def create_payment(call: Call[PaymentRequest]) -> Reply:
    """Pays an order."""
    posting = payment.pay(call)
    return Reply(201, payment_view(posting.transfer, first_answer=True), posting.replayed)


@api.operation(
    "GET",
    "/v1/payments/{payment_id}",
    answers={200: PaymentView},
    problems=(NotFound,),
    reads=_its_payment,
)
def get_payment(call: Call[None]) -> Reply:
    """Shows a payment to who made it."""
    transfer = call.found.one(Transfer, transfer_key(call.path["payment_id"]))
    return Reply(200, payment_view(payment.visible(transfer, call.user_id)))


def _to_explain(call: Call[None]) -> Iterable[Key]:
    yield from _its_payment(call)
    yield account_key(call.user_id)


@api.operation(
    "GET",
    "/v1/payments/{payment_id}/diagnosis",
    answers={200: Explained},
    problems=(NotFound,),
    reads=_to_explain,
)
def diagnose_payment(call: Call[None]) -> Reply:
    """Tells why a payment failed, and whether it would pass now."""
    payment_id = call.path["payment_id"]
    transfer = call.found.one(Transfer, transfer_key(payment_id))
    by, language = asker_of(call), call.language
    return Reply(
        200, explained(payment_id, transfer, user_id=call.user_id, by=by, language=language)
    )


@merchant_api.operation(
    "POST",
    "/v1/merchant/orders",
    body=OrderRequest,
    answers={201: OrderMade},
    problems=(IdempotencyKeyReused,),
)
def create_order(call: Call[OrderRequest]) -> Reply:
    """Makes an order for somebody to pay."""
    order, replayed = orders.place(merchant_of(call.found, call.user_id), call.body)
    return Reply(201, orders.made_view(order), replayed)


@merchant_api.operation(
    "GET",
    "/v1/merchant/orders/{order_id}",
    answers={200: MerchantOrderView},
    problems=(NotFound,),
    reads=_its_order,
)
def get_merchant_order(call: Call[None]) -> Reply:
    """Shows an order to its merchant, with its refunds."""
    return Reply(200, orders.with_refunds(_order(call)))


@merchant_api.operation(
    "POST",
    "/v1/merchant/orders/{order_id}/close",
    answers={200: MerchantOrderView},
    problems=(NotFound, OrderPaid),
    reads=_its_order,
)
def close_order(call: Call[None]) -> Reply:
    """Lets nobody pay an order any more."""
    return Reply(200, orders.with_refunds(orders.close(_order(call))))


@merchant_api.operation(
    "POST",
    "/v1/merchant/orders/{order_id}/refunds",
    body=RefundRequest,
    answers={201: RefundView},
    problems=(
        AccountClosed,
        AccountFrozen,
        IdempotencyKeyReused,
        InsufficientFunds,
        NotFound,
        OrderNotPaid,
        PayerGone,
        ReversalExceedsOriginal,
        TooManyRefunds,
    ),
    reads=_its_order,
)
def create_refund(call: Call[RefundRequest]) -> Reply:
    """Gives the payer of an order all or a part of it back."""
    made = refund(_order(call), call.body)
    return Reply(201, refund_view(made.refund), made.replayed)


@merchant_api.operation(
    "GET",
    "/v1/merchant/events",
    query=EventsQuery,
    answers={200: EventsView},
    problems=(InvalidCursor,),
)
def list_merchant_events(call: Call[None]) -> Reply:
    """Lists what the merchant was told, or was to be told, the newest first."""
    return Reply(200, event_list.events(call.user_id, call.query))


@merchant_api.operation(
    "GET",
    "/v1/merchant/events/{event_id}",
    answers={200: EventDetailView},
    problems=(NotFound,),
    reads=_its_event,
)
def get_merchant_event(call: Call[None]) -> Reply:
    """Shows an event with each attempt to deliver it."""
    return Reply(200, event_list.detail(_event(call)))


@merchant_api.operation(
    "POST",
    "/v1/merchant/events/{event_id}/replay",
    answers={202: EventView},
    problems=(NotFound,),
    reads=_its_event,
)
def replay_merchant_event(call: Call[None]) -> Reply:
    """Has an event delivered again, as if it had just happened."""
    return Reply(202, event_list.replay(_event(call)))


def _order(call: Call[None] | Call[RefundRequest]) -> Order:
    order = call.found.one(Order, order_key(call.path["order_id"]))
    return orders.order_of(call.user_id, order)


def _event(call: Call[None]) -> Event:
    event = call.found.one(Event, event_key(call.path["event_id"]))
    return event_list.event_of(call.user_id, event)
