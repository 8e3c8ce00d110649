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
from functions.topups.history import history, view
from functions.topups.models import TopUpRequest, TopUpsView, TopUpView
from functions.topups.records import TopUp, top_up_key
from functions.topups.refusals import (
    CardDeclined,
    CardExpired,
    CardFrozen,
    CardLacksFunds,
    CardNotBound,
    TopUpExpired,
)
from functions.topups.top_up import SourceNotAvailable, needed, top_up
from functions.wallet.cards import CardNotActive
from shared.errors import NotFound
from shared.ledger.errors import AccountClosed, AccountFrozen, LimitExceeded
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply
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
        LimitExceeded,
        NotFound,
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
)
def create_top_up(call: Call[TopUpRequest]) -> Reply:
    """Takes money from a bank card into the wallet; 202 while the bank has not said how it went."""
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
    yield top_up_key(call.user_id, call.path["top_up_id"])


@api.operation("GET", "/v1/top-ups/{top_up_id}", answers={200: TopUpView}, reads=_its_top_up)
def get_top_up(call: Call[None]) -> Reply:
    """Shows a top-up as it stands."""
    key = top_up_key(call.user_id, call.path["top_up_id"])
    return Reply(200, view(call.found.one(TopUp, key)))
