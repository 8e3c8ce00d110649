"""Forgetting how a user is reached, and what a user was told."""

from functions.notifications.push_tokens import forget
from functions.notifications.records import (
    PUSH_PREFIX,
    Choice,
    Notification,
    PushTarget,
    choice_key,
    read_mark_key,
)
from shared.table import delete_all


def forget_reach(user_id: str) -> None:
    """For an account that is closed. Done again, it changes nothing. Raises ServiceUnavailable."""
    pk = choice_key(user_id).pk
    for target in PushTarget.query(pk, PushTarget.sk.startswith(PUSH_PREFIX), consistent_read=True):
        forget(target)
    delete_all(Choice.query(pk, consistent_read=True))


def forget_notifications(user_id: str) -> None:
    """Done again, it changes nothing."""
    delete_all(Notification.query(read_mark_key(user_id).pk, consistent_read=True))
