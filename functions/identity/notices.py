"""Telling owners what happened to their account, by SMS and, when an address is bound, by mail.

A notice is written in the same transaction as what it tells of, so neither is there without the
other. It is sent right after and then forgotten; one that stays behind, because the process died
or nobody took the message, is sent by schedule. So it comes at least once, and never undoes what
it tells of. Any domain tells so: a line in `Notice`, one in `TEXTS`, and

    told = telling(user, Notice.PASSWORD_CHANGED)
    write(..., told.writing)
    told.send()

Whoever may send no messages leaves the last line out: the schedule sends it a minute later.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from functions.identity.contacts import email_of, phone_of
from functions.identity.notice_texts import FRAME, SUBJECT, TEXTS, Notice
from functions.identity.records import OwnerNotice, User, owner_notice_key, user_key
from functions.identity.sealed import SealBroken
from shared import clock, mail, sms
from shared.errors import NotFound, ServiceUnavailable, Texts
from shared.identifiers import new_id
from shared.observability import count, logger
from shared.settings import settings
from shared.sweep import sweep
from shared.table import Write, change, delete, due_shard, due_shards, put, read, write

__all__ = ["Notice", "Telling", "send_waiting", "telling", "telling_to"]

_WAITING = "notice"
_RUN_LIMIT = 500
_VALUE_LENGTH_LIMIT = 40


class Telling(NamedTuple):
    """A notice of what is about to be written."""

    record: OwnerNotice

    @property
    def writing(self) -> Write:
        """Goes into the transaction of what it tells of."""
        return put(self.record)

    def send(self) -> None:
        """Sends it, once that is written. What can't be sent stays behind for the schedule."""
        # What it tells of is done: whoever asked for that must not hear of a failure here.
        with suppress(ServiceUnavailable):
            _send(self.record)


def telling(user: User, notice: Notice, **values: str | Texts) -> Telling:
    """A notice in the language of `user`, to phone and mail address as they stand in it.

    So the old contact is told of a change of that.
    values: fill the places of the text; cut to a length that leaves the rest readable, but for
    texts of our own.
    """
    language = str(user.language)
    shown = {name: _shown(value, language) for name, value in values.items()}
    told = TEXTS[notice].in_language(language, shown)
    key = owner_notice_key(user.user_id, new_id("n"))
    record = OwnerNotice(
        *key[1:],
        user_id=user.user_id,
        notice=notice.value,
        subject=SUBJECT.in_language(language, {}),
        text=FRAME.in_language(language, {"told": told}),
        phone=user.phone,
        email=user.email,
        due_shard=due_shard(_WAITING, key.sk),
        due_at=clock.seconds() + settings().notice_wait_seconds,
    )
    return Telling(record)


def telling_to(user_id: str, notice: Notice, **values: str | Texts) -> Telling:
    """The same where the user is not at hand. Raises NotFound."""
    key = user_key(user_id)
    user = read([key]).one(User, key)
    if user is None:
        raise NotFound
    return telling(user, notice, **values)


def send_waiting() -> int:
    """Sends what stayed behind, as often as is allowed; how many there were."""
    return sweep("send_notices", _due(), _send_again)


def _due() -> Iterator[OwnerNotice]:
    now = clock.seconds()
    return chain.from_iterable(
        OwnerNotice.due.query(shard, OwnerNotice.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(_WAITING)
    )


def _send_again(notice: OwnerNotice) -> None:
    tries = notice.tries
    if tries >= settings().notice_tries:
        _give_up(notice)
        return
    # Counted first: a notice at which the process dies must not be tried for ever.
    pause = settings().notice_wait_seconds << tries
    trying = [OwnerNotice.tries.set(tries + 1), OwnerNotice.due_at.set(clock.seconds() + pause)]
    if change(_at(notice), trying, OwnerNotice.due_at == notice.due_at):
        _send(notice)


def _give_up(notice: OwnerNotice) -> None:
    """Lets a notice that can't be sent lie for somebody to look at."""
    kept_until = clock.seconds() + settings().notice_kept_seconds
    leaving = [
        OwnerNotice.due_shard.remove(),
        OwnerNotice.due_at.remove(),
        OwnerNotice.ttl.set(kept_until),
    ]
    if change(_at(notice), leaving, OwnerNotice.due_at == notice.due_at):
        fields = {"user_id": notice.user_id, "notice": notice.notice}
        logger.error("notice_given_up", extra=fields)
        count("NoticesGivenUp")


def _send(notice: OwnerNotice) -> None:
    """Sends it on each way that is left, and forgets it when none is.

    Raises ServiceUnavailable when it can't be told what was sent: it is sent again, then.
    """
    sealed = User(user_id=notice.user_id, phone=notice.phone, email=notice.email)
    ways = [
        ("sms", OwnerNotice.phone, notice.phone, lambda: sms.send(phone_of(sealed), notice.text)),
        ("mail", OwnerNotice.email, notice.email, lambda: _mail(sealed, notice)),
    ]
    left = [(way, attribute, sending) for way, attribute, to, sending in ways if to is not None]
    told = [attribute for way, attribute, sending in left if _went(notice, way, sending)]
    if len(told) == len(left):
        write(delete(_at(notice)))
    elif told:
        change(_at(notice), [one.remove() for one in told], OwnerNotice.user_id.exists())


def _mail(sealed: User, notice: OwnerNotice) -> None:
    mail.send(str(email_of(sealed)), subject=notice.subject, text=notice.text)


def _went(notice: OwnerNotice, way: str, sending: Callable[[], None]) -> bool:
    fields = {"user_id": notice.user_id, "notice": notice.notice, "way": way}
    try:
        sending()
    except (SealBroken, ServiceUnavailable) as error:
        logger.error("owner_not_told", extra=fields | {"reason": type(error).__name__})
        count("NoticesFailed", notice=notice.notice, way=way)
        return False
    logger.info("owner_told", extra=fields)
    count("NoticesSent", notice=notice.notice, way=way)
    return True


def _at(notice: OwnerNotice) -> OwnerNotice:
    return OwnerNotice(notice.pk, notice.sk)


def _shown(value: str | Texts, language: str) -> str:
    return _harmless(value) if isinstance(value, str) else value.in_language(language, {})


def _harmless(value: str) -> str:
    """A name that a device gave itself must not write the message: one line, no link, not long."""
    line = "".join(letter if letter.isprintable() else " " for letter in value)
    return line.replace("://", " ")[:_VALUE_LENGTH_LIMIT]
