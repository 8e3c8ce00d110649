"""Routes of top-ups."""

from collections.abc import Iterable

from functions.identity.pay_password import (
    PayPasswordLocked,
    PayPasswordNotSet,
    WrongPayPassword,
)
from functions.identity.session_check import session_check
from functions.identity.step_up import StepUpRequired
from functions.risk.guard import RiskBlocked
from functions.topups.history import history, own, view
from functions.topups.models import NotHeard, TopUpRequest, TopUpsView, TopUpView
from functions.topups.notification import on_charge, on_payment
from functions.topups.records import TopUp, top_up_key
from functions.topups.refusals import (
    CardDeclined,
    CardExpired,
    CardFrozen,
    CardLacksFunds,
    CardNotBound,
    CheckoutDeclined,
    TopUpExpired,
)
from functions.topups.top_up import REFUSALS, needed, top_up
from functions.wallet.cards import CardNotActive, CardNotFound
from shared.bank.notifications import NotificationNotAuthentic
from shared.errors import NotFound, Problem
from shared.ledger.errors import AccountClosed, AccountFrozen, LimitExceeded
from shared.observability import logger
from shared.platforms import SourceNotAvailable
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Received, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)


@api.operation(
    "POST",
    "/v1/top-ups",
    body=TopUpRequest,
    answers={201: TopUpView, 202: TopUpView},
    problems=(
        AccountClosed,
        AccountFrozen,
        CardDeclined,
        CardExpired,
        CardFrozen,
        CardLacksFunds,
        CardNotActive,
        CardNotBound,
        CardNotFound,
        CheckoutDeclined,
        LimitExceeded,
        PayPasswordLocked,
        PayPasswordNotSet,
        RiskBlocked,
        SourceNotAvailable,
        StepUpRequired,
        TooManyRequests,
        TopUpExpired,
        WrongPayPassword,
    ),
    moves_money=True,
    reads=needed,
    explain=REFUSALS.explain,
)
def create_top_up(call: Call[TopUpRequest]) -> Reply:
    """Brings money into the wallet, from a bank card or by a platform.

    202 while nobody has said how it went; `checkout` is then where to pay at a platform.
    """
    outcome = top_up(call)
    shown = view(outcome.top_up, as_pending=outcome.status == 202)
    return Reply(outcome.status, shown, outcome.replayed)


@api.operation(
    "GET", "/v1/top-ups", query=PageQuery, answers={200: TopUpsView}, problems=(InvalidCursor,)
)
def list_top_ups(call: Call[None]) -> Reply:
    """Lists the top-ups, the newest first."""
    return Reply(200, history(call.user_id, call.query))


def _its_top_up(call: Call[None]) -> Iterable[Key]:
    yield top_up_key(call.path["top_up_id"])


@api.operation("GET", "/v1/top-ups/{top_up_id}", answers={200: TopUpView}, reads=_its_top_up)
def get_top_up(call: Call[None]) -> Reply:
    """Shows a top-up as it stands."""
    found = call.found.one(TopUp, top_up_key(call.path["top_up_id"]))
    return Reply(200, view(own(found, call.user_id)))


@api.operation(
    "POST",
    "/v1/notifications/bank/charges",
    body=Received,
    answers={204: None},
    problems=(AccountClosed, NotFound, NotificationNotAuthentic),
    public=True,
)
def charge_notification(call: Call[Received]) -> Reply:
    """The bank tells what became of a charge."""
    on_charge(call.body)
    return Reply(204)


@api.operation(
    "POST",
    "/v1/notifications/alipay",
    body=Received,
    answers={200: str},
    problems=(AccountClosed, NotFound, NotificationNotAuthentic, SourceNotAvailable),
    public=True,
)
def alipay_notification(call: Call[Received]) -> Reply:
    """Alipay tells of a payment, until it hears exactly this word."""
    on_payment("alipay", call.body)
    return Reply(200, "success")


@api.operation(
    "POST",
    "/v1/notifications/wechat-pay",
    body=Received,
    answers={204: None} | dict.fromkeys((401, 403, 404, 422, 503), NotHeard),
    public=True,
)
def wechat_pay_notification(call: Call[Received]) -> Reply:
    """WeChat Pay tells of a payment, and wants a refusal in its own form."""
    try:
        on_payment("wechat_pay", call.body)
    except Problem as refusal:
        logger.warning("notification_refused", extra={"code": refusal.code})
        return Reply(refusal.status, NotHeard())
    return Reply(204)
