"""The bank cards of a user: seeing them, using one, removing one."""

from functions.wallet.binding import answering_bank
from functions.wallet.models import CardsView, CardView
from functions.wallet.records import (
    ACTIVE,
    CARD_PREFIX,
    Card,
    Cardholder,
    card_key,
    cardholder_key,
)
from shared import clock
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.table import Cancelled, Found, Key, Write, delete, update, write
from shared.web.cursor import open_cursor, seal
from shared.web.pages import PageQuery

__all__ = [
    "Card",
    "CardNotActive",
    "CardNotFound",
    "cards",
    "key_of_card",
    "remove",
    "remove_all",
    "usable_card",
    "view",
]

# Above what one user can have: the active ones, and those whose binding began in the last days.
_CARDS_READ_LIMIT = 200


class CardNotFound(NotFound):
    """Said in the same words as of anything that is not there."""


class CardNotActive(Problem):
    status = 422
    code = "CARD_NOT_ACTIVE"
    title = Texts("银行卡尚未绑定", "Card not active")
    detail = Texts("请先完成这张银行卡的绑定。", "Finish binding this card first.")


def key_of_card(user_id: str, card_id: str) -> Key:
    """What must be read before a card is used."""
    return card_key(user_id, card_id)


def usable_card(found: Found, key: Key) -> Card:
    """A card that money may be taken from. Raises CardNotFound, CardNotActive."""
    card = found.one(Card, key)
    if card is None:
        raise CardNotFound
    if card.status != ACTIVE:
        raise CardNotActive(last4=card.last4)
    return card


def cards(user_id: str, query: PageQuery) -> CardsView:
    """A page of a user's cards, the newest first. Raises InvalidCursor."""
    of = f"cards {user_id}"
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    read = Card.query(
        cardholder_key(user_id).pk,
        Card.sk.startswith(CARD_PREFIX),
        consistent_read=True,
        limit=_CARDS_READ_LIMIT,
    )
    there = {_place(card): card for card in read if not _forgotten(card)}
    places = sorted((place for place in there if not after or place < after), reverse=True)
    shown = places[: query.limit]
    more = len(places) > len(shown)
    return CardsView(
        items=[view(there[place]) for place in shown],
        next_cursor=seal(shown[-1], of=of) if more else None,
    )


def view(card: Card) -> CardView:
    """A card as its owner sees it."""
    return CardView(
        card_id=card.card_id,
        bank=card.bank,
        last4=card.last4,
        kind=card.card_kind,  # type: ignore[arg-type]  # written from the bank's two words
        status=card.status,  # type: ignore[arg-type]  # written from our three words
    )


def remove(card: Card | None, *, user_id: str) -> None:
    """Gives the card's token back to the bank, then forgets the card.

    Raises NotFound, ServiceUnavailable.
    """
    if card is None:
        raise NotFound
    if card.card_token:
        with answering_bank() as bank:
            bank.unbind(card.card_token)
        forgetting = delete(card, Card.card_token == card.card_token)
        parts = [forgetting, _leaving(card, user_id)]
    else:
        forgetting = delete(card, Card.card_token.does_not_exist())
        parts = [forgetting]
    try:
        write(*parts)
    except Cancelled as cancelled:
        if cancelled.standing(forgetting) is not None:
            # Bound anew in between: the request sent again removes it as it now is.
            raise ServiceUnavailable from cancelled


def remove_all(user_id: str) -> None:
    """Gives every card of a user back to its bank and forgets it. Raises ServiceUnavailable."""
    prefix = Card.sk.startswith(CARD_PREFIX)
    for card in Card.query(cardholder_key(user_id).pk, prefix, consistent_read=True):
        remove(card, user_id=user_id)


def _leaving(card: Card, user_id: str) -> Write:
    holder = Cardholder(*cardholder_key(user_id)[1:])
    leaving = Cardholder.cards.delete({card.card_id})
    return update(holder, [leaving], Cardholder.cards.contains(card.card_id))


def _place(card: Card) -> str:
    return f"{card.created_at} {card.card_id}"


def _forgotten(card: Card) -> bool:
    """Whether its time is over, though DynamoDB has not swept it away yet."""
    return card.ttl is not None and card.ttl <= clock.seconds()
