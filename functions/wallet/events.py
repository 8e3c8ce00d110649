"""What runs by schedule for the ledger: expired holds, and the check of the books."""

from typing import Any

from chalice.app import Blueprint, Cron, Rate

from functions.wallet.expiry import release_expired
from shared.ledger.books import check_books
from shared.observability import flush

events = Blueprint(__name__)


@events.schedule(Rate(5, unit=Rate.MINUTES), name="release_expired_holds")
def on_expiry_schedule(event: Any) -> dict[str, int]:
    return {"ended": release_expired()}


# 03:30 in China, when the fewest transfers are on their way.
@events.schedule(Cron(30, 19, "*", "*", "?", "*"), name="check_books")
def on_books_schedule(event: Any) -> dict[str, Any]:
    report = check_books()
    flush()
    return {"sound": report.sound, "differences": len(report.differences)}
