"""The records of what was refused.

Keys in the table `records`:

| record        | pk                   | sk                          |
|---------------|----------------------|-----------------------------|
| FailedAttempt | `ATTEMPTS#<user id>` | `MADE#<time>#<attempt id>`  |
| AttemptPlace  | `ATTEMPTS#<user id>` | `OF#<object>#<attempt id>`  |
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

MADE_PREFIX, OF_PREFIX = "MADE#", "OF#"


class FailedAttempt(DomainRecord):
    """That a user asked for money to be moved, and was refused.

    `kind` is what it would have been: `payment`, `transfer`, `top_up` or `withdrawal`; `object_id`
    the id that it would have had, `transfer_id` that of the transfer which would have moved the
    money. `amount` is in minor units, where it was known. `refusal` is the name of the problem,
    `code` what the app was told, `facts` what was known of the case then. `about` says for whom or
    what it was: of others nothing that the refusal itself does not tell.
    """

    attempt_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    object_id = UnicodeAttribute()
    transfer_id = UnicodeAttribute()
    amount = IntegerAttribute(null=True)
    refusal = UnicodeAttribute()
    code = UnicodeAttribute()
    facts: Any = JSONAttribute()
    about: Any = JSONAttribute()
    created_at = UnicodeAttribute()


class AttemptPlace(DomainRecord):
    """Where an attempt stands that is asked for by its object: `made` is its sort key."""

    made = UnicodeAttribute()


def failed_attempt_key(user_id: str, created_at: str, attempt_id: str) -> Key:
    return Key(FailedAttempt, f"ATTEMPTS#{user_id}", f"{MADE_PREFIX}{created_at}#{attempt_id}")


def attempt_place_key(user_id: str, object_id: str, attempt_id: str) -> Key:
    return Key(AttemptPlace, f"ATTEMPTS#{user_id}", f"{OF_PREFIX}{object_id}#{attempt_id}")
