"""Routes of the wallet: balance, statement, bank cards."""

from collections.abc import Iterable

from functions.identity.origin import seen
from functions.identity.session_check import session_check
from functions.wallet import binding, cards
from functions.wallet.binding import (
    BindingRefused,
    CardCodeExpired,
    CardVerificationFailed,
    TooManyCards,
    WrongCardCode,
)
from functions.wallet.card_number import WrongCardNumber
from functions.wallet.models import (
    BindingView,
    CardRequest,
    CardsView,
    CardView,
    ConfirmRequest,
    EntriesQuery,
    EntriesView,
    SummaryQuery,
    SummaryView,
    WalletView,
)
from functions.wallet.records import Card, MonthSummary, card_key
from functions.wallet.statement import statement
from functions.wallet.summary import remembered_key, summary
from functions.wallet.wallet import wallet
from shared.errors import NotFound
from shared.ledger.records import Account, account_key
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)


def _own_account(call: Call[None]) -> Iterable[Key]:
    yield account_key(call.user_id)


def _its_card(call: Call[None] | Call[ConfirmRequest]) -> Iterable[Key]:
    yield card_key(call.user_id, call.path["card_id"])


@api.operation(
    "GET", "/v1/wallet", answers={200: WalletView}, problems=(NotFound,), reads=_own_account
)
def get_wallet(call: Call[None]) -> Reply:
    """Shows the balance and the limits."""
    return Reply(200, wallet(call.found.one(Account, account_key(call.user_id)), seen(call)))


@api.operation(
    "GET",
    "/v1/wallet/entries",
    query=EntriesQuery,
    answers={200: EntriesView},
    problems=(InvalidCursor,),
)
def list_entries(call: Call[None]) -> Reply:
    """Lists the statement, newest first."""
    return Reply(200, statement(call.user_id, call.query))


def _remembered_summary(call: Call[None]) -> Iterable[Key]:
    yield remembered_key(call.user_id, call.query.month)


@api.operation(
    "GET",
    "/v1/wallet/summary",
    query=SummaryQuery,
    answers={200: SummaryView},
    reads=_remembered_summary,
)
def get_summary(call: Call[None]) -> Reply:
    """Sums up a month: what came in and went out, by kind."""
    month = call.query.month
    remembered = call.found.one(MonthSummary, remembered_key(call.user_id, month))
    return Reply(200, summary(call.user_id, month, remembered))


@api.operation(
    "POST",
    "/v1/cards",
    body=CardRequest,
    answers={202: BindingView},
    problems=(BindingRefused, TooManyCards, TooManyRequests, WrongCardNumber),
    reads=binding.needed,
)
def bind_card(call: Call[CardRequest]) -> Reply:
    """Begins to bind a bank card: the bank sends a code to its phone."""
    card = binding.start(call)
    return Reply(202, BindingView(card_id=card.card_id, verification_id=card.verification_id))


@api.operation(
    "POST",
    "/v1/cards/{card_id}/confirm",
    body=ConfirmRequest,
    answers={200: CardView},
    problems=(
        BindingRefused,
        CardCodeExpired,
        CardVerificationFailed,
        TooManyCards,
        WrongCardCode,
    ),
    reads=_its_card,
)
def confirm_card(call: Call[ConfirmRequest]) -> Reply:
    """Makes a card active by the code that the bank has sent."""
    card = call.found.one(Card, card_key(call.user_id, call.path["card_id"]))
    confirmed = binding.confirm(card, user_id=call.user_id, code=call.body.code)
    return Reply(200, cards.view(confirmed))


@api.operation(
    "GET", "/v1/cards", query=PageQuery, answers={200: CardsView}, problems=(InvalidCursor,)
)
def list_cards(call: Call[None]) -> Reply:
    """Lists the bank cards, the newest first."""
    return Reply(200, cards.cards(call.user_id, call.query))


@api.operation("DELETE", "/v1/cards/{card_id}", answers={204: None}, reads=_its_card)
def remove_card(call: Call[None]) -> Reply:
    """Removes a bank card."""
    card = call.found.one(Card, card_key(call.user_id, call.path["card_id"]))
    cards.remove(card, user_id=call.user_id)
    return Reply(204)
