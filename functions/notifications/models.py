"""What the app sends and gets about notifications."""

from typing import Annotated, Literal

import msgspec

from functions.wallet.models import EntryKind
from shared.money import Amount, Currency
from shared.push import Platform
from shared.web.fields import Id
from shared.web.pages import PageQuery

_Kinds = Annotated[
    list[EntryKind],
    msgspec.Meta(max_length=20, description="Kinds of movements, as in the statement"),
]


class NotificationsQuery(PageQuery, frozen=True, kw_only=True):
    """`unread=true` shows only what has not been read."""

    unread: bool = False


class NotificationView(msgspec.Struct, frozen=True, kw_only=True):
    """That money moved. `title` and `text` are in the reader's language.

    `outcome`: `moved`, or `failed` or `cancelled` for what was on hold and came back; then there is
    no `direction` and no `balance_after`. `reference` is the transfer, top-up or other thing.
    """

    id: str
    kind: str
    outcome: Literal["moved", "failed", "cancelled"]
    title: str
    text: str
    direction: Literal["in", "out"] | None
    amount: Amount
    currency: Currency
    balance_after: int | None
    counterparty: str | None
    note: str | None
    reference: str
    created_at: str
    read: bool


class NotificationsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[NotificationView]
    next_cursor: str | None


class UnreadCount(msgspec.Struct, frozen=True, kw_only=True):
    """`unread` is counted up to 100; then `more` says that there are more."""

    unread: int
    more: bool


class ReadRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`up_to` and all before it have been read."""

    up_to: Id


class ChoiceRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which kinds of movements to hear by push and by mail. The list in the app has all."""

    push: _Kinds
    email: _Kinds


class ChoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """`push_devices` are the signed-in devices that take push messages."""

    push: list[str]
    email: list[str]
    push_devices: int


class PushTokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token that Apple's or Google's service gave to the app on this device."""

    platform: Platform
    token: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_:-]{8,4096}$(?!\n)")]
