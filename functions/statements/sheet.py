"""A statement as CSV: RFC 4180, UTF-8 with the mark by which Excel knows it.

Amounts are exact, written from integers. What people have written themselves can't become a
formula: such a cell begins with an apostrophe (OWASP, CSV injection).
"""

import csv
import io
from collections.abc import Iterable

from functions.statements import words
from shared import clock
from shared.ledger.records import Entry
from shared.money import decimal

ENCODING = "utf-8-sig"
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CELL_ENDS = ("\t", "\r", "\n")


class Sheet:
    """A statement, line by line. language: `zh` or `en`."""

    def __init__(self, language: str) -> None:
        self._raw = io.BytesIO()
        self._out = io.TextIOWrapper(self._raw, encoding=ENCODING, newline="")
        self._writer = csv.writer(self._out)
        self._language = language

    def begin(self, *, file_id: str, user_id: str, from_ms: int, to_ms: int) -> None:
        """The first line says what it is a statement of, so that no two files are the same."""
        title = words.TITLE.in_language(self._language, {})
        times = [clock.text_of(from_ms), clock.text_of(to_ms)]
        self._writer.writerow([title, file_id, user_id, *times])
        self._writer.writerow(words.HEADINGS.in_language(self._language, {}).split(","))

    def add(self, entries: Iterable[Entry]) -> None:
        self._writer.writerows(self._row(entry) for entry in entries)

    def finish(self) -> bytes:
        self._out.flush()
        return self._raw.getvalue()

    def _row(self, entry: Entry) -> list[str]:
        return [
            entry.created_at,
            words.kind(entry.kind, self._language),
            words.direction(entry.direction, self._language),
            decimal(entry.amount),
            entry.currency,
            decimal(entry.balance_after),
            harmless(entry.counterparty_label or ""),
            harmless(entry.note or ""),
            entry.reference or entry.transfer_id,
        ]


def harmless(text: str) -> str:
    """What no spreadsheet takes for a formula, also behind spaces."""
    is_formula = text.startswith(_CELL_ENDS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if is_formula else text
