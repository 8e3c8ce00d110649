"""What a withdrawal would cost, and when it would arrive: shown before it is confirmed."""

from collections.abc import Iterable

from functions.identity.origin import seen
from functions.risk.decision import Decision, decide
from functions.risk.facts import of_money
from functions.risk.rules import rules
from functions.wallet.cards import Card, key_of_card
from functions.wallet.limits import check_withdrawal_amount, withdrawal_day_limit
from functions.withdrawals.arrival import arrival
from functions.withdrawals.card import is_new, payable_card
from functions.withdrawals.delay import not_before
from functions.withdrawals.fee import fee_of, key_of_allowance
from functions.withdrawals.models import QuoteRequest, QuoteView
from functions.withdrawals.records import FreeAllowance
from shared import clock
from shared.ledger.errors import AccountClosed
from shared.ledger.records import Account, account_key
from shared.table import Key
from shared.web.operation import Call


def needed(call: Call[QuoteRequest]) -> Iterable[Key]:
    """What a quote must know, read in the same round trip as the session."""
    yield account_key(call.user_id)
    yield key_of_card(call.user_id, call.body.card_id)
    yield key_of_allowance(call.user_id)


def quote(call: Call[QuoteRequest]) -> QuoteView:
    """As things stand; nothing is promised but what the withdrawal itself then says.

    Raises AccountClosed, NotFound, CardNotActive, CardKindNotAllowed, LimitExceeded.
    """
    amount = call.body.amount
    account = call.found.one(Account, account_key(call.user_id))
    if account is None:
        raise AccountClosed
    card = payable_card(call.found, key_of_card(call.user_id, call.body.card_id))
    check_withdrawal_amount(amount)
    fee = fee_of(amount, call.found.one(FreeAllowance, key_of_allowance(call.user_id)))
    wait_until = not_before(_foreseen(call, account, card), account)
    return QuoteView(
        amount=amount,
        fee=fee.amount,
        total=amount + fee.amount,
        arrives=amount,
        free_left=fee.free_left,
        currency=call.body.currency,
        expected_by=arrival(card.bank, wait_until or clock.seconds()),
    )


def _foreseen(call: Call[QuoteRequest], account: Account, card: Card) -> Decision:
    """What the rules of risk would say now. Nothing follows from it, so nothing is recorded."""
    facts = of_money(
        "withdrawal",
        call.body.amount,
        account=account,
        limit=withdrawal_day_limit(),
        country=call.country,
        seen=seen(call),
        new_payee=is_new(card),
    )
    return decide(facts, rules())
