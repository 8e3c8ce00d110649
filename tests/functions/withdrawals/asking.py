"""What people ask for about withdrawals in tests, through the public edge."""

from typing import Any

from tests.edge import Answer
from tests.people import PAY_PASSWORD, Person


def withdrawal_body(card_id: str, amount: int, **other: object) -> dict[str, Any]:
    return {
        "amount": amount,
        "currency": "CNY",
        "card_id": card_id,
        "pay_password": PAY_PASSWORD,
    } | other


def withdraw(person: Person, card_id: str, amount: int, *, key: str, **other: object) -> Answer:
    return person.call(
        "POST", "/v1/withdrawals", withdrawal_body(card_id, amount, **other), key=key
    )


def quote(person: Person, card_id: str, amount: int) -> Answer:
    body = {"amount": amount, "currency": "CNY", "card_id": card_id}
    return person.call("POST", "/v1/withdrawals/quote", body)


def cancel(person: Person, withdrawal_id: str) -> Answer:
    return person.call("POST", f"/v1/withdrawals/{withdrawal_id}/cancel")
