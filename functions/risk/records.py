"""The records of risk, in the table `records`.

| record       | pk                 | sk                               |
|--------------|--------------------|----------------------------------|
| RiskDecision | `RISK#<user id>`   | `DECISION#<time>#<decision id>`  |
| KnownPayee   | `PAYEES#<user id>` | `PAYEE#<user id of the payee>`   |

Where and when a user was last seen stands in the records of identity, which are read anyway.
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from shared.table import DomainRecord, IntegerAttribute, Key


class RiskDecision(DomainRecord):
    """A decision that was more than a plain yes, and the facts that it was made on.

    `subject` is the id of what was decided on, as of a transfer.
    """

    decision_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    subject = UnicodeAttribute()
    action = UnicodeAttribute()
    decided: Any = JSONAttribute()
    facts: Any = JSONAttribute()
    created_at = UnicodeAttribute()


class KnownPayee(DomainRecord):
    """Somebody to whom a user has sent a guarded amount. `since` is in seconds."""

    payee_id = UnicodeAttribute()
    since = IntegerAttribute()


def risk_decision_key(user_id: str, time_ms: int, decision_id: str) -> Key:
    return Key(RiskDecision, f"RISK#{user_id}", f"DECISION#{time_ms:013d}#{decision_id}")


def known_payee_key(user_id: str, payee_id: str) -> Key:
    return Key(KnownPayee, f"PAYEES#{user_id}", f"PAYEE#{payee_id}")
