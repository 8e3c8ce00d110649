"""Routes of withdrawals."""

from collections.abc import Iterable

from functions.identity.pay_password import (
    PayPasswordLocked,
    PayPasswordNotSet,
    WrongPayPassword,
)
from functions.identity.session_check import session_check
from functions.identity.step_up import StepUpRequired
from functions.risk.guard import RiskBlocked
from functions.wallet.cards import CardNotActive, CardNotFound
from functions.withdrawals import quote as quotes
from functions.withdrawals.cancellation import WithdrawalNotCancellable, cancel
from functions.withdrawals.card import CardKindNotAllowed
from functions.withdrawals.hearing import PayoutContradicted
from functions.withdrawals.history import history, view, visible
from functions.withdrawals.models import (
    QuoteRequest,
    QuoteView,
    WithdrawalRequest,
    WithdrawalsView,
    WithdrawalView,
)
from functions.withdrawals.notification import receive
from functions.withdrawals.records import Withdrawal, withdrawal_key
from functions.withdrawals.withdrawal import REFUSALS, FeeChanged, needed, withdraw
from shared.bank.notifications import NotificationNotAuthentic
from shared.errors import NotFound
from shared.ledger.errors import AccountClosed, AccountFrozen, InsufficientFunds, LimitExceeded
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Received, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)


@api.operation(
    "POST",
    "/v1/withdrawals/quote",
    body=QuoteRequest,
    answers={200: QuoteView},
    problems=(AccountClosed, CardKindNotAllowed, CardNotActive, LimitExceeded, NotFound),
    reads=quotes.needed,
)
def quote_withdrawal(call: Call[QuoteRequest]) -> Reply:
    """Tells what a withdrawal would cost and when it would arrive. Nothing is begun."""
    return Reply(200, quotes.quote(call))


@api.operation(
    "POST",
    "/v1/withdrawals",
    body=WithdrawalRequest,
    answers={202: WithdrawalView},
    problems=(
        AccountClosed,
        AccountFrozen,
        CardKindNotAllowed,
        CardNotActive,
        CardNotFound,
        FeeChanged,
        InsufficientFunds,
        LimitExceeded,
        PayPasswordLocked,
        PayPasswordNotSet,
        RiskBlocked,
        StepUpRequired,
        TooManyRequests,
        WrongPayPassword,
    ),
    moves_money=True,
    reads=needed,
    explain=REFUSALS.explain,
)
def create_withdrawal(call: Call[WithdrawalRequest]) -> Reply:
    """Sends money from the wallet to a bank card of the user; it is on its way from now on."""
    outcome = withdraw(call)
    shown = view(outcome.withdrawal, language=call.language, first_answer=True)
    return Reply(202, shown, outcome.replayed)


@api.operation(
    "GET",
    "/v1/withdrawals",
    query=PageQuery,
    answers={200: WithdrawalsView},
    problems=(InvalidCursor,),
)
def list_withdrawals(call: Call[None]) -> Reply:
    """Lists the withdrawals, the newest first."""
    return Reply(200, history(call.user_id, call.query, language=call.language))


def _its_withdrawal(call: Call[None]) -> Iterable[Key]:
    yield withdrawal_key(call.path["withdrawal_id"])


def _visible(call: Call[None]) -> Withdrawal:
    key = withdrawal_key(call.path["withdrawal_id"])
    return visible(call.found.one(Withdrawal, key), call.user_id)


@api.operation(
    "GET",
    "/v1/withdrawals/{withdrawal_id}",
    answers={200: WithdrawalView},
    problems=(NotFound,),
    reads=_its_withdrawal,
)
def get_withdrawal(call: Call[None]) -> Reply:
    """Shows a withdrawal as it stands, with its history and, where it failed, the diagnosis."""
    return Reply(200, view(_visible(call), language=call.language))


@api.operation(
    "POST",
    "/v1/withdrawals/{withdrawal_id}/cancel",
    answers={200: WithdrawalView},
    problems=(NotFound, WithdrawalNotCancellable),
    reads=_its_withdrawal,
)
def cancel_withdrawal(call: Call[None]) -> Reply:
    """Takes a withdrawal back, until the bank may have it; the money is there again at once."""
    return Reply(200, view(cancel(_visible(call)), language=call.language))


@api.operation(
    "POST",
    "/v1/notifications/bank/payouts",
    body=Received,
    answers={204: None},
    problems=(NotFound, NotificationNotAuthentic, PayoutContradicted),
    public=True,
)
def receive_payout_notification(call: Call[Received]) -> Reply:
    """Takes what the bank says of a withdrawal; signed by the bank over the body as it came."""
    receive(call.body)
    return Reply(204)
