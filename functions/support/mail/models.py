"""What agents get of mails."""

from typing import Literal

from msgspec import Struct

from shared.web.pages import PageQuery

AsideState = Literal["quarantined", "held"]


class MailsQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`quarantined`: spam, viruses, what machines have answered. `held`: too many of a sender."""

    state: AsideState = "quarantined"


class MailLineView(Struct, frozen=True, kw_only=True):
    """`sender` is masked, `reason` says why it is in no ticket."""

    mail_id: str
    state: str
    reason: str | None
    sender: str | None
    subject: str
    received_at: str
    ticket_id: str | None


class MailsView(Struct, frozen=True, kw_only=True):
    items: list[MailLineView]
    next_cursor: str | None


class MailView(Struct, frozen=True, kw_only=True):
    """A mail as it was read, without secrets. `html` is harmless: no scripts, no pictures, nothing
    that is fetched. `unread`: what is in the raw mail alone. `verdicts` by name.
    """

    mail: MailLineView
    text: str
    html: str | None
    unread: list[str]
    verdicts: dict[str, str]
