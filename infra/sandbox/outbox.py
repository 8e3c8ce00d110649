"""What the bank has to tell of its own accord, until it was told."""

import secrets
import sqlite3
from dataclasses import asdict, dataclass

from infra.sandbox.books import DueStep

# The fault of a notification:
# forged: it comes with a wrong signature first, and rightly signed when it is repeated.
# duplicate: it comes three times.
# late: it comes 2 seconds after the status that it tells.
# early: what it tells has happened at once, and it comes before the order is answered.
# reordered: it waits until another notification was taken, at most 10 seconds.
# withheld: it never comes.
DUPLICATE_COPIES = 3
LATE_SECONDS = 2
REORDERED_SECONDS = 10
EARLY_SECONDS = 2
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 300
TRIES_LIMIT = 1_000  # three days and a half


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """topic: what the wallet's path ends with. copies: how often it is still to be sent."""

    event_id: str
    order_id: str
    topic: str
    body: str
    due_at: float
    copies: int
    tries: int = 0
    fault: str | None = None


class Outbox:
    """Each method is one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def notify_url(self) -> str | None:
        row = self._database.execute("SELECT url FROM notify_url").fetchone()
        return str(row["url"]) if row else None

    def send_to(self, url: str, *, now: float) -> None:
        """What was sent in vain so far is due at once."""
        self._database.execute("INSERT OR REPLACE INTO notify_url VALUES (1, ?)", (url,))
        self._database.execute(
            "UPDATE notifications SET due_at = ? WHERE copies > 0 AND tries > 0", (now,)
        )

    def add(self, step: DueStep, *, topic: str, body: str, now: float) -> None:
        copies = {"withheld": 0, "duplicate": DUPLICATE_COPIES}.get(step.fault or "", step.copies)
        waits = {
            "late": LATE_SECONDS,
            "reordered": REORDERED_SECONDS,
            # The call sends it itself, unless it dies before.
            "early": EARLY_SECONDS,
        }
        notification = Notification(
            event_id=f"evt_{secrets.token_hex(12)}",
            order_id=step.order_id,
            topic=topic,
            body=body,
            due_at=now + waits.get(step.fault or "", 0),
            copies=copies,
            fault=step.fault,
        )
        self._database.execute(
            "INSERT INTO notifications VALUES"
            " (:event_id, :order_id, :topic, :body, :due_at, :copies, :tries, :fault)",
            asdict(notification),
        )

    def due(self, now: float, *, limit: int) -> list[Notification]:
        """Nothing is due before the bank knows where to send it."""
        return self._notifications(
            "SELECT * FROM notifications WHERE copies > 0 AND due_at <= ? AND tries < ?"
            " AND EXISTS (SELECT * FROM notify_url)"
            " ORDER BY due_at LIMIT ?",
            (now, TRIES_LIMIT, limit),
        )

    def early_of(self, order_id: str) -> Notification | None:
        found = self._notifications(
            "SELECT * FROM notifications WHERE order_id = ? AND fault = 'early' AND tries = 0"
            " AND EXISTS (SELECT * FROM notify_url)",
            (order_id,),
        )
        return found[0] if found else None

    def latest(self, *, limit: int) -> list[Notification]:
        """Newest first."""
        return self._notifications(
            "SELECT * FROM notifications ORDER BY rowid DESC LIMIT ?", (limit,)
        )

    def was_sent(self, notification: Notification, *, taken: bool, now: float) -> None:
        """Counts a try. A copy that was taken is followed by the next; one that was not, by itself.

        A forgery counts as not taken, whatever the wallet said to it.
        """
        taken = taken and notification.fault != "forged"
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(notification.tries, 10))
        self._database.execute(
            "UPDATE notifications SET tries = tries + 1, fault = NULLIF(fault, 'forged'),"
            " copies = copies - ?, due_at = ? WHERE event_id = ?",
            (taken, now if taken else now + pause, notification.event_id),
        )
        if taken:
            self._database.execute(
                "UPDATE notifications SET due_at = ?"
                " WHERE fault = 'reordered' AND tries = 0 AND due_at > ?",
                (now, now),
            )

    def _notifications(self, query: str, values: tuple[object, ...]) -> list[Notification]:
        return [Notification(**row) for row in self._database.execute(query, values)]
