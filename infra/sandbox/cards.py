"""The test cards. The number decides what happens; any other valid number behaves like the first.

Binding works for all but the one that says otherwise: the rest of the table is about moving money.

What the table leaves open was decided so:

- A payout is answered `accepted` and is `paid` half a second later, which its notification tells.
- The closed, the frozen and the limited account are refused in the answer of the submit, and no
  notification follows. `WRONG_NAME` is found by the bank of the payee only: that payout is answered
  `accepted`, and a notification tells half a second later that it was rejected.
- The card of the slow callback is paid when the callback is sent; a query before that tells
  `accepted`.
- Of a payout that timed out but was executed no notification is sent: only a query finds it.
- A charge is answered with its end, and nothing follows. The card whose callback comes three times
  tells of its charges too, as often. The last two cards answer `pending` and tell the end of the
  charge by a notification.
- A refund is answered `accepted` and has `succeeded` half a second later, which a query finds; to
  the closed account it `failed`. Time-out and 503 are for all that moves money.
"""

import re
from dataclasses import dataclass
from typing import Literal

BANK_NAME = "沙盒银行 Sandbox Bank"
CardKind = Literal["debit", "credit"]


@dataclass(frozen=True, slots=True)
class Step:
    """A status that an order gets some seconds after it was taken, and that is told."""

    after_seconds: float
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """The status that an order is answered with, and what becomes of it later."""

    status: str
    reason: str | None = None
    steps: tuple[Step, ...] = ()


CHARGED = Course("succeeded")
PAID = Course("accepted", steps=(Step(0.5, "paid"),))
REFUNDED = Course("accepted", steps=(Step(0.5, "succeeded"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the bank does with a card.

    silence: the caller gets no answer, the order is booked (`executed`) or not (`lost`).
    unavailable_times: how often each order is answered 503 before it is taken.
    copies: how often each notification is sent.
    """

    description: str
    kind: CardKind = "debit"
    binding_refusal: str | None = None
    charge: Course = CHARGED
    payout: Course = PAID
    refund: Course = REFUNDED
    silence: Literal["executed", "lost"] | None = None
    unavailable_times: int = 0
    copies: int = 1


ORDINARY = Behaviour(description="debit card, everything works")

TEST_CARDS = {
    "6222021234500010008": ORDINARY,
    "6222021234500020007": Behaviour(
        description="credit card: top-up works, withdrawal is refused CARD_KIND_NOT_ALLOWED",
        kind="credit",
    ),
    "6222021234500030006": Behaviour(
        description="top-up declined INSUFFICIENT_FUNDS",
        charge=Course("declined", "INSUFFICIENT_FUNDS"),
    ),
    "6222021234500040005": Behaviour(
        description="payout rejected ACCOUNT_CLOSED",
        payout=Course("rejected", "ACCOUNT_CLOSED"),
        refund=Course("failed", "ACCOUNT_CLOSED"),
    ),
    "6222021234500050004": Behaviour(
        description="payout rejected ACCOUNT_FROZEN, top-up declined CARD_FROZEN",
        charge=Course("declined", "CARD_FROZEN"),
        payout=Course("rejected", "ACCOUNT_FROZEN"),
    ),
    "6222021234500060003": Behaviour(
        description="payout rejected WRONG_NAME",
        payout=Course("accepted", steps=(Step(0.5, "rejected", "WRONG_NAME"),)),
    ),
    "6222021234500070002": Behaviour(
        description="payout accepted, the callback comes after 5 seconds",
        payout=Course("accepted", steps=(Step(5, "paid"),)),
    ),
    "6222021234500080001": Behaviour(
        description="time-out, though the bank did execute it: a query finds it done",
        payout=Course("paid"),
        silence="executed",
    ),
    "6222021234500090000": Behaviour(
        description="time-out, and the bank never saw it: a query finds nothing",
        silence="lost",
    ),
    "6222021234500100007": Behaviour(description="503 twice, then works", unavailable_times=2),
    "6222021234500110006": Behaviour(
        description="the callback comes three times",
        # The step changes nothing: it only tells.
        charge=Course("succeeded", steps=(Step(0.5, "succeeded"),)),
        copies=3,
    ),
    "6222021234500120005": Behaviour(
        description="paid, then reversed a few seconds later",
        payout=Course(
            "accepted", steps=(Step(0.5, "paid"), Step(3, "reversed", "RETURNED_BY_BANK"))
        ),
    ),
    "6222021234500130004": Behaviour(
        description="top-up declined CARD_EXPIRED", charge=Course("declined", "CARD_EXPIRED")
    ),
    "6222021234500140003": Behaviour(
        description="payout rejected LIMIT_EXCEEDED", payout=Course("rejected", "LIMIT_EXCEEDED")
    ),
    "6222021234500150002": Behaviour(
        description="binding fails VERIFICATION_FAILED", binding_refusal="VERIFICATION_FAILED"
    ),
    "6222021234500160001": Behaviour(
        description="top-up pending, confirmed by the callback after a second",
        charge=Course("pending", steps=(Step(1, "succeeded"),)),
    ),
    "6222021234500170000": Behaviour(
        description="top-up pending, declined INSUFFICIENT_FUNDS by the callback after a second",
        charge=Course("pending", steps=(Step(1, "declined", "INSUFFICIENT_FUNDS"),)),
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
