"""What the bank keeps, in one SQLite file. Each method is one transaction.

The service runs on one event loop and no method waits, so nothing comes between a method that
reads and the one that writes next.
"""

import sqlite3
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS nonces (
    nonce TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS bindings (
    binding_id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    phone TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    code_sent INTEGER NOT NULL DEFAULT 0,
    wrong_codes INTEGER NOT NULL DEFAULT 0,
    card_token TEXT UNIQUE,
    unbound INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS charges (
    charge_id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    card_token TEXT NOT NULL REFERENCES bindings (card_token),
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('succeeded', 'declined', 'pending')),
    reason TEXT,
    booked_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS charges_by_time ON charges (booked_at);
CREATE TABLE IF NOT EXISTS turned_away (
    reference TEXT PRIMARY KEY,
    times INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A card that somebody wants to use; bound once it has a token. Times are Unix seconds."""

    binding_id: str
    reference: str
    number: str
    holder_name: str
    phone: str
    expires_at: int
    code_sent: int = 0
    wrong_codes: int = 0
    card_token: str | None = None
    unbound: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Money taken from a card, in minor units, or the refusal to take it."""

    charge_id: str
    reference: str
    card_token: str
    amount: int
    currency: str
    status: str
    reason: str | None
    booked_at: int


class Books:
    """The file `bank.sqlite3` in a directory, which is made when it is not there."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = sqlite3.connect(directory / "bank.sqlite3", isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA foreign_keys = ON")
        self._database.executescript(_SCHEMA)

    def take_nonce(self, nonce: str, *, now: int, expires_at: int) -> bool:
        """False when the nonce was taken before and has not expired."""
        self._database.execute("DELETE FROM nonces WHERE expires_at <= ?", (now,))
        added = self._database.execute(
            "INSERT INTO nonces VALUES (?, ?) ON CONFLICT DO NOTHING", (nonce, expires_at)
        )
        return added.rowcount == 1

    def open_binding(self, binding: Binding) -> None:
        self._database.execute(
            "INSERT INTO bindings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(binding)
        )

    def binding(self, binding_id: str) -> Binding | None:
        return self._binding("SELECT * FROM bindings WHERE binding_id = ?", binding_id)

    def binding_of_reference(self, reference: str) -> Binding | None:
        return self._binding("SELECT * FROM bindings WHERE reference = ?", reference)

    def bound_card(self, card_token: str) -> Binding | None:
        return self._binding(
            "SELECT * FROM bindings WHERE card_token = ? AND NOT unbound", card_token
        )

    def mark_code_sent(self, binding_id: str) -> None:
        self._database.execute(
            "UPDATE bindings SET code_sent = 1 WHERE binding_id = ?", (binding_id,)
        )

    def count_wrong_code(self, binding_id: str) -> None:
        self._database.execute(
            "UPDATE bindings SET wrong_codes = wrong_codes + 1 WHERE binding_id = ?", (binding_id,)
        )

    def bind(self, binding: Binding) -> None:
        self._database.execute(
            "UPDATE bindings SET card_token = :card_token WHERE binding_id = :binding_id",
            asdict(binding),
        )

    def unbind(self, card_token: str) -> None:
        self._database.execute(
            "UPDATE bindings SET unbound = 1 WHERE card_token = ?", (card_token,)
        )

    def book(self, charge: Charge) -> None:
        self._database.execute(
            "INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(charge)
        )

    def charge(self, reference: str) -> Charge | None:
        row = self._database.execute(
            "SELECT * FROM charges WHERE reference = ?", (reference,)
        ).fetchone()
        return Charge(**row) if row else None

    def succeeded_between(self, start: int, end: int) -> list[Charge]:
        """In the order of booking; `end` is not part of it."""
        rows = self._database.execute(
            "SELECT * FROM charges WHERE status = 'succeeded' "
            "AND booked_at >= ? AND booked_at < ? ORDER BY booked_at, rowid",
            (start, end),
        )
        return [Charge(**row) for row in rows]

    def latest_charges(self, *, limit: int) -> list[Charge]:
        rows = self._database.execute("SELECT * FROM charges ORDER BY rowid DESC LIMIT ?", (limit,))
        return [Charge(**row) for row in rows]

    def charged_by_number(self) -> dict[str, int]:
        """The money taken from each card, in minor units."""
        rows = self._database.execute(
            "SELECT number, SUM(amount) FROM charges JOIN bindings USING (card_token) "
            "WHERE status = 'succeeded' GROUP BY number"
        )
        return dict(rows.fetchall())

    def times_turned_away(self, reference: str) -> int:
        row = self._database.execute(
            "SELECT times FROM turned_away WHERE reference = ?", (reference,)
        ).fetchone()
        return int(row["times"]) if row else 0

    def turn_away(self, reference: str) -> None:
        self._database.execute(
            "INSERT INTO turned_away VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
            (reference,),
        )

    def _binding(self, query: str, key: str) -> Binding | None:
        row = self._database.execute(query, (key,)).fetchone()
        return Binding(**row) if row else None
