"""The records of bank cards, and what is remembered of statements.

Keys in the table `records`:

| record       | pk                    | sk               |
|--------------|-----------------------|------------------|
| Card         | `CARDS#<user id>`     | `CARD#<card id>` |
| Cardholder   | `CARDS#<user id>`     | `HOLDER`         |
| MonthSummary | `SUMMARIES#<user id>` | `<month>`        |
"""

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from shared.table import DomainRecord, Key

VERIFYING, ACTIVE, FAILED = "verifying", "active", "failed"
CARD_PREFIX = "CARD#"


class Card(DomainRecord):
    """A bank card of a user. Its number is nowhere: the bank's `card_token` stands for it.

    `card_token`, `bank` and `card_kind` are there once the bank has bound the card.
    `verification_id` is what the bank calls the latest binding, whose code it has sent. A card that
    is not bound in time is forgotten by itself (`ttl`).
    """

    card_id = UnicodeAttribute()
    status = UnicodeAttribute()
    last4 = UnicodeAttribute()
    verification_id = UnicodeAttribute()
    created_at = UnicodeAttribute()
    card_token = UnicodeAttribute(null=True)
    bank = UnicodeAttribute(null=True)
    card_kind = UnicodeAttribute(null=True)


class Cardholder(DomainRecord):
    """How many cards a user may still bind: `cards` names the active ones."""

    cards = UnicodeSetAttribute(null=True)


class MonthSummary(DomainRecord):
    """What moved in a month up to the entry `last_key`. It can be made anew from the books.

    `sums`: `[kind, direction, minor units, how often]` of each. `closed`: nothing more can come.
    """

    sums: Any = JSONAttribute()
    last_key = UnicodeAttribute()
    closed = BooleanAttribute(default=False)


def card_key(user_id: str, card_id: str) -> Key:
    return Key(Card, f"CARDS#{user_id}", f"{CARD_PREFIX}{card_id}")


def cardholder_key(user_id: str) -> Key:
    return Key(Cardholder, f"CARDS#{user_id}", "HOLDER")


def month_summary_key(user_id: str, month: str) -> Key:
    """month: `2026-11`."""
    return Key(MonthSummary, f"SUMMARIES#{user_id}", month)
