"""The records of support.

Keys in the table `records`:

| record | pk                     | sk     |
|--------|------------------------|--------|
| Case   | `CASE#<kind>#<about>`  | `CASE` |
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from shared.table import DomainRecord, Key


class Case(DomainRecord):
    """Something that happened to a user, or to a merchant, and that support must look into, once.

    kind: what happened, `withdrawal_overdue`. about: the id of what it happened to. Until somebody
    takes it up it waits in the index `due`.
    """

    kind = UnicodeAttribute()
    about = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    merchant_id = UnicodeAttribute(null=True)
    facts: Any = JSONAttribute()
    created_at = UnicodeAttribute()


def case_key(kind: str, about: str) -> Key:
    return Key(Case, f"CASE#{kind}#{about}", "CASE")
