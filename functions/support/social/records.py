"""The record of social networks, in the table `records`.

| record  | pk                           | sk        |
|---------|------------------------------|-----------|
| Contact | `SOCIAL#<channel>#<digest>`  | `CONTACT` |
"""

from pynamodb.attributes import UnicodeAttribute

from shared.table import DomainRecord, Key


class Contact(DomainRecord):
    """Somebody on a network, by a digest of how it calls them, and the ticket they write in."""

    ticket_id = UnicodeAttribute()


def contact_key(channel: str, digest: str) -> Key:
    return Key(Contact, f"SOCIAL#{channel}#{digest}", "CONTACT")
