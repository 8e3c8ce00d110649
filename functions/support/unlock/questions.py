"""What an agent asks somebody who wants to be let in, and the answers that only the owner knows.

The agent hears the answer first and compares; nobody is told what is right. What there is nothing
of, such as a card, is not asked.
"""

from collections.abc import Mapping

from functions.identity.directory import User
from functions.identity.security_events import Happening, list_events
from functions.support.unlock.models import Fact, Heard, Question
from functions.wallet.cards import cards
from functions.wallet.models import EntriesQuery
from functions.wallet.statement import statement
from shared.errors import Texts
from shared.ledger.accounts import find_account
from shared.money import display
from shared.web.pages import PageQuery

_EVENTS, _ENTRIES, _CARDS = 100, 3, 10
_NAMED = 5
_ABOUT_MINOR = 10_000
_SIGN_INS = frozenset({Happening.REGISTERED, Happening.SIGNED_IN})
_QUESTIONS: dict[Fact, Texts] = {
    "registered": Texts("您大约是哪一年、哪个月注册的？", "In which month did you register?"),
    "balance": Texts("钱包里大约有多少钱？", "About how much is in your wallet?"),
    "movement": Texts("最近三笔收支是什么？", "What were your last three movements?"),
    "card": Texts("绑定了哪些银行卡？", "Which bank cards have you bound?"),
    "device": Texts("平时用什么设备登录？", "On which devices do you sign in?"),
    "place": Texts("最近在哪个国家或地区登录？", "In which countries did you sign in lately?"),
}


def questions(user: User, heard: Mapping[Fact, Heard], *, language: str) -> list[Question]:
    """The questions for a user that have an answer, with what was heard so far."""
    answers = _answers(user)
    return [
        Question(
            fact=fact,
            question=text.in_language(language, {}),
            answer=answer,
            heard=heard.get(fact, "not_asked"),
        )
        for fact, text in _QUESTIONS.items()
        if (answer := answers[fact])
    ]


def askable(user: User) -> set[Fact]:
    return {fact for fact, answer in _answers(user).items() if answer}


def _answers(user: User) -> dict[Fact, str]:
    """By fact; empty where there is none."""
    devices, places = _seen(user.user_id)
    return {
        "registered": user.created_at[:7],
        "balance": _balance(user.user_id),
        "movement": "; ".join(_movements(user.user_id)),
        "card": "; ".join(_cards(user.user_id)),
        "device": "; ".join(devices),
        "place": "; ".join(places),
    }


def _balance(user_id: str) -> str:
    """In steps, for nobody knows it to the cent."""
    account = find_account(user_id)
    if account is None:
        return ""
    floor = (account.available + account.held) // _ABOUT_MINOR * _ABOUT_MINOR
    return f"{display(floor)} - {display(floor + _ABOUT_MINOR)}"


def _movements(user_id: str) -> list[str]:
    page = statement(user_id, EntriesQuery(limit=_ENTRIES))
    return [
        f"{entry.created_at[:10]} {entry.kind} {entry.direction} {display(entry.amount)}"
        for entry in page.items
    ]


def _cards(user_id: str) -> list[str]:
    found = cards(user_id, PageQuery(limit=_CARDS)).items
    return [f"{card.bank or '?'} {card.last4}" for card in found if card.status == "active"]


def _seen(user_id: str) -> tuple[list[str], list[str]]:
    """The devices and countries of the sign-ins that the owner has not disputed, newest first."""
    devices: dict[str, None] = {}
    places: dict[str, None] = {}
    for event in list_events(user_id, PageQuery(limit=_EVENTS)).items:
        if event.kind not in _SIGN_INS or event.disputed:
            continue
        if event.device is not None and event.device.name:
            devices.setdefault(event.device.name)
        if event.country:
            places.setdefault(event.country)
    return list(devices)[:_NAMED], list(places)[:_NAMED]
