"""The records of identity, in the table `records`.

| record        | pk                          | sk                     |
|---------------|-----------------------------|------------------------|
| PhoneEntry    | `PHONE#<digest>`            | `PHONE`                |
| EmailEntry    | `EMAIL#<digest>`            | `EMAIL#<user id>`      |
| User          | `USER#<user id>`            | `USER`                 |
| Session       | `USER#<user id>`,           | `SESSION#<session id>` |
|               | `AGENT#<agent id>`          |                        |
| SecurityEvent | `USER#<user id>`            | `EVENT#<event id>`     |
| Report        | `REPORT#<report id>`        | `REPORT`               |
| OwnerNotice   | `USER#<user id>`            | `NOTICE#<notice id>`   |
| PendingEmail  | `USER#<user id>`            | `PENDING_EMAIL`        |
| TwoFactor     | `USER#<user id>`            | `TWO_FACTOR`           |
| KnownDevice   | `USER#<user id>`            | `DEVICE#<digest>`      |
| Challenge     | `CHALLENGE#<id>`            | `CHALLENGE`            |
| Verification  | `VERIFICATION#<id>`         | `VERIFICATION`         |
| Tries         | `TRIES#<digest of a phone>`,| `PASSWORD`,            |
|               | `TRIES#<agent id>`          | `DEVICE#<digest>` or   |
|               |                             | `SESSION#<session id>` |

A phone and a mail address are found by a keyed digest. In full they stand in `User` alone, sealed
(`contacts.py`); a notice on its way has a copy of that.
"""

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from shared.table import DomainRecord, IntegerAttribute, Key

EMAIL_PREFIX = "EMAIL#"


class PhoneEntry(DomainRecord):
    """Whose phone it is. This, not the derived user id, is the truth."""

    user_id = UnicodeAttribute()


class EmailEntry(DomainRecord):
    """Somebody who has bound a mail address; there may be others."""

    user_id = UnicodeAttribute()


class User(DomainRecord):
    """A person. `sign_ins` counts the sessions that were started: whoever must end all of them
    makes it a condition, so that none slips in beside. `phone` and `email` are sealed.
    `last_sign_in_at` (seconds) and `last_country` are of the newest sign-in, and `hour_sign_ins` is
    how many there were in `sign_in_hour`. `disputed_at` (seconds) is when the owner said that
    somebody else was in the account. `closed_at` (seconds) is when the account was closed: nobody
    signs in since, and no password is kept. A closed one waits in the index `due` for what is still
    to be done; after `anonymised_at` (seconds) it has no phone and no mail address any more.
    """

    user_id = UnicodeAttribute()
    phone = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    password_hash = UnicodeAttribute(null=True)
    password_changed_at = IntegerAttribute(null=True)
    cool_down_until = IntegerAttribute(null=True)
    language = UnicodeAttribute()
    created_at = UnicodeAttribute()
    sign_ins = IntegerAttribute(default=0)
    last_sign_in_at = IntegerAttribute(null=True)
    last_country = UnicodeAttribute(null=True)
    sign_in_hour = UnicodeAttribute(null=True)
    hour_sign_ins = IntegerAttribute(default=0)
    disputed_at = IntegerAttribute(null=True)
    closed_at = IntegerAttribute(null=True)
    anonymised_at = IntegerAttribute(null=True)


class Session(DomainRecord):
    """A signed-in device of a user or an agent. Of its tokens only SHA-256 hashes are kept; times
    are seconds.

    `rotation_salt` is what the present tokens were made of together with the refresh token before
    them, whose hash is `previous_refresh_hash`. `device_since` is when its device was first seen.
    """

    session_id = UnicodeAttribute()
    access_hash = UnicodeAttribute()
    access_ends_at = IntegerAttribute()
    refresh_hash = UnicodeAttribute()
    previous_refresh_hash = UnicodeAttribute(null=True)
    rotation_salt = UnicodeAttribute(null=True)
    rotated_at = IntegerAttribute(null=True)
    ends_at = IntegerAttribute()
    device = JSONAttribute(null=True)
    address = UnicodeAttribute(null=True)
    country = UnicodeAttribute(null=True)
    device_since = IntegerAttribute(default=0)
    created_at = UnicodeAttribute()
    last_used_at = UnicodeAttribute()


class SecurityEvent(DomainRecord):
    """What happened to an account, for its owner to see. Ids sort as time does.

    `risk` is what the rules of risk decided on it, for nobody but us. `report_id` is the report
    that the owner made of it by saying that it was somebody else.
    """

    event_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    created_at = UnicodeAttribute()
    device = JSONAttribute(null=True)
    address = UnicodeAttribute(null=True)
    country = UnicodeAttribute(null=True)
    details: Any = JSONAttribute(null=True)
    risk: Any = JSONAttribute(null=True)
    report_id = UnicodeAttribute(null=True)


