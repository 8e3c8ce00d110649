"""The notifications of a user: newest first, how many are new, and up to where they were read."""

from functions.notifications.models import (
    NotificationsQuery,
    NotificationsView,
    NotificationView,
    UnreadCount,
)
from functions.notifications.records import (
    MADE_PREFIX,
    Notification,
    ReadMark,
    notification_key,
    read_mark_key,
)
from functions.notifications.texts import wording
from shared.errors import NotFound
from shared.ledger.records import IN
from shared.observability import logger
from shared.table import change, read
from shared.web.cursor import open_cursor, seal

_COUNTED_LIMIT = 100
_FIRST, _LAST = MADE_PREFIX, f"{MADE_PREFIX}~"


def notifications(
    user_id: str, mark: ReadMark | None, query: NotificationsQuery, *, language: str
) -> NotificationsView:
    """A page, in the words of `language`. Raises InvalidCursor."""
    of = f"notifications {user_id} {query.unread}"
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    pk = read_mark_key(user_id).pk
    found = list(
        Notification.query(
            pk,
            Notification.sk.between(_after(mark) if query.unread else _FIRST, _LAST),
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    shown = found[: query.limit]
    return NotificationsView(
        items=[_view(one, mark, language) for one in shown],
        next_cursor=seal(shown[-1].sk, of=of) if len(found) > len(shown) else None,
    )


def stored_mark(user_id: str) -> ReadMark | None:
    """None until the user has read something."""
    key = read_mark_key(user_id)
    return read([key]).one(ReadMark, key)


def unread_count(user_id: str, mark: ReadMark | None) -> UnreadCount:
    found = Notification.count(
        read_mark_key(user_id).pk,
        Notification.sk.between(_after(mark), _LAST),
        consistent_read=True,
        limit=_COUNTED_LIMIT + 1,
    )
    return UnreadCount(unread=min(found, _COUNTED_LIMIT), more=found > _COUNTED_LIMIT)


def mark_read(user_id: str, notification: Notification | None) -> None:
    """Marks one and all before it as read; never fewer than before. Raises NotFound."""
    if notification is None:
        raise NotFound
    up_to = notification.notification_id
    mark = ReadMark(*read_mark_key(user_id)[1:])
    further = ReadMark.up_to.does_not_exist() | (ReadMark.up_to < up_to)
    if change(mark, [ReadMark.up_to.set(up_to)], further):
        logger.info("notifications_read", extra={"user_id": user_id})


def _after(mark: ReadMark | None) -> str:
    """Where what is unread begins: right behind the one that was read last."""
    return _FIRST if mark is None else notification_key("", mark.up_to).sk + " "


def _view(one: Notification, mark: ReadMark | None, language: str) -> NotificationView:
    title, text = wording(one, language)
    direction = one.direction and ("in" if one.direction == IN else "out")
    return NotificationView(
        id=one.notification_id,
        kind=one.kind,
        outcome=one.outcome,  # type: ignore[arg-type]  # written from our own three words
        title=title,
        text=text,
        direction=direction,  # type: ignore[arg-type]  # one of two words, or None
        amount=one.amount,
        currency="CNY",
        balance_after=one.balance_after,
        counterparty=one.counterparty,
        note=one.note,
        reference=one.reference,
        created_at=one.created_at,
        read=mark is not None and one.notification_id <= mark.up_to,
    )
