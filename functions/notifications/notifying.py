"""Telling users of what moved, from the stream of the ledger: once each, in the order of the chain.

A record may come again, alone or with others, and changes nothing then: its notification has the
key of what it tells of. One that can't be dealt with stops neither other accounts nor itself for
good: those behind it in its own account wait for it, all others go on.
"""

from collections.abc import Sequence
from typing import Any

from functions.notifications.choice import ways_for
from functions.notifications.movement import account_of, notification_of
from functions.notifications.records import Notification
from functions.notifications.sending import send, wait_for_sending
from shared.observability import count, logger
from shared.table import Key, put_new, read


class NothingTold(Exception):
    """No record of a batch could be dealt with. The function fails, so that its alarm rings."""


def tell_of(changes: Sequence[dict[str, Any]]) -> list[str]:
    """Makes the notifications of what a batch of the stream says, and sends them.

    Gives the sequence numbers of the records that must come again. Raises NothingTold.
    """
    failed: list[str] = []
    waiting: set[str] = set()
    for change in changes:
        account = account_of(change)
        if account in waiting:
            continue
        try:
            _tell(change)
        except Exception:  # whatever it is, it must not keep others from hearing
            logger.exception("movement_not_told", extra={"account": account})
            count("MovementsUntold")
            waiting.add(account)
            failed.append(change["dynamodb"]["SequenceNumber"])
    if waiting and all(account_of(change) in waiting for change in changes):
        raise NothingTold
    return failed


def _tell(change: dict[str, Any]) -> None:
    made = notification_of(change)
    if made is None:
        return
    wait_for_sending(made, ways_for(made.user_id, made.kind))
    if put_new(made):
        count("NotificationsMade", kind=made.kind)
        send(made)
    elif standing := _standing(made):
        send(standing)


def _standing(made: Notification) -> Notification | None:
    key = Key(Notification, made.pk, made.sk)
    return read([key]).one(Notification, key)
