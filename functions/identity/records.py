"""The records of identity, in the table `records`.

| record       | pk                          | sk                     |
|--------------|-----------------------------|------------------------|
| PhoneEntry   | `PHONE#<digest>`            | `PHONE`                |
| User         | `USER#<user id>`            | `USER`                 |
| Session      | `USER#<user id>`            | `SESSION#<session id>` |
| Verification | `VERIFICATION#<id>`         | `VERIFICATION`         |
| Tries        | `TRIES#<digest of a phone>` | `PASSWORD`             |

A phone stands in clear in one place, `User.phone`; everywhere else it is a keyed digest.
"""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from shared.table import DomainRecord, Key


class PhoneEntry(DomainRecord):
    """Whose phone it is. This, not the derived user id, is the truth."""

    user_id = UnicodeAttribute()


class User(DomainRecord):
    """A person. `sign_ins` counts the sessions that were started: whoever must end all of them
    makes it a condition, so that none slips in beside.
    """

    user_id = UnicodeAttribute()
    phone = UnicodeAttribute()
    password_hash = UnicodeAttribute()
    language = UnicodeAttribute()
    created_at = UnicodeAttribute()
    sign_ins = NumberAttribute(default=0)


class Session(DomainRecord):
    """A signed-in device. Of its tokens only SHA-256 hashes are kept; times are seconds.

    `rotation_salt` is what the present tokens were made of together with the refresh token before
    them, whose hash is `previous_refresh_hash`.
    """

    session_id = UnicodeAttribute()
    access_hash = UnicodeAttribute()
    access_ends_at = NumberAttribute()
    refresh_hash = UnicodeAttribute()
    previous_refresh_hash = UnicodeAttribute(null=True)
    rotation_salt = UnicodeAttribute(null=True)
    rotated_at = NumberAttribute(null=True)
    ends_at = NumberAttribute()
    device = JSONAttribute(null=True)
    address = UnicodeAttribute(null=True)
    country = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    last_used_at = UnicodeAttribute()


class Verification(DomainRecord):
    """A code that was asked for. `tries` counts every look at it, `used_by` ends it."""

    verification_id = UnicodeAttribute()
    purpose = UnicodeAttribute()
    phone_digest = UnicodeAttribute()
    code_hash = UnicodeAttribute()
    expires_at = NumberAttribute()
    tries = NumberAttribute(default=0)
    used_by = UnicodeAttribute(null=True)


class Tries(DomainRecord):
    """How many passwords were tried in a row for a phone, known or not, and when last (seconds)."""

    made = NumberAttribute()
    tried_at = NumberAttribute()


def user_key(user_id: str) -> Key:
    return Key(User, f"USER#{user_id}", "USER")


def session_key(user_id: str, session_id: str) -> Key:
    return Key(Session, f"USER#{user_id}", f"SESSION#{session_id}")


def verification_key(verification_id: str) -> Key:
    return Key(Verification, f"VERIFICATION#{verification_id}", "VERIFICATION")


def tries_key(phone_digest: str) -> Key:
    return Key(Tries, f"TRIES#{phone_digest}", "PASSWORD")
