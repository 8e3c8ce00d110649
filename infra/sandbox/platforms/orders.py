"""What both platforms do with orders: take, have paid, close, refund. One SQLite file keeps it."""

import secrets
import sqlite3
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Literal

from infra.sandbox.outcome import Refusal, now

FILE_NAME = "platforms.sqlite3"
Kind = Literal["alipay", "wechat_pay"]
Status = Literal["open", "paid", "closed", "refunded"]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    order_id TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount > 0),
    status TEXT NOT NULL CHECK (status IN ('open', 'paid', 'closed', 'refunded')),
    expires_at INTEGER NOT NULL,
    notify_url TEXT NOT NULL,
    refundable INTEGER NOT NULL DEFAULT 1,
    paid_at INTEGER,
    PRIMARY KEY (kind, reference)
);
CREATE TABLE IF NOT EXISTS refunds (
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    refund_id TEXT NOT NULL,
    order_reference TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    failed INTEGER NOT NULL,
    PRIMARY KEY (kind, reference)
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """amount: minor units. Times are Unix seconds. refundable: whether a refund will succeed."""

    kind: Kind
    reference: str
    order_id: str
    amount: int
    status: Status
    expires_at: int
    notify_url: str
    refundable: int = 1
    paid_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    kind: Kind
    reference: str
    refund_id: str
    order_reference: str
    amount: int
    failed: int


class Orders:
    """Raises Refusal with a name that each platform puts into its own words."""

    def __init__(self, directory: Path) -> None:
        self._database = sqlite3.connect(directory / FILE_NAME, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(_SCHEMA)

    def take(
        self, kind: Kind, reference: str, *, amount: int, expires_at: int, notify_url: str
    ) -> Order:
        known = self._standing(kind, reference)
        if known is not None:
            if (known.amount, known.expires_at) != (amount, expires_at):
                raise Refusal(400, "REUSED")
            if known.status != "open":
                raise Refusal(400, known.status.upper())
            return known
        if expires_at <= now():
            raise Refusal(400, "CLOSED")
        order = Order(
            kind=kind,
            reference=reference,
            order_id=f"{now()}{secrets.randbelow(10**18):018d}",
            amount=amount,
            status="open",
            expires_at=expires_at,
            notify_url=notify_url,
        )
        self._write(order)
        return order

    def find(self, kind: Kind, reference: str) -> Order:
        order = self._standing(kind, reference)
        if order is None:
            raise Refusal(404, "UNKNOWN")
        return order

    def by_id(self, order_id: str) -> Order:
        row = self._database.execute(
            "SELECT kind, reference FROM orders WHERE order_id = ?", (order_id,)
        ).fetchone()
        if row is None:
            raise Refusal(404, "UNKNOWN")
        return self.find(row["kind"], row["reference"])

    def pay(self, order: Order, *, amount: int | None = None, refundable: bool = True) -> Order:
        """amount: what was really paid, which no payer decides but an operator may."""
        if order.status != "open":
            raise Refusal(409, order.status.upper())
        paid = replace(
            order,
            status="paid",
            amount=amount or order.amount,
            refundable=int(refundable),
            paid_at=now(),
        )
        self._write(paid)
        return paid

    def close(self, kind: Kind, reference: str) -> None:
        order = self.find(kind, reference)
        if order.status != "open":
            raise Refusal(400, order.status.upper())
        self._write(replace(order, status="closed"))

    def refund(
        self, kind: Kind, reference: str, *, order_reference: str, amount: int
    ) -> tuple[Refund, bool]:
        """The refund, and whether this call has made it."""
        known = self._refund(kind, reference)
        if known is not None:
            if (known.order_reference, known.amount) != (order_reference, amount):
                raise Refusal(400, "REUSED")
            return known, False
        order = self.find(kind, order_reference)
        if order.status != "paid" or amount != order.amount:
            raise Refusal(400, "NOT_REFUNDABLE")
        refund = Refund(
            kind=kind,
            reference=reference,
            refund_id=f"5{secrets.randbelow(10**27):027d}",
            order_reference=order_reference,
            amount=amount,
            failed=int(not order.refundable),
        )
        self._database.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?)", astuple(refund))
        if order.refundable:
            self._write(replace(order, status="refunded"))
        return refund, True

    def find_refund(self, kind: Kind, reference: str) -> Refund:
        refund = self._refund(kind, reference)
        if refund is None:
            raise Refusal(404, "UNKNOWN")
        return refund

    def refunds_of(self, order: Order) -> list[Refund]:
        rows = self._database.execute(
            "SELECT * FROM refunds WHERE kind = ? AND order_reference = ?",
            (order.kind, order.reference),
        )
        return [Refund(**row) for row in rows]

    def _standing(self, kind: Kind, reference: str) -> Order | None:
        row = self._database.execute(
            "SELECT * FROM orders WHERE kind = ? AND reference = ?", (kind, reference)
        ).fetchone()
        if row is None:
            return None
        order = Order(**row)
        over = order.status == "open" and order.expires_at <= now()
        return replace(order, status="closed") if over else order

    def _refund(self, kind: Kind, reference: str) -> Refund | None:
        row = self._database.execute(
            "SELECT * FROM refunds WHERE kind = ? AND reference = ?", (kind, reference)
        ).fetchone()
        return Refund(**row) if row else None

    def _write(self, order: Order) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(order)
        )
