"""Routes of notifications."""

from collections.abc import Iterable

from functions.identity.session_check import session_check
from functions.notifications import push_tokens
from functions.notifications.choice import choice_of, choose
from functions.notifications.inbox import mark_read, notifications, unread_count
from functions.notifications.models import (
    ChoiceRequest,
    ChoiceView,
    NotificationsQuery,
    NotificationsView,
    PushTokenRequest,
    ReadRequest,
    UnreadCount,
)
from functions.notifications.records import (
    Choice,
    Notification,
    ReadMark,
    choice_key,
    notification_key,
    read_mark_key,
)
from shared.errors import NotFound
from shared.push import PushUnavailable
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)


def _read_mark(call: Call[None]) -> Iterable[Key]:
    yield read_mark_key(call.user_id)


def _named(call: Call[ReadRequest]) -> Iterable[Key]:
    yield notification_key(call.user_id, call.body.up_to)


def _choice(call: Call[None]) -> Iterable[Key]:
    yield choice_key(call.user_id)


@api.operation(
    "GET",
    "/v1/notifications",
    query=NotificationsQuery,
    answers={200: NotificationsView},
    problems=(InvalidCursor,),
    reads=_read_mark,
)
def list_notifications(call: Call[None]) -> Reply:
    """Lists what the user was told of, newest first."""
    mark = call.found.one(ReadMark, read_mark_key(call.user_id))
    return Reply(200, notifications(call.user_id, mark, call.query, language=call.language))


@api.operation(
    "GET", "/v1/notifications/unread-count", answers={200: UnreadCount}, reads=_read_mark
)
def count_unread(call: Call[None]) -> Reply:
    """Counts what has not been read."""
    mark = call.found.one(ReadMark, read_mark_key(call.user_id))
    return Reply(200, unread_count(call.user_id, mark))


@api.operation(
    "POST",
    "/v1/notifications/read",
    body=ReadRequest,
    answers={204: None},
    problems=(NotFound,),
    reads=_named,
)
def read_notifications(call: Call[ReadRequest]) -> Reply:
    """Marks a notification and all before it as read."""
    named = call.found.one(Notification, notification_key(call.user_id, call.body.up_to))
    mark_read(call.user_id, named)
    return Reply(204)


@api.operation("GET", "/v1/me/notifications", answers={200: ChoiceView}, reads=_choice)
def get_choice(call: Call[None]) -> Reply:
    """Shows on which ways the user hears of movements."""
    return Reply(200, choice_of(call.user_id, call.found.one(Choice, choice_key(call.user_id))))


@api.operation("PUT", "/v1/me/notifications", body=ChoiceRequest, answers={204: None})
def set_choice(call: Call[ChoiceRequest]) -> Reply:
    """Chooses of which movements to hear by push and by mail."""
    choose(call.user_id, call.body)
    return Reply(204)


@api.operation(
    "PUT",
    "/v1/me/push-token",
    body=PushTokenRequest,
    answers={204: None},
    problems=(PushUnavailable,),
)
def set_push_token(call: Call[PushTokenRequest]) -> Reply:
    """Has push messages go to this device."""
    push_tokens.register(call.user_id, call.session_id, call.body)
    return Reply(204)


@api.operation("DELETE", "/v1/me/push-token", answers={204: None})
def remove_push_token(call: Call[None]) -> Reply:
    """Ends push messages to this device."""
    push_tokens.unregister(call.user_id, call.session_id)
    return Reply(204)
