"""The one SQLite file in which the bank keeps everything.

The service runs on one event loop and no method of its stores waits, so nothing comes between a
method that reads and the one that writes next.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "bank.sqlite3"
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
CREATE TABLE IF NOT EXISTS turned_away (
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (kind, reference)
);
CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'payout', 'refund')),
    reference TEXT NOT NULL,
    card_token TEXT NOT NULL REFERENCES bindings (card_token),
    charge_reference TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    booked_at INTEGER NOT NULL,
    UNIQUE (kind, reference)
);
CREATE INDEX IF NOT EXISTS refunds_by_charge ON orders (charge_reference);
CREATE TABLE IF NOT EXISTS steps (
    step_id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders,
    status TEXT NOT NULL,
    reason TEXT,
    due_at REAL NOT NULL,
    copies INTEGER NOT NULL,
    fault TEXT
);
CREATE INDEX IF NOT EXISTS steps_by_time ON steps (due_at);
CREATE TABLE IF NOT EXISTS movements (
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'payout', 'reversal', 'refund')),
    order_id TEXT NOT NULL REFERENCES orders,
    booked_at INTEGER NOT NULL,
    PRIMARY KEY (kind, order_id)
);
CREATE INDEX IF NOT EXISTS movements_by_time ON movements (booked_at);
CREATE TABLE IF NOT EXISTS misprints (
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    mistake TEXT NOT NULL CHECK (mistake IN ('missing', 'changed', 'extra')),
    amount INTEGER,
    booked_at INTEGER,
    PRIMARY KEY (kind, reference)
);
CREATE TABLE IF NOT EXISTS spoilt_files (
    day TEXT PRIMARY KEY,
    mistake TEXT NOT NULL CHECK (mistake IN ('absent', 'cut'))
);
CREATE TABLE IF NOT EXISTS notifications (
    event_id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders,
    topic TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at REAL NOT NULL,
    copies INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    fault TEXT
);
CREATE INDEX IF NOT EXISTS notifications_to_send ON notifications (due_at) WHERE copies > 0;
CREATE INDEX IF NOT EXISTS notifications_early ON notifications (order_id) WHERE fault = 'early';
CREATE INDEX IF NOT EXISTS notifications_reordered ON notifications (due_at)
    WHERE fault = 'reordered';
CREATE TABLE IF NOT EXISTS notify_url (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    url TEXT NOT NULL
);
"""


def opened(directory: Path) -> sqlite3.Connection:
    """The file of a directory, both made when they are not there."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = sqlite3.connect(directory / FILE_NAME, isolation_level=None)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA foreign_keys = ON")
    database.executescript(_SCHEMA)
    return database


@contextmanager
def together(database: sqlite3.Connection) -> Iterator[None]:
    """All writes of the block or none, also when the process dies."""
    with database:
        database.execute("BEGIN")
        yield
