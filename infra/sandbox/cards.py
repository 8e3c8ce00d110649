"""The test cards. The number decides what happens; any other valid number behaves like the first.

Binding works for all but the one that says otherwise: the rest of the table is about moving money.
"""

import re
from dataclasses import dataclass
from typing import Literal

BANK_NAME = "沙盒银行 Sandbox Bank"
CardKind = Literal["debit", "credit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the bank does with a card.

    charge_silence: the caller gets no answer, the charge is booked (`executed`) or not (`lost`).
    unavailable_times: how often each charge is answered 503 before it is taken.
    """

    description: str
    kind: CardKind = "debit"
    binding_refusal: str | None = None
    charge_decline: str | None = None
    charge_silence: Literal["executed", "lost"] | None = None
    unavailable_times: int = 0


ORDINARY = Behaviour(description="debit card, everything works")

TEST_CARDS = {
    "6222021234500010008": ORDINARY,
    "6222021234500020007": Behaviour(
        description="credit card: top-up works, withdrawal is refused CARD_KIND_NOT_ALLOWED",
        kind="credit",
    ),
    "6222021234500030006": Behaviour(
        description="top-up declined INSUFFICIENT_FUNDS", charge_decline="INSUFFICIENT_FUNDS"
    ),
    "6222021234500040005": Behaviour(description="payout rejected ACCOUNT_CLOSED"),
    "6222021234500050004": Behaviour(
        description="payout rejected ACCOUNT_FROZEN, top-up declined CARD_FROZEN",
        charge_decline="CARD_FROZEN",
    ),
    "6222021234500060003": Behaviour(description="payout rejected WRONG_NAME"),
    "6222021234500070002": Behaviour(
        description="payout accepted, the callback comes after 5 seconds"
    ),
    "6222021234500080001": Behaviour(
        description="time-out, though the bank did execute it: a query finds it done",
        charge_silence="executed",
    ),
    "6222021234500090000": Behaviour(
        description="time-out, and the bank never saw it: a query finds nothing",
        charge_silence="lost",
    ),
    "6222021234500100007": Behaviour(description="503 twice, then works", unavailable_times=2),
    "6222021234500110006": Behaviour(description="the callback comes three times"),
    "6222021234500120005": Behaviour(description="paid, then reversed a few seconds later"),
    "6222021234500130004": Behaviour(
        description="top-up declined CARD_EXPIRED", charge_decline="CARD_EXPIRED"
    ),
    "6222021234500140003": Behaviour(description="payout rejected LIMIT_EXCEEDED"),
    "6222021234500150002": Behaviour(
        description="binding fails VERIFICATION_FAILED", binding_refusal="VERIFICATION_FAILED"
    ),
}


def behaviour_of(number: str) -> Behaviour:
    return TEST_CARDS.get(number, ORDINARY)


def is_card_number(number: str) -> bool:
    """16 to 19 digits that begin with 62 and pass the check of Luhn (ISO/IEC 7812-1)."""
    return re.fullmatch(r"62[0-9]{14,17}", number) is not None and _passes_luhn(number)


def _passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(value // 10 + value % 10 for value in doubled)) % 10 == 0
