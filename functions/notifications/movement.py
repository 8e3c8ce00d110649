"""What the stream of the ledger says, as notifications: one for each entry of a user's statement,
and one for each hold that ended without moving anything.
"""

from typing import Any

from functions.notifications.records import (
    CANCELLED,
    FAILED,
    MOVED,
    Notification,
    notification_key,
)
from shared import clock
from shared.ledger.records import HELD, RELEASED, Entry, Transfer
from shared.settings import settings

_OF_A_USER = "u_"
_ENTRY_PREFIX = "ENTRY#"


def account_of(change: dict[str, Any]) -> str:
    """The partition that a record of the stream changed: one account, or one transfer."""
    return str(change["dynamodb"]["Keys"]["pk"]["S"])


def notification_of(change: dict[str, Any]) -> Notification | None:
    """The notification of a record of the stream, not yet written; None where it is of none.

    Raises KeyError, TypeError, ValueError for a record that is none of the ledger's.
    """
    kept = change["dynamodb"]
    sort_key = kept["Keys"]["sk"]["S"]
    if change["eventName"] == "INSERT" and sort_key.startswith(_ENTRY_PREFIX):
        return _of_entry(Entry.from_raw_data(kept["NewImage"]))
    if change["eventName"] == "MODIFY" and sort_key == "TRANSFER":
        before = Transfer.from_raw_data(kept["OldImage"])
        after = Transfer.from_raw_data(kept["NewImage"])
        if (before.status, after.status) == (HELD, RELEASED):
            return _of_returned(after)
    return None


def _of_entry(entry: Entry) -> Notification | None:
    account_id = entry.pk.removeprefix("ACCOUNT#")
    if not account_id.startswith(_OF_A_USER):
        return None
    time_ms, sequence = entry.sk.removeprefix(_ENTRY_PREFIX).split("#")
    return _notification(
        account_id,
        f"n_{int(time_ms):013d}_{int(sequence):010d}",
        kind=entry.kind,
        outcome=MOVED,
        direction=entry.direction,
        amount=entry.amount,
        currency=entry.currency,
        balance_after=entry.balance_after,
        counterparty=entry.counterparty_label,
        note=entry.note,
        reference=entry.reference or entry.transfer_id,
        created_at=entry.created_at,
    )


def _of_returned(transfer: Transfer) -> Notification | None:
    if not transfer.debit.startswith(_OF_A_USER):
        return None
    return _notification(
        transfer.debit,
        f"n_{clock.milliseconds_of(transfer.ended_at):013d}_{transfer.transfer_id}",
        kind=transfer.kind,
        outcome=CANCELLED if transfer.ended_why == CANCELLED else FAILED,
        amount=transfer.amount,
        currency=transfer.currency,
        counterparty=transfer.credit_label,
        note=transfer.note,
        reference=transfer.reference or transfer.transfer_id,
        created_at=transfer.ended_at,
    )


def _notification(user_id: str, notification_id: str, **facts: Any) -> Notification:
    return Notification(
        *notification_key(user_id, notification_id)[1:],
        notification_id=notification_id,
        user_id=user_id,
        ttl=clock.seconds() + settings().notifications_kept_seconds,
        **facts,
    )
