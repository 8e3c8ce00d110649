"""Binding the bank card that a merchant is settled to, by the bank's code, as people bind theirs.

An operator types what the merchant gives; the number passes to the bank and stays nowhere. What
was begun before still goes to the card of before.
"""

from typing import Any

from functions.agents.actor import Actor
from functions.payments.merchants import Terms, change, find_merchant
from functions.payments.models import SettlementCard
from functions.wallet.binding import answering_bank
from functions.wallet.card_number import checked
from shared.bank.port import BankRefusal
from shared.errors import NotFound, Problem, Texts
from shared.identifiers import new_id
from shared.phone import normalised

_NAME_LIMIT = 40
_DEBIT = "debit"


class SettlementCardRefused(Problem):
    status = 422
    code = "SETTLEMENT_CARD_REFUSED"
    title = Texts("结算卡无法绑定", "Card cannot be bound")
    detail = Texts("银行卡无法绑定（{reason}）。", "The card cannot be bound: {reason}.")


def start(merchant_id: str, *, number: str, holder_name: str, phone: str) -> dict[str, Any]:
    """Has the bank send a code to the card's phone; what `confirm` needs.

    Raises NotFound, WrongCardNumber, InvalidField, SettlementCardRefused, ServiceUnavailable.
    """
    if find_merchant(merchant_id) is None:
        raise NotFound
    with answering_bank() as bank:
        try:
            binding = bank.start_binding(
                reference=new_id("cb"),
                number=checked(number),
                holder_name=holder_name.strip()[:_NAME_LIMIT],
                phone=normalised(phone),
            )
        except BankRefusal as refusal:
            raise SettlementCardRefused(reason=refusal.code) from refusal
    return {"binding_id": binding.binding_id, "expires_in": binding.expires_in_seconds}


def confirm(merchant_id: str, *, binding_id: str, code: str, by: Actor) -> dict[str, Any]:
    """Settles the merchant to this card from now on; the card, without its token.

    Raises NotFound, SettlementCardRefused, ServiceUnavailable.
    """
    with answering_bank() as bank:
        try:
            bound = bank.confirm_binding(binding_id=binding_id, code=code)
        except BankRefusal as refusal:
            raise SettlementCardRefused(reason=refusal.code) from refusal
    if bound.kind != _DEBIT:
        raise SettlementCardRefused(reason="CARD_KIND_NOT_ALLOWED")
    card = SettlementCard(card_token=bound.card_token, bank=bound.bank, last4=bound.last4)
    change(merchant_id, Terms(settlement_card=card), by=by)
    return {"merchant_id": merchant_id, "bank": card.bank, "last4": card.last4}
