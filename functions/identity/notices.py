"""Telling owners what happened to their account, by SMS and, when an address is bound, by mail.

A notice follows what it tells of and never undoes it: one that can't be sent is logged and counted.
"""

from collections.abc import Callable
from typing import NamedTuple

from functions.identity.contacts import email_of, phone_of
from functions.identity.notice_texts import FRAME, SUBJECT, TEXTS, Notice
from functions.identity.records import User, user_key
from functions.identity.sealed import SealBroken
from shared import mail, sms
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.table import read

__all__ = ["Contact", "Notice", "contact_of", "tell_owner", "text_user"]

_VALUE_LENGTH_LIMIT = 40


class Contact(NamedTuple):
    """Where somebody is reached. phone: E.164."""

    phone: str
    email: str | None


def contact_of(user: User) -> Contact:
    """Raises SealBroken, ServiceUnavailable."""
    return Contact(phone_of(user), email_of(user))


def tell_owner(user: User, notice: Notice, *, to: Contact | None = None, **values: str) -> None:
    """Sends a notice in the language of its user.

    to: the old contact, where the change was one of that; else where the user is reached now.
    values: fill the places of the text; cut to a length that leaves the rest readable.
    """
    language = str(user.language)
    subject = SUBJECT.in_language(language, {})
    shown = {name: _harmless(value) for name, value in values.items()}
    told = TEXTS[notice].in_language(language, shown)
    text = FRAME.in_language(language, {"told": told})
    try:
        contact = to or contact_of(user)
    except (SealBroken, ServiceUnavailable) as error:
        _failed(user, notice, "contact", error)
        return
    _try(user, notice, "sms", lambda: sms.send(contact.phone, text))
    email = contact.email
    if email is not None:
        _try(user, notice, "mail", lambda: mail.send(email, subject=subject, text=text))


def text_user(user_id: str, text: Callable[[str], str]) -> None:
    """Sends a text message to a user; to nobody once the account is closed.

    text: gives it in a language, `zh-CN` or `en`. Raises ServiceUnavailable when it can't be sent
    now. A phone that can't be opened is logged.
    """
    key = user_key(user_id)
    user = read([key]).one(User, key)
    if user is None or user.phone is None:
        return
    try:
        phone = phone_of(user)
    except SealBroken:
        logger.exception("user_not_reachable", extra={"user_id": user_id})
        return
    sms.send(phone, text(str(user.language)))


def _try(user: User, notice: Notice, way: str, sending: Callable[[], None]) -> None:
    try:
        sending()
    except ServiceUnavailable as error:
        _failed(user, notice, way, error)
        return
    logger.info("owner_told", extra={"user_id": user.user_id, "notice": notice, "way": way})
    count("NoticesSent", notice=notice, way=way)


def _failed(user: User, notice: Notice, way: str, error: Exception) -> None:
    fields = {"user_id": user.user_id, "notice": notice, "way": way}
    logger.error("owner_not_told", extra=fields | {"reason": type(error).__name__})
    count("NoticesFailed", notice=notice, way=way)


def _harmless(value: str) -> str:
    """A name that a device gave itself must not write the message: one line, no link, not long."""
    line = "".join(letter if letter.isprintable() else " " for letter in value)
    return line.replace("://", " ")[:_VALUE_LENGTH_LIMIT]
