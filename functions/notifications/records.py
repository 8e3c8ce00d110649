"""The records of notifications, in the table `records`.

| record       | pk                            | sk                  |
|--------------|-------------------------------|---------------------|
| Notification | `NOTIFICATIONS#<user id>`     | `MADE#<id>`         |
| ReadMark     | `NOTIFICATIONS#<user id>`     | `READ`              |
| Choice       | `REACH#<user id>`             | `CHOICE`            |
| PushTarget   | `REACH#<user id>`             | `PUSH#<session id>` |
| PushOwner    | `PUSH_ENDPOINT#<digest>`      | `OWNER`             |

The id of a notification is that of what it tells of, so each movement has one, and it sorts as the
entries of the account do.
"""

import hashlib
from typing import Any

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

MADE_PREFIX, PUSH_PREFIX = "MADE#", "PUSH#"
MOVED, FAILED, CANCELLED = "moved", "failed", "cancelled"
PUSH, EMAIL = "push", "email"


class Notification(DomainRecord):
    """That money of a user moved, or came back from where it should have gone. Amounts are minor
    units. It holds facts; its words are made when it is read.

    `outcome`: `moved`, or how a hold ended that moved nothing (`failed`, `cancelled`); that has
    neither direction nor balance. `counterparty` is how the other side is shown. `unsent` names the
    ways on which it has still to go; while there are any it waits in the index `due`. `tries` is
    how often the schedule has sent it.
    """

    notification_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    outcome = UnicodeAttribute()
    direction = UnicodeAttribute(null=True)
    amount = IntegerAttribute()
    currency = UnicodeAttribute()
    balance_after = IntegerAttribute(null=True)
    counterparty = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    reference = UnicodeAttribute()
    created_at = UnicodeAttribute()
    unsent: Any = UnicodeSetAttribute(null=True)
    tries = IntegerAttribute(default=0)


class ReadMark(DomainRecord):
    """Up to which notification a user has read."""

    up_to = UnicodeAttribute()


class Choice(DomainRecord):
    """Of which kinds of movements a user wants to hear by push and by mail."""

    push: Any = UnicodeSetAttribute(null=True)
    email: Any = UnicodeSetAttribute(null=True)


class PushTarget(DomainRecord):
    """Where the phone of a session is reached: the ARN of its endpoint at SNS, for one platform."""

    session_id = UnicodeAttribute()
    platform = UnicodeAttribute()
    endpoint = UnicodeAttribute()


class PushOwner(DomainRecord):
    """Whose session an endpoint belongs to now. A phone that changes hands has one endpoint."""

    user_id = UnicodeAttribute()
    session_id = UnicodeAttribute()


def notification_key(user_id: str, notification_id: str) -> Key:
    return Key(Notification, f"NOTIFICATIONS#{user_id}", f"{MADE_PREFIX}{notification_id}")


def read_mark_key(user_id: str) -> Key:
    return Key(ReadMark, f"NOTIFICATIONS#{user_id}", "READ")


def choice_key(user_id: str) -> Key:
    return Key(Choice, f"REACH#{user_id}", "CHOICE")


def push_target_key(user_id: str, session_id: str) -> Key:
    return Key(PushTarget, f"REACH#{user_id}", f"{PUSH_PREFIX}{session_id}")


def push_owner_key(endpoint: str) -> Key:
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    return Key(PushOwner, f"PUSH_ENDPOINT#{digest}", "OWNER")
