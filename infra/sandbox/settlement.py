"""The file that tells the client what has moved on a day, and the mistakes that an operator puts
into it.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from datetime import time as time_of_day
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Literal

from infra.sandbox.books import MovementKind
from infra.sandbox.database import FILE_NAME

LINES_AT_ONCE = 10_000
# The bank closes its day at midnight in China.
_BANK_TIME = timezone(timedelta(hours=8))
_HEAD = "bank_id,reference,kind,amount,currency,time\n"
# The database writes the lines, which is far quicker. No field can hold a comma or a quote.
_MOVED = """
SELECT COALESCE(misprints.amount, orders.amount),
    order_id || ',' || orders.reference || ',' || movements.kind || ','
    || COALESCE(misprints.amount, orders.amount) || ',' || orders.currency || ','
    || strftime('%Y-%m-%dT%H:%M:%SZ', movements.booked_at, 'unixepoch') || char(10)
FROM movements JOIN orders USING (order_id)
LEFT JOIN misprints ON misprints.kind = movements.kind
    AND misprints.reference = orders.reference AND misprints.mistake <> 'extra'
WHERE movements.booked_at >= :start AND movements.booked_at < :end
    AND misprints.mistake IS NOT 'missing'
ORDER BY movements.booked_at, movements.rowid
"""
_EXTRA = """
SELECT amount, 'extra_' || rowid || ',' || reference || ',' || kind || ',' || amount || ',CNY,'
    || strftime('%Y-%m-%dT%H:%M:%SZ', booked_at, 'unixepoch') || char(10)
FROM misprints
WHERE mistake = 'extra' AND booked_at >= :start AND booked_at < :end
ORDER BY rowid
"""

Mistake = Literal["missing", "changed", "extra"]
FileMistake = Literal["absent", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFile:
    """content: of `size_bytes`, to be read once and closed. digest: SHA-256, hexadecimal."""

    content: IO[bytes]
    size_bytes: int
    digest: str


class Settlement:
    """directory: where the database `database` lies."""

    def __init__(self, database: sqlite3.Connection, directory: Path) -> None:
        self._database = database
        self._directory = directory

    def file(self, day: date) -> SettlementFile:
        """What moved from midnight to midnight in China, written down, for a day can be long.

        Reads the books by a connection of its own, so that any thread can do it. Raises ValueError
        when it is absent.
        """
        content = TemporaryFile()  # noqa: SIM115  # it is closed when it has been sent
        size, digest = 0, hashlib.sha256()
        for piece in self._pieces(day):
            size += content.write(piece)
            digest.update(piece)
        content.seek(0)
        return SettlementFile(content=content, size_bytes=size, digest=digest.hexdigest())

    def misprint(
        self,
        mistake: Mistake,
        *,
        kind: MovementKind,
        reference: str,
        amount: int | None = None,
        day: date | None = None,
    ) -> None:
        """Has the line of a movement missing or changed, or adds one at noon of a day."""
        booked_at = _bounds(day)[0] + 43_200 if day else None
        self._database.execute(
            "INSERT OR REPLACE INTO misprints VALUES (?, ?, ?, ?, ?)",
            (kind, reference, mistake, amount, booked_at),
        )

    def spoil(self, mistake: FileMistake, day: date) -> None:
        """Has the whole file of a day absent, or without its last line."""
        self._database.execute(
            "INSERT OR REPLACE INTO spoilt_files VALUES (?, ?)", (day.isoformat(), mistake)
        )

    def forget_mistakes(self) -> None:
        self._database.execute("DELETE FROM misprints")
        self._database.execute("DELETE FROM spoilt_files")

    def _pieces(self, day: date) -> Iterator[bytes]:
        start, end = _bounds(day)
        count = total = 0
        with closing(sqlite3.connect(self._directory / FILE_NAME)) as database:
            mistake = _spoilt(database, day)
            if mistake == "absent":
                raise ValueError("the file of this day is absent")
            yield _HEAD.encode()
            for query in (_MOVED, _EXTRA):
                lines = database.execute(query, {"start": start, "end": end})
                while rows := lines.fetchmany(LINES_AT_ONCE):
                    count += len(rows)
                    total += sum(amount for amount, _ in rows)
                    yield "".join(line for _, line in rows).encode()
        if mistake != "cut":
            yield f"total,{day.isoformat()},{count},{total}\n".encode()


def _spoilt(database: sqlite3.Connection, day: date) -> FileMistake | None:
    asked = "SELECT mistake FROM spoilt_files WHERE day = ?"
    found = database.execute(asked, (day.isoformat(),)).fetchone()
    return found[0] if found else None


def _bounds(day: date) -> tuple[int, int]:
    midnight = datetime.combine(day, time_of_day(), _BANK_TIME)
    return int(midnight.timestamp()), int((midnight + timedelta(days=1)).timestamp())
