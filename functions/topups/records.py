"""The records of top-ups.

Keys in the table `records`:

| record  | pk                   | sk                        |
|---------|----------------------|---------------------------|
| TopUp   | `TOP_UP#<top-up id>` | `TOP_UP`                  |
| Listing | `TOP_UPS#<user id>`  | `MADE#<time>#<top-up id>` |

A notification knows only the id of the top-up that it is about.
"""

from typing import Any, cast

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from shared.errors import NotFound
from shared.ledger.accounts import BANK_SETTLEMENT, PLATFORM_SETTLEMENT
from shared.money import Money
from shared.platforms.port import Kind
from shared.table import DomainRecord, IntegerAttribute, Key, read

PENDING, SUCCEEDED, FAILED, EXPIRED = "pending", "succeeded", "failed", "expired"
CARD = "card"
RESOLVING = "top_up"
LISTING_PREFIX = "MADE#"


class TopUp(DomainRecord):
    """Money from outside into the wallet. All amounts are minor units, times are seconds.

    `kind` is the source's: a bank card (then with `card_id`, `card_token`, `bank`, `last4`), or a
    platform, where it can be paid at `checkout_url` until `expires_at`. `card_token` is the token
    as it was at first, so that the bank is asked for the same thing each time. Until `lease_until`
    somebody is at work on it; nobody else may ask for money. `first_answer` is the status of the
    first answer when that was not the last word (202). `limit_period` is the day whose allowance
    it was counted in, `asks` how often it has been asked what became of it. `due_at` is when that
    is next; never before the lease is over. `charge_id` is what the bank or platform calls the
    money that came. Of that, what the wallet could not take is `received`, which goes back to where
    it came from; `refund_status` is how far that is. `risk` is what was decided on the request.
    """

    top_up_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    status = UnicodeAttribute()
    amount = IntegerAttribute()
    currency = UnicodeAttribute()
    kind = UnicodeAttribute()
    card_id = UnicodeAttribute(null=True)
    card_token = UnicodeAttribute(null=True)
    bank = UnicodeAttribute(null=True)
    last4 = UnicodeAttribute(null=True)
    checkout_url = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    limit_period = UnicodeAttribute()
    lease_until = IntegerAttribute()
    expires_at = IntegerAttribute()
    asks = IntegerAttribute(default=0)
    first_answer = IntegerAttribute(null=True)
    charge_id = UnicodeAttribute(null=True)
    received = IntegerAttribute(null=True)
    refund_status = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    refusal: Any = JSONAttribute(null=True)
    risk: Any = JSONAttribute(null=True)

    @property
    def money(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)

    @property
    def platform(self) -> Kind | None:
        """Which platform it is paid at; None for a card."""
        return None if self.kind == CARD else cast(Kind, self.kind)

    @property
    def settlement_account(self) -> str:
        """The account of the house that stands for where the money is from."""
        return BANK_SETTLEMENT if self.kind == CARD else PLATFORM_SETTLEMENT


class Listing(DomainRecord):
    """Where a top-up stands in the list of its user."""

    top_up_id = UnicodeAttribute()


def top_up_key(top_up_id: str) -> Key:
    return Key(TopUp, f"TOP_UP#{top_up_id}", "TOP_UP")


def list_of(user_id: str) -> str:
    """The partition key of a user's listings."""
    return f"TOP_UPS#{user_id}"


def listing(top_up: TopUp) -> Listing:
    """The line of a top-up in the list of its user, not yet written."""
    place = f"{LISTING_PREFIX}{top_up.created_at}#{top_up.top_up_id}"
    return Listing(list_of(top_up.user_id), place, top_up_id=top_up.top_up_id)


def at(top_up: TopUp) -> TopUp:
    """A bare record with the key of `top_up`, to write conditions and changes against."""
    return TopUp(top_up.pk, top_up.sk)


def current(top_up: TopUp) -> TopUp:
    """The record of `top_up` as it stands now. Records of top-ups are never deleted."""
    key = top_up_key(top_up.top_up_id)
    found = read([key]).one(TopUp, key)
    if found is None:
        raise NotFound
    return found
