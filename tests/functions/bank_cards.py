"""What people do with bank cards in tests, through the public edge."""

import itertools
from typing import Any

from tests.edge import Answer
from tests.people import PAY_PASSWORD, Person
from tests.sandbox.running import ORDINARY, RunningBank

_numbers = itertools.count(1)


def unused_phone() -> str:
    """Ids follow from phones, and the bank knows references for ever: no phone comes twice."""
    return f"+86139{next(_numbers):08d}"


def card_body(number: str = ORDINARY) -> dict[str, object]:
    return {"number": number, "holder_name": "王小明", "phone": "+8613800138000"}


def start_binding(person: Person, number: str = ORDINARY) -> tuple[str, str]:
    """The ids of the card and of its verification."""
    answer = person.call("POST", "/v1/cards", card_body(number))
    assert answer.status == 202, answer.text
    assert set(answer.json) == {"card_id", "verification_id"}
    return answer.json["card_id"], answer.json["verification_id"]


def confirm(person: Person, card_id: str, code: str) -> Answer:
    return person.call("POST", f"/v1/cards/{card_id}/confirm", {"code": code})


def bind(person: Person, bank: RunningBank, number: str = ORDINARY) -> str:
    """Binds a card and gives its id."""
    card_id, verification_id = start_binding(person, number)
    answer = confirm(person, card_id, bank.code_of(verification_id))
    assert answer.status == 200, answer.text
    return card_id


def top_up_body(card_id: str, amount: int, **other: object) -> dict[str, Any]:
    return {
        "amount": amount,
        "currency": "CNY",
        "source": {"kind": "card", "card_id": card_id},
        "pay_password": PAY_PASSWORD,
    } | other


def top_up(person: Person, card_id: str, amount: int, *, key: str, **other: object) -> Answer:
    return person.call("POST", "/v1/top-ups", top_up_body(card_id, amount, **other), key=key)
