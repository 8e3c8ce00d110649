"""The records of unlocking, in the table `records`.

| record        | pk                       | sk                     |
|---------------|--------------------------|------------------------|
| UnlockRequest | `UNLOCK#<request id>`    | `UNLOCK`               |
| UnlockLine    | `UNLOCKS#open`           | `<time>#<request id>`  |
|               | `UNLOCKS_OF#<user id>`   | `<time>#<request id>`  |
"""

from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

OPEN, PROPOSED, UNLOCKED, REFUSED = "open", "proposed", "unlocked", "refused"
OPEN_LINES = "UNLOCKS#open"


class UnlockRequest(DomainRecord):
    """Somebody who holds the phone of a user asks to be let in. Times are seconds, but for texts.

    `phone_digest` is what wrong passwords are counted by. `proven` is the user as they stood when
    the phone was proven (`identity.unlocking`). `email` is what was given, sealed; `email_fits`
    whether that is the one that is bound, `email_bound` whether any is. `email_verification_id` is
    of the code that went there, `email_proven_at` when it was told. `report_id` is what was given.
    `facts` holds what an agent has heard: by fact `confirmed`, `wrong` or `not_asked`.
    `version` counts its changes.
    """

    request_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    ticket_id = UnicodeAttribute()
    phone = UnicodeAttribute()
    phone_digest = UnicodeAttribute()
    proven = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    email_fits = BooleanAttribute(default=False)
    email_bound = BooleanAttribute(default=False)
    email_verification_id = UnicodeAttribute(null=True)
    email_proven_at = IntegerAttribute(null=True)
    report_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    facts: Any = JSONAttribute(null=True)
    approval_id = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=0)
    created_at = UnicodeAttribute()
    asked_at = IntegerAttribute()
    expires_at = IntegerAttribute()


class UnlockLine(DomainRecord):
    """Where a request stands in the list of the open ones, or of those of a user."""

    request_id = UnicodeAttribute()
    expires_at = IntegerAttribute()


def unlock_key(request_id: str) -> Key:
    return Key(UnlockRequest, f"UNLOCK#{request_id}", "UNLOCK")


def lines_of(user_id: str) -> str:
    return f"UNLOCKS_OF#{user_id}"
