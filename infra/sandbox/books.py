"""The cards that were bound and the money that was moved.

Each method is one transaction, but `take`, which goes together with having it told.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass
from typing import Literal

from infra.sandbox.database import together

OrderKind = Literal["charge", "payout", "refund"]
MovementKind = Literal["charge", "payout", "reversal", "refund"]
# What has moved when an order gets to a status.
_MOVED: dict[tuple[OrderKind, str], MovementKind] = {
    ("charge", "succeeded"): "charge",
    ("payout", "paid"): "payout",
    ("payout", "reversed"): "reversal",
    ("refund", "succeeded"): "refund",
}


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
class Order:
    """Money to take from a card, or to send to it, in minor units, and how far that has come.

    charge_reference: of a refund, the charge that it gives back.
    """

    order_id: str
    kind: OrderKind
    reference: str
    card_token: str
    charge_reference: str | None = None
    amount: int
    currency: str
    status: str
    reason: str | None
    booked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStep:
    """A status that an order gets at `due_at` (Unix seconds).

    copies: how often it is told. fault: what goes wrong with telling it.
    """

    order_id: str
    status: str
    reason: str | None
    due_at: float
    copies: int
    fault: str | None = None
    step_id: int | None = None


class Books:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

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

    def card_of(self, order: Order) -> Binding:
        """Also one that is unbound by now."""
        row = self._database.execute(
            "SELECT * FROM bindings WHERE card_token = ?", (order.card_token,)
        ).fetchone()
        return Binding(**row)

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

    def book(self, order: Order, steps: Iterable[DueStep]) -> None:
        with together(self._database):
            self._database.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(order)
            )
            self._book_movement(order, order.booked_at)
            self._database.executemany(
                "INSERT INTO steps VALUES"
                " (:step_id, :order_id, :status, :reason, :due_at, :copies, :fault)",
                map(asdict, steps),
            )

    def order(self, kind: OrderKind, reference: str) -> Order | None:
        row = self._database.execute(
            "SELECT * FROM orders WHERE kind = ? AND reference = ?", (kind, reference)
        ).fetchone()
        return Order(**row) if row else None

    def latest_orders(self, kind: OrderKind, *, limit: int) -> list[Order]:
        """Newest first."""
        rows = self._database.execute(
            "SELECT * FROM orders WHERE kind = ? ORDER BY rowid DESC LIMIT ?", (kind, limit)
        )
        return [Order(**row) for row in rows]

    def refunded(self, charge_reference: str) -> int:
        """What was sent back of a charge, or is on its way, in minor units."""
        (amount,) = self._database.execute(
            "SELECT COALESCE(SUM(amount), 0) FROM orders"
            " WHERE charge_reference = ? AND status <> 'failed'",
            (charge_reference,),
        ).fetchone()
        return int(amount)

    def due_steps(self, now: float, *, limit: int) -> list[DueStep]:
        """In the order in which they are to be taken."""
        rows = self._database.execute(
            "SELECT * FROM steps WHERE due_at <= ? ORDER BY due_at, step_id LIMIT ?", (now, limit)
        )
        return [DueStep(**row) for row in rows]

    def take(self, step: DueStep, *, now: int) -> Order:
        """Gives the order its new status, books what has moved by it, and forgets the step."""
        (before,) = self._database.execute(
            "SELECT status FROM orders WHERE order_id = ?", (step.order_id,)
        ).fetchone()
        row = self._database.execute(
            "UPDATE orders SET status = ?, reason = ? WHERE order_id = ? RETURNING *",
            (step.status, step.reason, step.order_id),
        ).fetchone()
        order = Order(**row)
        if order.status != before:
            self._book_movement(order, now)
        self._database.execute("DELETE FROM steps WHERE step_id = ?", (step.step_id,))
        return order

    def moved_by_number(self) -> dict[str, dict[MovementKind, int]]:
        """The money that moved at each card, in minor units."""
        rows = self._database.execute(
            "SELECT number, movements.kind, SUM(amount) FROM movements"
            " JOIN orders USING (order_id) JOIN bindings USING (card_token)"
            " GROUP BY number, movements.kind"
        )
        moved: dict[str, dict[MovementKind, int]] = {}
        for number, kind, amount in rows:
            moved.setdefault(number, {})[kind] = amount
        return moved

    def times_turned_away(self, kind: OrderKind, reference: str) -> int:
        row = self._database.execute(
            "SELECT times FROM turned_away WHERE kind = ? AND reference = ?", (kind, reference)
        ).fetchone()
        return int(row["times"]) if row else 0

    def turn_away(self, kind: OrderKind, reference: str) -> None:
        self._database.execute(
            "INSERT INTO turned_away VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
            (kind, reference),
        )

    def _book_movement(self, order: Order, booked_at: int) -> None:
        moved = _MOVED.get((order.kind, order.status))
        if moved:
            self._database.execute(
                "INSERT INTO movements VALUES (?, ?, ?)", (moved, order.order_id, booked_at)
            )

    def _binding(self, query: str, key: str) -> Binding | None:
        row = self._database.execute(query, (key,)).fetchone()
        return Binding(**row) if row else None
