"""Routes of payments: those of who pays, and those of merchants, who sign their requests."""

from collections.abc import Iterable

from functions.agents.actor import ROLES, acting
from functions.agents.agent_check import agent_check
from functions.agents.approvals import OwnAccount
from functions.agents.approvals.views import shown
from functions.agents.models import ApprovalView
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
from functions.payments import (
    charge,
    codes,
    event_list,
    orders,
    payment,
    reversal,
    scanning,
    small_payments,
    stall,
    waiting,
)
from functions.payments.agent_refund import propose_refund
from functions.payments.codes import PaymentCodeRefused
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
    AgentRefundRequest,
    ChargeRequest,
    ChargesView,
    ChargeView,
    EventDetailView,
    EventsQuery,
    EventsView,
    EventView,
    MerchantOrderView,
    OrderMade,
    OrderRequest,
    PayerOrderView,
    PaymentCodeView,
    PaymentRequest,
    PaymentView,
    RefundRequest,
    RefundView,
    ReversalRequest,
    ReversalView,
    ScannedView,
    ScanRequest,
    SmallPaymentsRequest,
    SmallPaymentsView,
)
from functions.payments.records import CODE, Event, Order, event_key, order_key
from functions.payments.refund import OrderNotPaid, PayerGone, TooManyRefunds, refund
from functions.payments.small_payments import PayPasswordRequired
from functions.payments.stall import MerchantNotFound
from functions.payments.views import (
    answered_charge,
    charge_view,
    payer_order_view,
    payment_view,
    refund_view,
)
from functions.risk.guard import RiskBlocked
from functions.transfers.transfer import PayeeNotFound
from shared.errors import IdempotencyKeyReused, NotFound
from shared.ledger.errors import (
    AccountClosed,
    AccountFrozen,
    InsufficientFunds,
    LimitExceeded,
    ReversalExceedsOriginal,
)
from shared.ledger.records import Account, Transfer, account_key, transfer_key
from shared.qr import QrExpired, QrForged, QrUnknown
from shared.qr_image import ImageQuery, QrView, qr_view
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)
merchant_api = Api(f"{__name__}.merchants", merchant_check)
agent_api = Api(f"{__name__}.agents", agent_check)


def _its_order(
    call: Call[None] | Call[RefundRequest] | Call[AgentRefundRequest],
) -> Iterable[Key]:
    yield order_key(call.path["order_id"])


def _its_payment(call: Call[None]) -> Iterable[Key]:
    yield transfer_key(call.path["payment_id"])
    yield order_key(call.path["payment_id"])


def _its_charge(call: Call[None]) -> Iterable[Key]:
    yield order_key(call.path["charge_id"])


def _own_account(call: Call[None] | Call[SmallPaymentsRequest]) -> Iterable[Key]:
    yield account_key(call.user_id)


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
    shown = orders.payable_by(order, call.user_id)
    return Reply(200, payer_order_view(shown, call.user_id))


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
        MerchantNotFound,
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
    """Pays an order, or a merchant whose printed code was scanned."""
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
    return Reply(200, payment.shown_payment(call))


@api.operation(
    "POST",
    "/v1/payment-codes",
    answers={201: PaymentCodeView},
    problems=(AccountClosed, AccountFrozen, PayPasswordNotSet, TooManyRequests),
    current_app=True,
    reads=_own_account,
)
def create_payment_code(call: Call[None]) -> Reply:
    """Makes a code to show at a till, good once and for a minute."""
    return Reply(201, codes.make(call))


@api.operation("GET", "/v1/charges", answers={200: ChargesView})
def list_charges(call: Call[None]) -> Reply:
    """Lists the charges that wait for the user's word. Paying their order says yes."""
    return Reply(200, waiting.charges(call.user_id))


@api.operation(
    "POST",
    "/v1/charges/{charge_id}/decline",
    answers={200: PaymentView},
    problems=(NotFound, OrderPaid),
    reads=_its_charge,
)
def decline_charge(call: Call[None]) -> Reply:
    """Says no to a charge."""
    order = call.found.one(Order, order_key(call.path["charge_id"]))
    return Reply(200, waiting.decline(waiting.charge_of(order, call.user_id)))


@api.operation(
    "GET",
    "/v1/me/small-payments",
    answers={200: SmallPaymentsView},
    problems=(AccountClosed,),
    reads=_own_account,
)
def get_small_payments(call: Call[None]) -> Reply:
    """Shows what may go out at a till without a question."""
    account = call.found.one(Account, account_key(call.user_id))
    return Reply(200, small_payments.small_payments(account))


