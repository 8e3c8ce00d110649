"""What runs by schedule for identity."""

from typing import Any

from chalice.app import Blueprint, Cron, Rate

from functions.identity.closed_accounts import go_on_with_closed
from functions.identity.locks import tell_of_locks
from functions.identity.notices import send_waiting

events = Blueprint(__name__)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="tell_owners")
def on_notice_schedule(event: Any) -> dict[str, int]:
    try:
        locks = tell_of_locks()
    finally:
        # A lock that can't be told of must not hold back the other notices.
        waiting = send_waiting()
    return {"locks": locks, "waiting": waiting}


# 04:00 in China, after the check of the books.
@events.schedule(Cron(0, 20, "*", "*", "?", "*"), name="anonymise_closed_accounts")
def on_closing_schedule(event: Any) -> dict[str, int]:
    return {"ended": go_on_with_closed()}
