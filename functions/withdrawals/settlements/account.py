"""What a merchant has, as it sees it itself."""

from functions.payments.settlement_terms import OFF, Settling
from functions.withdrawals.settlements.models import MerchantAccountView
from shared import clock
from shared.ledger.accounts import merchant_funds


def account_view(merchant: Settling) -> MerchantAccountView:
    funds, card, at = merchant_funds(merchant.merchant_id), merchant.card, merchant.terms.at
    next_at = None if card is None or at == OFF else clock.next_local_time_seconds(at)
    return MerchantAccountView(
        available=funds.available,
        held=funds.held,
        reserve=merchant.terms.reserve,
        minimum=merchant.terms.minimum,
        currency="CNY",
        settlement_card=card.shown() if card else None,
        next_settlement_at=None if next_at is None else clock.text_of(next_at * 1000),
    )
