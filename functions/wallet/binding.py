"""Binding a bank card: the bank sends a code to the card's phone, and the code proves whose it is.

The same card has the same id whenever its owner binds it, so it is there once, however often it is
bound. Each binding brings a new token from the bank, and the one before is given back to it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pynamodb.expressions.condition import size
from pynamodb.expressions.update import Action

from functions.wallet.card_number import WrongCardNumber, card_id_of, checked
from functions.wallet.models import CardRequest
from functions.wallet.records import (
    ACTIVE,
    FAILED,
    VERIFYING,
    Card,
    Cardholder,
    card_key,
    cardholder_key,
)
from shared import clock
from shared.bank import get_bank
from shared.bank.port import Bank, BankRefusal, BankUnavailable, Binding, BoundCard, OutcomeUnknown
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.identifiers import new_id
from shared.observability import count
from shared.phone import normalised
from shared.rate_limit import Window, take
from shared.settings import settings
from shared.table import Cancelled, Key, change, update, write
from shared.web.operation import Call

_DAY_SECONDS = 86_400
# How long a card that was not bound stays in sight, with the reason for it in its status.
_UNBOUND_KEPT_SECONDS = _DAY_SECONDS


class TooManyCards(Problem):
    status = 422
    code = "TOO_MANY_CARDS"
    title = Texts("银行卡数量已达上限", "Too many cards")
    detail = Texts(
        "最多可绑定 {maximum} 张银行卡，请先解绑一张。",
        "At most {maximum} cards can be bound. Remove one first.",
    )

    def __init__(self) -> None:
        super().__init__(maximum=settings().cards_per_user)


class WrongCardCode(Problem):
    status = 422
    code = "WRONG_CODE"
    title = Texts("验证码错误", "Wrong code")
    detail = Texts("验证码不正确，请重新输入。", "The code is not the one that the bank sent.")


class CardCodeExpired(Problem):
    status = 422
    code = "CODE_EXPIRED"
    title = Texts("验证码已失效", "Code expired")
    detail = Texts("验证码已失效，请重新绑定银行卡。", "The code has expired. Bind the card again.")


class CardVerificationFailed(Problem):
    status = 422
    code = "VERIFICATION_FAILED"
    title = Texts("银行卡验证失败", "Card verification failed")
    detail = Texts(
        "银行未能通过这张卡的验证，请核对信息后重新绑定。",
        "The bank could not verify this card. Check what you entered and bind it again.",
    )


class BindingRefused(Problem):
    status = 422
    code = "BINDING_REFUSED"
    title = Texts("银行拒绝绑卡", "Binding refused")
    detail = Texts(
        "银行拒绝绑定这张卡（{reason}）。", "The bank refuses to bind this card: {reason}."
    )


_REFUSALS: dict[str, type[Problem]] = {
    "WRONG_CARD_NUMBER": WrongCardNumber,
    "WRONG_CODE": WrongCardCode,
    "CODE_EXPIRED": CardCodeExpired,
    "BINDING_NOT_FOUND": CardCodeExpired,
    "VERIFICATION_FAILED": CardVerificationFailed,
}


def needed(call: Call[CardRequest]) -> Iterable[Key]:
    """What `start` must know, read in the same round trip as the session."""
    yield cardholder_key(call.user_id)
    yield _key(call)


def start(call: Call[CardRequest]) -> Card:
    """Has the bank send a code to the card's phone. An active card stays so meanwhile.

    Raises WrongCardNumber, InvalidField, TooManyCards, TooManyRequests, ServiceUnavailable.
    """
    phone = normalised(call.body.phone)
    card = call.found.one(Card, _key(call))
    is_active = card is not None and card.status == ACTIVE
    holder = call.found.one(Cardholder, cardholder_key(call.user_id))
    if not is_active and holder and len(holder.cards or ()) >= settings().cards_per_user:
        raise TooManyCards
    take([_bindings_of(call.user_id)])
    with answering_bank() as bank:
        try:
            binding = bank.start_binding(
                reference=new_id("cb"),
                number=checked(call.body.number),
                holder_name=call.body.holder_name.strip(),
                phone=phone,
            )
        except BankRefusal as refusal:
            raise _problem(refusal) from refusal
    return _started(call, binding, is_active=is_active)


def confirm(card: Card | None, *, user_id: str, code: str) -> Card:
    """Makes a card active by the bank's code. The same code again changes nothing.

    Raises NotFound, WrongCardCode, CardCodeExpired, CardVerificationFailed, TooManyCards,
    BindingRefused, ServiceUnavailable.
    """
    if card is None:
        raise NotFound
    with answering_bank() as bank:
        try:
            bound = bank.confirm_binding(binding_id=card.verification_id, code=code)
        except BankRefusal as refusal:
            if refusal.code == "VERIFICATION_FAILED":
                _mark_failed(card)
            raise _problem(refusal) from refusal
        if bound.card_token == card.card_token:
            return card
        if card.card_token:
            # First, for nobody would know the old token any more once the new one is in its place.
            bank.unbind(card.card_token)
        return _activated(bank, card, user_id, bound)


@contextmanager
def answering_bank() -> Iterator[Bank]:
    """The bank, for calls that may be sent again. Raises ServiceUnavailable when it is away."""
    try:
        yield get_bank()
    except (BankUnavailable, OutcomeUnknown) as error:
        raise ServiceUnavailable from error


def _key(call: Call[CardRequest]) -> Key:
    return card_key(call.user_id, card_id_of(call.user_id, checked(call.body.number)))


def _bindings_of(user_id: str) -> Window:
    return Window(
        name="card_binding",
        subject=user_id,
        maximum=settings().card_bindings_per_day,
        seconds=_DAY_SECONDS,
    )


def _started(call: Call[CardRequest], binding: Binding, *, is_active: bool) -> Card:
    number = checked(call.body.number)
    key = _key(call)
    card = Card(key.pk, key.sk)
    actions: list[Action] = [Card.verification_id.set(binding.binding_id)]
    if not is_active:
        ends_at = clock.seconds() + binding.expires_in_seconds
        actions += [
            Card.card_id.set(card_id_of(call.user_id, number)),
            Card.status.set(VERIFYING),
            Card.last4.set(number[-4:]),
            Card.created_at.set(clock.now_text()),
            Card.ttl.set(ends_at + _UNBOUND_KEPT_SECONDS),
        ]
    as_it_was = Card.card_token.exists() if is_active else Card.card_token.does_not_exist()
    if not change(card, actions, as_it_was):
        raise ServiceUnavailable
    return card


def _activated(bank: Bank, card: Card, user_id: str, bound: BoundCard) -> Card:
    activating = update(
        Card(card.pk, card.sk),
        [
            Card.status.set(ACTIVE),
            Card.card_token.set(bound.card_token),
            Card.bank.set(bound.bank),
            Card.card_kind.set(bound.kind),
            Card.ttl.remove(),
        ],
        Card.verification_id == card.verification_id,
    )
    taking_its_place = update(
        Cardholder(*cardholder_key(user_id)[1:]),
        [Cardholder.cards.add({card.card_id})],
        Cardholder.cards.does_not_exist()
        | (size(Cardholder.cards) < settings().cards_per_user)  # type: ignore[no-untyped-call]
        | Cardholder.cards.contains(card.card_id),
    )
    try:
        write(activating, taking_its_place)
    except Cancelled as cancelled:
        bank.unbind(bound.card_token)
        if cancelled.failed(activating):
            # Removed, or bound anew, while the bank looked at the code.
            raise CardCodeExpired from cancelled
        raise TooManyCards from cancelled
    count("CardsBound")
    card.status, card.card_token = ACTIVE, bound.card_token
    card.bank, card.card_kind = bound.bank, bound.kind
    return card


def _mark_failed(card: Card) -> None:
    change(
        Card(card.pk, card.sk),
        [Card.status.set(FAILED)],
        Card.card_token.does_not_exist() & (Card.verification_id == card.verification_id),
    )


def _problem(refusal: BankRefusal) -> Problem:
    kind = _REFUSALS.get(refusal.code)
    return kind() if kind else BindingRefused(reason=refusal.code)
