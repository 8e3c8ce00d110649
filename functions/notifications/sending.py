"""Sending notifications beyond the app: by push, and by mail to whoever has chosen it.

It is done right after a notification is made. What can't be sent then stays behind in the index
`due`, and a schedule sends it, as often as is allowed. So a message goes out at least once; that
it went is marked, and then it does not go again.
"""

from collections.abc import Iterator
from itertools import chain

from pynamodb.expressions.update import Action

from functions.identity.contacts import email_of
from functions.identity.directory import user_of
from functions.identity.sealed import SealBroken
from functions.notifications.push_tokens import forget, targets
from functions.notifications.records import EMAIL, Notification
from functions.notifications.texts import Wording, wording
from shared import clock, mail, push
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.settings import settings
from shared.sweep import sweep
from shared.table import change, due_shard, due_shards

_WAITING = "notification"
_RUN_LIMIT = 500


def wait_for_sending(notification: Notification, ways: set[str]) -> None:
    """Has a notification that is not yet written wait for being sent on `ways`."""
    if not ways:
        return
    notification.unsent = ways
    notification.due_shard = due_shard(_WAITING, notification.sk)
    notification.due_at = clock.seconds() + settings().notification_wait_seconds


def send(notification: Notification) -> None:
    """Sends it on each way that is left; what nobody takes stays for the schedule."""
    left = set(notification.unsent or ())
    went = {way for way in left if _went(notification, way)}
    if not went:
        return
    remaining = left - went
    marking = [Notification.unsent.set(remaining)]
    if not remaining:
        marking = _done()
    change(_at(notification), marking, Notification.pk.exists())


def send_waiting() -> int:
    """Sends what stayed behind; how many there were. Raises SweepIncomplete."""
    return sweep("send_notifications", _due(), _send_again)


def _due() -> Iterator[Notification]:
    now = clock.seconds()
    return chain.from_iterable(
        Notification.due.query(shard, Notification.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(_WAITING)
    )


def _send_again(notification: Notification) -> None:
    tries, as_read = notification.tries, Notification.due_at == notification.due_at
    if tries >= settings().notification_tries:
        if change(_at(notification), _done(), as_read):
            logger.error("notification_given_up", extra={"user_id": notification.user_id})
            count("NotificationsGivenUp")
        return
    # Counted first: one at which the process dies must not be tried for ever.
    next_at = clock.seconds() + (settings().notification_wait_seconds << tries)
    trying = [Notification.tries.set(tries + 1), Notification.due_at.set(next_at)]
    if change(_at(notification), trying, as_read):
        send(notification)


def _went(notification: Notification, way: str) -> bool:
    fields = {"user_id": notification.user_id, "way": way}
    try:
        user = user_of(notification.user_id)
        if user is not None:
            words = wording(notification, user.language)
            _mail(email_of(user), words) if way == EMAIL else _push(notification, words)
    except (SealBroken, ServiceUnavailable) as error:
        logger.warning("notification_not_sent", extra=fields | {"reason": type(error).__name__})
        count("NotificationsFailed", way=way)
        return False
    count("NotificationsSent", way=way)
    return True


def _mail(address: str | None, words: Wording) -> None:
    """An address that was taken away since it was chosen gets nothing."""
    if address is not None:
        mail.send(address, subject=words.title, text=words.text)


def _push(notification: Notification, words: Wording) -> None:
    for target in targets(notification.user_id):
        try:
            push.send(
                target.endpoint,
                title=words.title,
                text=words.text,
                notification_id=notification.notification_id,
            )
        except push.EndpointGone:
            forget(target)


def _done() -> list[Action]:
    waiting = (Notification.unsent, Notification.due_shard, Notification.due_at)
    return [attribute.remove() for attribute in waiting]


def _at(notification: Notification) -> Notification:
    return Notification(notification.pk, notification.sk)