class Report(DomainRecord):
    """Something that support must look into. While it is open it waits in the index `due`.

    `event_id` is the security event that the owner says was somebody else, `facts` what is known.
    """

    report_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    status = UnicodeAttribute()
    event_id = UnicodeAttribute()
    facts: Any = JSONAttribute()
    created_at = UnicodeAttribute()


class OwnerNotice(DomainRecord):
    """A notice on its way to an owner, in the words in which it goes. While it waits it stands in
    the index `due`. `phone` and `email` are what stood sealed in the user when it was written; each
    is taken away when it was told there. `tries`: how often it was tried by schedule.
    """

    user_id = UnicodeAttribute()
    notice = UnicodeAttribute()
    subject = UnicodeAttribute()
    text = UnicodeAttribute()
    phone = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    tries = IntegerAttribute(default=0)


class PendingEmail(DomainRecord):
    """A mail address that its owner has yet to prove, sealed, and the code that was sent to it."""

    email = UnicodeAttribute()
    verification_id = UnicodeAttribute()


class Verification(DomainRecord):
    """A code that was asked for. `tries` counts every look at it, `used_by` ends it."""

    verification_id = UnicodeAttribute()
    purpose = UnicodeAttribute()
    target_digest = UnicodeAttribute()
    code_hash = UnicodeAttribute()
    expires_at = IntegerAttribute()
    tries = IntegerAttribute(default=0)
    used_by = UnicodeAttribute(null=True)


class TwoFactor(DomainRecord):
    """The second factor of a user. `secret` is sealed, `last_step` the last step of time used.

    `always`: asked at each sign-in, not only on new devices.
    """

    status = UnicodeAttribute()
    secret = UnicodeAttribute()
    always = BooleanAttribute(default=False)
    last_step = IntegerAttribute(default=0)
    recovery_hashes: Any = UnicodeSetAttribute(null=True)


class KnownDevice(DomainRecord):
    """A device that a user has signed in from. `since`: seconds, 0 for the first of all.

    `secret_hash`: SHA-256 of the secret that it is known again by, if it has one.
    """

    name = UnicodeAttribute(null=True)
    since = IntegerAttribute()
    secret_hash = UnicodeAttribute(null=True)


class Challenge(DomainRecord):
    """A second step that was asked for. `bound` is what it allows, times are seconds.

    `verification_id` is of the code that was sent by SMS, `device` what a sign-in came from, and
    `device_proof` the SHA-256 of the secret that it has shown.
    """

    challenge_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    bound = UnicodeAttribute()
    device: Any = JSONAttribute(null=True)
    device_proof = UnicodeAttribute(null=True)
    verification_id = UnicodeAttribute(null=True)
    tries = IntegerAttribute(default=0)
    expires_at = IntegerAttribute()
    passed_at = IntegerAttribute(null=True)
    used = BooleanAttribute(null=True)


class Tries(DomainRecord):
    """How many passwords were tried in a row for a phone or an agent, known or not, and when last
    (seconds): by anybody, by a device that has shown its secret, or in a session.

    `user_id`: whose phone it is, or NOBODY; written when the last allowed try is counted, together
    with the entry in the index `due` by which the owner is told.
    """

    made = IntegerAttribute()
    tried_at = IntegerAttribute()
    user_id = UnicodeAttribute(null=True)


def user_key(user_id: str) -> Key:
    return Key(User, f"USER#{user_id}", "USER")


def session_key(owner_id: str, session_id: str) -> Key:
    """owner_id: of a user or an agent, which tells the two apart."""
    holder = "AGENT" if owner_id.startswith("a_") else "USER"
    return Key(Session, f"{holder}#{owner_id}", f"SESSION#{session_id}")


def security_event_key(user_id: str, event_id: str) -> Key:
    """`event_id` may also be the beginning of one, `ev_<milliseconds>`, to read from there on."""
    return Key(SecurityEvent, f"USER#{user_id}", f"EVENT#{event_id}")


def report_key(report_id: str) -> Key:
    return Key(Report, f"REPORT#{report_id}", "REPORT")


def owner_notice_key(user_id: str, notice_id: str) -> Key:
    return Key(OwnerNotice, f"USER#{user_id}", f"NOTICE#{notice_id}")


def pending_email_key(user_id: str) -> Key:
    return Key(PendingEmail, f"USER#{user_id}", "PENDING_EMAIL")


def verification_key(verification_id: str) -> Key:
    return Key(Verification, f"VERIFICATION#{verification_id}", "VERIFICATION")


def two_factor_key(user_id: str) -> Key:
    return Key(TwoFactor, f"USER#{user_id}", "TWO_FACTOR")


def device_key(user_id: str, device_digest: str) -> Key:
    return Key(KnownDevice, f"USER#{user_id}", f"DEVICE#{device_digest}")


def challenge_key(challenge_id: str) -> Key:
    return Key(Challenge, f"CHALLENGE#{challenge_id}", "CHALLENGE")


def tries_key(subject: str, by: str) -> Key:
    """subject: the digest of a phone, or the id of an agent. by: who tries, as in `tries.py`."""
    return Key(Tries, f"TRIES#{subject}", by)
