"""Finding a user by phone."""

from functions.identity.records import PhoneEntry, User, user_key
from shared.identifiers import id_from_digest
from shared.phone import lookup_digest
from shared.table import Key, read

__all__ = ["PhoneEntry", "User", "directory_key", "guessed_user_id", "owner_of", "user_of"]


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