@api.operation(
    "PUT",
    "/v1/me/small-payments",
    body=SmallPaymentsRequest,
    answers={200: SmallPaymentsView},
    problems=(
        AccountClosed,
        PayPasswordLocked,
        PayPasswordNotSet,
        PayPasswordRequired,
        WrongPayPassword,
    ),
    reads=_own_account,
)
def change_small_payments(call: Call[SmallPaymentsRequest]) -> Reply:
    """Changes what may go out at a till without a question; 0 switches it off."""
    account = call.found.one(Account, account_key(call.user_id))
    return Reply(200, small_payments.allow(call, account))


@api.operation(
    "POST",
    "/v1/qr/resolve",
    body=ScanRequest,
    answers={200: ScannedView},
    problems=(MerchantNotActive, NotFound, PayeeNotFound, QrExpired, QrForged, QrUnknown),
    reads=scanning.needed,
)
def resolve_qr(call: Call[ScanRequest]) -> Reply:
    """Says what a scanned QR code is about, before anybody pays."""
    return Reply(200, scanning.scanned(call))


@merchant_api.operation(
    "POST",
    "/v1/merchant/charges",
    body=ChargeRequest,
    answers={201: ChargeView, 202: ChargeView},
    problems=(IdempotencyKeyReused, MerchantNotActive, PaymentCodeRefused, TooManyRequests),
    reads=charge.needed,
)
def create_charge(call: Call[ChargeRequest]) -> Reply:
    """Charges a payment code: 201 when it is paid, 202 when its payer is asked."""
    made = charge.charge(call)
    view = answered_charge(made.order)
    return Reply(201 if view.status == "succeeded" else 202, view, made.replayed)


@merchant_api.operation(
    "GET",
    "/v1/merchant/charges/{order_id}",
    answers={200: ChargeView},
    problems=(NotFound,),
    reads=_its_order,
)
def get_charge(call: Call[None]) -> Reply:
    """Shows what became of a charge."""
    return Reply(200, charge_view(_charge(call)))


@merchant_api.operation(
    "POST",
    "/v1/merchant/reversals",
    body=ReversalRequest,
    answers={200: ReversalView},
    problems=(
        AccountClosed,
        AccountFrozen,
        InsufficientFunds,
        NotFound,
        PayerGone,
        ReversalExceedsOriginal,
        TooManyRefunds,
    ),
)
def reverse_charge(call: Call[ReversalRequest]) -> Reply:
    """Undoes a charge, whatever became of it: closes it, or gives all of it back."""
    merchant = merchant_of(call.found, call.user_id)
    return Reply(200, reversal.reverse_charge(merchant, call.body.merchant_order_id))


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
    told = explained(
        payment_id,
        transfer,
        user_id=call.user_id,
        by=asker_of(call),
        language=call.language,
        charge=call.found.one(Order, order_key(payment_id)),
    )
    return Reply(200, told)


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


@merchant_api.operation("GET", "/v1/merchant/qr", query=ImageQuery, answers={200: QrView})
def get_merchant_qr(call: Call[None]) -> Reply:
    """Shows the code that a merchant prints, by which anybody pays it any amount."""
    return Reply(200, qr_view(stall.qr_of(call.user_id), call.query.image))


@merchant_api.operation(
    "GET",
    "/v1/merchant/orders/{order_id}/qr",
    query=ImageQuery,
    answers={200: QrView},
    problems=(NotFound,),
    reads=_its_order,
)
def get_order_qr(call: Call[None]) -> Reply:
    """Shows the code of an order."""
    return Reply(200, qr_view(orders.qr_of(_order(call)), call.query.image))


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


@agent_api.operation(
    "POST",
    "/v1/agent/orders/{order_id}/refunds",
    body=AgentRefundRequest,
    answers={201: ApprovalView},
    problems=(
        IdempotencyKeyReused,
        NotFound,
        OrderNotPaid,
        OwnAccount,
        ReversalExceedsOriginal,
        TooManyRefunds,
    ),
    reads=_its_order,
    roles=ROLES,
)
def propose_order_refund(call: Call[AgentRefundRequest]) -> Reply:
    """Proposes to give the payer of an order all or a part of it back; two of finance decide."""
    order = call.found.one(Order, order_key(call.path["order_id"]))
    if order is None:
        raise NotFound
    by = acting(call)
    approval_id = propose_refund(order, call.body, by=by)
    return Reply(201, shown(approval_id, by=by, language=call.language))


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


def _charge(call: Call[None]) -> Order:
    order = _order(call)
    if order.kind != CODE:
        raise NotFound
    return order


def _event(call: Call[None]) -> Event:
    event = call.found.one(Event, event_key(call.path["event_id"]))
    return event_list.event_of(call.user_id, event)
