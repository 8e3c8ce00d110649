"""Routes of settlements, for merchants, who sign their requests."""

from collections.abc import Iterable

from functions.payments.merchant_check import merchant_check, merchant_of
from functions.payments.settlement_terms import NoSettlementCard, settling
from functions.withdrawals.records import Withdrawal, withdrawal_key
from functions.withdrawals.settlements.account import account_view
from functions.withdrawals.settlements.models import (
    MerchantAccountView,
    SettlementRequest,
    SettlementsView,
    SettlementView,
)
from functions.withdrawals.settlements.settlement import SettlementTooSmall, settle_on_request
from functions.withdrawals.settlements.views import settlements, view, visible
from shared.errors import IdempotencyKeyReused, NotFound
from shared.ledger.errors import AccountClosed, AccountFrozen, InsufficientFunds
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor

api = Api(__name__, merchant_check)


def _its_settlement(call: Call[None]) -> Iterable[Key]:
    yield withdrawal_key(call.path["settlement_id"])


@api.operation("GET", "/v1/merchant/account", answers={200: MerchantAccountView})
def get_merchant_account(call: Call[None]) -> Reply:
    """Shows what the merchant has, what is on its way to the bank, and when the next is sent."""
    return Reply(200, account_view(settling(merchant_of(call.found, call.user_id))))


@api.operation(
    "POST",
    "/v1/merchant/settlements",
    body=SettlementRequest,
    answers={202: SettlementView},
    problems=(
        AccountClosed,
        AccountFrozen,
        IdempotencyKeyReused,
        InsufficientFunds,
        NoSettlementCard,
        SettlementTooSmall,
    ),
)
def create_settlement(call: Call[SettlementRequest]) -> Reply:
    """Sends money of the merchant's balance to its bank card; it is on its way from now on."""
    merchant = settling(merchant_of(call.found, call.user_id))
    settled = settle_on_request(merchant, call.body)
    shown = view(settled.withdrawal, language=call.language, first_answer=True)
    return Reply(202, shown, settled.replayed)


@api.operation(
    "GET",
    "/v1/merchant/settlements",
    query=PageQuery,
    answers={200: SettlementsView},
    problems=(InvalidCursor,),
)
def list_settlements(call: Call[None]) -> Reply:
    """Lists the settlements, the newest first."""
    return Reply(200, settlements(call.user_id, call.query, language=call.language))


@api.operation(
    "GET",
    "/v1/merchant/settlements/{settlement_id}",
    answers={200: SettlementView},
    problems=(NotFound,),
    reads=_its_settlement,
)
def get_settlement(call: Call[None]) -> Reply:
    """Shows a settlement as it stands, with its history and, where it failed, the diagnosis."""
    found = call.found.one(Withdrawal, withdrawal_key(call.path["settlement_id"]))
    return Reply(200, view(visible(found, call.user_id), language=call.language))
