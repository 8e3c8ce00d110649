"""The records of top-ups.

Keys in the table `records`:

| record  | pk                  | sk                        |
|---------|---------------------|---------------------------|
| TopUp   | `TOP_UPS#<user id>` | `TOP_UP#<top-up id>`      |
| Listing | `TOP_UPS#<user id>` | `MADE#<time>#<top-up id>` |
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from shared.errors import NotFound
from shared.money import Money
from shared.table import DomainRecord, Key, read

PENDING, SUCCEEDED, FAILED, EXPIRED = "pending", "succeeded", "failed", "expired"
RESOLVING = "top_up"
LISTING_PREFIX = "MADE#"


class TopUp(DomainRecord):
    """Money from a bank card into the wallet. All amounts are minor units, times are seconds.

    `card_token` is the token as it was at first, so that the bank is asked for the same thing each
    time. Until `lease_until` somebody is at work on it; nobody else may ask the bank for money.
    `first_answer` is the status of the first answer when that was not the last word (202).
    `limit_period` is the day whose allowance it was counted in, `asks` how often the bank has been
    asked what became of it. `due_at` is when that is next; never before the lease is over. `risk`
    is what was decided on the request.
    """

    top_up_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    status = UnicodeAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    card_id = UnicodeAttribute()
    card_token = UnicodeAttribute()
    bank = UnicodeAttribute()
    last4 = UnicodeAttribute()
    created_at = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    limit_period = UnicodeAttribute()
    lease_until = NumberAttribute()
    expires_at = NumberAttribute()
    asks = NumberAttribute(default=0)
    first_answer = NumberAttribute(null=True)
    charge_id = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    refusal: Any = JSONAttribute(null=True)
    risk: Any = JSONAttribute(null=True)

    @property
    def money(self) -> Money:
        return Money(amount=int(self.amount), currency=self.currency)


class Listing(DomainRecord):
    """Where a top-up stands in the list of its user."""

    top_up_id = UnicodeAttribute()


def top_up_key(user_id: str, top_up_id: str) -> Key:
    return Key(TopUp, f"TOP_UPS#{user_id}", f"TOP_UP#{top_up_id}")


def listing(top_up: TopUp) -> Listing:
    """The line of a top-up in the list of its user, not yet written."""
    place = f"{LISTING_PREFIX}{top_up.created_at}#{top_up.top_up_id}"
    return Listing(top_up.pk, place, top_up_id=top_up.top_up_id)


def at(top_up: TopUp) -> TopUp:
    """A bare record with the key of `top_up`, to write conditions and changes against."""
    return TopUp(top_up.pk, top_up.sk)


def current(top_up: TopUp) -> TopUp:
    """The record of `top_up` as it stands now. Records of top-ups are never deleted."""
    key = top_up_key(top_up.user_id, top_up.top_up_id)
    found = read([key]).one(TopUp, key)
    if found is None:
        raise NotFound
    return found
