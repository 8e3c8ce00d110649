"""The record of reconciliation, in the table `records`.

| record         | pk                | sk          |
|----------------|-------------------|-------------|
| Reconciliation | `RECONCILIATIONS` | `DAY#<day>` |
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

WAITING, REFUSED, DONE = "waiting", "refused", "done"
DAY_PREFIX = "DAY#"


class Reconciliation(DomainRecord):
    """How far the comparison of a day is. Days are done in their order, each once.

    `waiting`: the file is not there yet, or not yet compared. `refused`: it can't be what the bank
    meant, for the reason in `why`, and is fetched anew. `fetches` counts the files that came, and
    `file_key` is the one that counts. When `done`, the sheet of findings is at `report_key`, and
    `counts` says in short what came out. `follows` is the day before, unless this was the first.
    """

    day = UnicodeAttribute()
    status = UnicodeAttribute()
    follows = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    fetches = IntegerAttribute(default=0)
    file_key = UnicodeAttribute(null=True)
    report_key = UnicodeAttribute(null=True)
    counts: Any = JSONAttribute(null=True)
    done_at = UnicodeAttribute(null=True)


def reconciliation_key(day: str) -> Key:
    return Key(Reconciliation, "RECONCILIATIONS", f"{DAY_PREFIX}{day}")
