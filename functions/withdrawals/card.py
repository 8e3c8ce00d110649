"""The card that a withdrawal goes to."""

from functions.wallet.cards import Card, usable_card
from shared import clock
from shared.errors import Problem, Texts
from shared.settings import settings
from shared.table import Found, Key


class CardKindNotAllowed(Problem):
    status = 422
    code = "CARD_KIND_NOT_ALLOWED"
    title = Texts("不支持此类银行卡", "Kind of card not allowed")
    detail = Texts(
        "信用卡不能收款，请换一张借记卡。", "A credit card takes no money in. Use a debit card."
    )


def payable_card(found: Found, key: Key) -> Card:
    """A card that money may be paid out to. Raises NotFound, CardNotActive, CardKindNotAllowed."""
    card = usable_card(found, key)
    if card.card_kind != "debit":
        raise CardKindNotAllowed(bank=card.bank or "", last4=card.last4)
    return card


def is_new(card: Card) -> bool:
    """Whether a card was bound of late, perhaps by a thief."""
    bound_at = clock.seconds_of(card.created_at)
    return clock.seconds() - bound_at < settings().new_card_seconds
