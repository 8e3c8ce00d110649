"""Finding a user by phone."""

from functions.identity.records import PhoneEntry
from shared.identifiers import id_from_digest
from shared.phone import lookup_digest
from shared.table import Key

__all__ = ["PhoneEntry", "directory_key", "guessed_user_id"]


def directory_key(phone: str) -> Key:
    """Where the PhoneEntry of a phone (E.164) is, if somebody has it."""
    return Key(PhoneEntry, f"PHONE#{lookup_digest(phone).hex()}", "PHONE")


def guessed_user_id(phone: str) -> str:
    """The id of the user who registered with this phone, unless the phone had an owner before.

    Good enough to read a record in the same round trip as the PhoneEntry, which then confirms it.
    """
    return id_from_digest("u", lookup_digest(phone))
