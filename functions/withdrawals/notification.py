"""The bank's notifications of payouts: verified, kept, and told to the execution that waits."""

from functions.withdrawals.execution import go_on
from functions.withdrawals.hearing import hear
from functions.withdrawals.records import find_withdrawal
from shared.bank.notifications import read_payout_notification
from shared.errors import NotFound
from shared.observability import logger
from shared.web import Received


def receive(received: Received) -> None:
    """The same event again changes nothing; whoever sent it may take that for an answer.

    Raises NotificationNotAuthentic, NotFound, PayoutContradicted, ServiceUnavailable: then the bank
    sends it again.
    """
    notification = read_payout_notification(received.headers, received.raw)
    payout = notification.payout
    fields = {"event_id": notification.event_id, "withdrawal_id": payout.reference}
    logger.info("payout_notified", extra=fields | {"word": payout.status})
    withdrawal = find_withdrawal(payout.reference)
    if withdrawal is None:
        raise NotFound
    go_on(hear(withdrawal, payout))
