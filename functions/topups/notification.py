"""What banks and platforms tell of top-ups of their own accord.

It comes at least once, in any order, also late or early; each of it is only a reason to look at the
top-up with what is told, and the same end never counts twice.
"""

from functions.topups.ending import conclude
from functions.topups.records import CARD, TopUp, top_up_key
from shared.bank.notifications import read_charge_notification
from shared.bank.port import Charge
from shared.errors import NotFound
from shared.ledger.accounts import find_account
from shared.ledger.errors import AccountClosed
from shared.observability import logger
from shared.platforms import get_platform
from shared.platforms.port import Kind, Payment
from shared.table import read
from shared.web import Received


def on_charge(received: Received) -> None:
    """Raises NotificationNotAuthentic, NotFound, ServiceUnavailable."""
    notification = read_charge_notification(received.headers, received.raw)
    _conclude(CARD, notification.event_id, notification.charge)


def on_payment(kind: Kind, received: Received) -> None:
    """Raises NotificationNotAuthentic, NotFound, SourceNotAvailable, ServiceUnavailable."""
    notification = get_platform(kind).read_notification(received.headers, received.raw)
    _conclude(kind, notification.event_id, notification.payment)


def _conclude(kind: str, event_id: str, told: Charge | Payment) -> None:
    logger.info("notified", extra={"kind": kind, "event_id": event_id, "top_up_id": told.reference})
    key = top_up_key(told.reference)
    top_up = read([key]).one(TopUp, key)
    if top_up is None or top_up.kind != kind:
        # Signed, and of nothing that we have asked for: no money is ever lost in silence.
        logger.error("notified_of_nothing", extra={"kind": kind, "top_up_id": told.reference})
        raise NotFound
    account = find_account(top_up.user_id)
    if account is None:
        raise AccountClosed
    conclude(top_up, told, account)
