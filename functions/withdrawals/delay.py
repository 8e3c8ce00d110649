"""How long a withdrawal waits before it goes to the bank: its owner may need time to notice."""

from functions.risk.guard import Action, Decision
from shared import clock
from shared.ledger.records import Account
from shared.settings import settings


def not_before(decision: Decision, account: Account) -> int | None:
    """When it may go, in seconds since 1970; None for at once.

    Not before the cool-down is over, where there is one: until then only small amounts leave.
    """
    if not decision.asks_for(Action.DELAY):
        return None
    delayed_until = clock.seconds() + settings().withdrawal_delay_seconds
    return max(delayed_until, account.cool_down_until or 0)
