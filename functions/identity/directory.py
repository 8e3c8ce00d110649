"""Finding a user by phone, or by the mail address that was bound.

A phone has one owner. A mail address may have been bound by several, such as a family's: it finds
all of them, and whoever asks must be content with nobody where one is meant.
"""

from functions.identity.records import EMAIL_PREFIX, EmailEntry, PhoneEntry, User, user_key
from shared import mail
from shared.identifiers import id_from_digest
from shared.phone import lookup_digest
from shared.table import Key, Write, delete, put, read

__all__ = [
    "PhoneEntry",
    "User",
    "directory_key",
    "guessed_user_id",
    "leaving_email",
    "owner_of",
    "owner_of_email",
    "taking_email",
    "user_of",
]


def directory_key(phone: str) -> Key:
    """Where the PhoneEntry of a phone (E.164) is, if somebody has it."""
    return Key(PhoneEntry, f"PHONE#{lookup_digest(phone).hex()}", "PHONE")


def guessed_user_id(phone: str) -> str:
    """The id of the user who registered with this phone, unless the phone had an owner before.

    Good enough to read a record in the same round trip as the PhoneEntry, which then confirms it.
    """
    return id_from_digest("u", lookup_digest(phone))


def owner_of(phone: str) -> User | None:
    """The user who has a phone (E.164): in one round trip, or in two after a change of phone."""
    entry_key, guessed_key = directory_key(phone), user_key(guessed_user_id(phone))
    found = read([entry_key, guessed_key])
    entry = found.one(PhoneEntry, entry_key)
    if entry is None:
        return None
    key = user_key(entry.user_id)
    return (found if key == guessed_key else read([key])).one(User, key)


def user_of(user_id: str) -> User | None:
    """A user by id, strongly consistent."""
    key = user_key(user_id)
    return read([key]).one(User, key)


def owner_of_email(email: str) -> User | None:
    """The one user who has bound a mail address (as `mail.normalised` gives it); None where there
    is nobody, or more than one.
    """
    entries = list(EmailEntry.query(_email_partition(email), consistent_read=True, limit=2))
    return user_of(entries[0].user_id) if len(entries) == 1 else None


def taking_email(user_id: str, email: str) -> Write:
    """Has a user found by a mail address, together with binding it."""
    entry = EmailEntry(_email_partition(email), f"{EMAIL_PREFIX}{user_id}", user_id=user_id)
    return put(entry, EmailEntry.pk.exists() | EmailEntry.pk.does_not_exist())


def leaving_email(user_id: str, email: str) -> Write:
    """Has a user no longer found by a mail address."""
    return delete(EmailEntry(_email_partition(email), f"{EMAIL_PREFIX}{user_id}"))


def _email_partition(email: str) -> str:
    return f"{EMAIL_PREFIX}{mail.lookup_digest(email).hex()}"
