"""Calls that we make: asked for by a user or on the hotline, made by agents in their hours.

What is asked for is a ticket too. Whoever takes a callback has it for a while; when they don't say
how it went, it waits for somebody again. One that nobody answers is made again, a few times.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from pynamodb.expressions.update import Action

from functions.agents import audit
from functions.agents.actor import Actor
from functions.agents.approvals import OwnAccount
from functions.identity.contacts import phone_of
from functions.identity.directory import User
from functions.identity.sealed import open_sealed, place, seal
from functions.support import hours
from functions.support.conversation import Opening, open_ticket, ticket_id_of
from functions.support.hotline.models import (
    CallbackBooked,
    CallbackOutcome,
    CallbacksView,
    CallbackTaken,
    CallbackView,
    CallbackWish,
)
from functions.support.hotline.records import (
    DONE,
    GIVEN_UP,
    TAKEN,
    WAITING,
    Callback,
    callback_key,
)
from functions.support.incoming import Author, Incoming, WayBack
from functions.support.masking import mask
from functions.wallet.models import milliseconds_in
from shared import clock
from shared.errors import NotFound, Problem, Texts
from shared.identifiers import derived_id, new_id
from shared.observability import count
from shared.phone import lookup_digest, masked, normalised
from shared.rate_limit import Window, take
from shared.settings import settings
from shared.table import Cancelled, Write, due_shard, due_shards, put, read, update, write

_DUE = "callback"
_DAY_SECONDS = 86_400
_LIST_LIMIT = 100
_SUBJECT = Texts("请求回电", "Asks to be called")


class CallbackNotYours(Problem):
    status = 409
    code = "CALLBACK_NOT_YOURS"
    title = Texts("回电已被他人处理", "Somebody else has it")
    detail = Texts(
        "此回电已由其他同事处理，或已结束。", "Somebody else has taken this call, or it is over."
    )


class Whom(NamedTuple):
    """Who is to be called. phone: E.164. user: whose account it is about, if that is proven."""

    phone: str
    user: User | None
    language: str

    @property
    def author(self) -> Author:
        if self.user is not None:
            return Author("user", self.user.user_id)
        return Author("visitor", f"p_{lookup_digest(self.phone).hex()[:26]}")


def wish_of(user: User, wish: CallbackWish, *, key: str, language: str) -> CallbackBooked:
    """Books a call for a signed-in user, once for each key.

    Raises InvalidField, TooManyRequests, ServiceUnavailable.
    """
    phone = phone_of(user) if wish.phone is None else normalised(wish.phone)
    wanted_ms = milliseconds_in("not_before", wish.not_before)
    callback_id = derived_id("cb", user.user_id, key) if key else new_id("cb")
    whom = Whom(phone, user, language)
    return book(callback_id, whom, wish.topic, not_before=(wanted_ms or 0) // 1000)


def book(callback_id: str, whom: Whom, topic: str, *, not_before: int = 0) -> CallbackBooked:
    """Books a call with its ticket, once for each id. not_before: seconds.

    Raises TooManyRequests, IdempotencyKeyReused, ServiceUnavailable.
    """
    callback = _find(callback_id)
    if callback is None:
        callback = _made(callback_id, whom, topic, not_before)
        _write(callback, whom)
        callback = _find(callback_id) or callback
    return CallbackBooked(
        callback_id=callback_id,
        ticket_id=callback.ticket_id,
        phone=callback.masked,
        not_before=clock.text_of((callback.due_at or 0) * 1000),
    )


def due(*, by: Actor) -> CallbacksView:
    """The calls that an agent should make now, whoever has waited longest first."""
    now = clock.seconds()
    waiting = chain.from_iterable(
        Callback.due.query(shard, Callback.due_at <= now, limit=_LIST_LIMIT)
        for shard in due_shards(_DUE)
    )
    others = (one for one in waiting if by.user_id is None or one.user_id != by.user_id)
    first = sorted(others, key=lambda one: (one.due_at or 0, one.callback_id))
    return CallbacksView(items=[view(one) for one in first[:_LIST_LIMIT]])


def take_up(callback_id: str, *, by: Actor) -> CallbackTaken:
    """Gives a call that is due to one agent, with the number; by whom it was seen is kept.

    Raises NotFound, OwnAccount, CallbackNotYours.
    """
    callback = _for(callback_id, by)
    is_due = callback.due_at is not None and callback.due_at <= clock.seconds()
    if not is_due and (callback.state, callback.taken_by) != (TAKEN, by.id):
        raise CallbackNotYours
    changes = [
        Callback.state.set(TAKEN),
        Callback.taken_by.set(by.id),
        Callback.due_at.set(clock.seconds() + settings().callback_lease_seconds),
    ]
    deed = audit.record(by, "callback_taken", callback_id, after={"phone": callback.masked})
    _change(callback, changes, [deed])
    number = open_sealed(callback.phone, of=place(callback_key(callback_id), "phone"))
    return CallbackTaken(phone=number, callback=view(_for(callback_id, by)))


def end(callback_id: str, told: CallbackOutcome, *, by: Actor) -> CallbackView:
    """Says how a call went: over, or to be made again later. Raises NotFound, OwnAccount,
    CallbackNotYours.
    """
    callback = _for(callback_id, by)
    if callback.state != TAKEN or callback.taken_by != by.id:
        raise CallbackNotYours
    state = _next_state(callback, told)
    changes = [Callback.state.set(state), Callback.taken_by.remove()]
    if told.outcome == "no_answer":
        changes.append(Callback.tries.set(callback.tries + 1))
    if state == WAITING:
        again_at = hours.opens_at(clock.seconds() + settings().callback_pause_seconds)
        changes.append(Callback.due_at.set(again_at))
    else:
        ttl = clock.seconds() + settings().callback_kept_seconds
        changes += [
            Callback.due_shard.remove(),
            Callback.due_at.remove(),
            Callback.ttl.set(ttl),
        ]
    after = {"outcome": told.outcome, "state": state}
    _change(callback, changes, [audit.record(by, "callback_made", callback_id, after=after)])
    count("CallbacksMade", outcome=told.outcome)
    return view(_for(callback_id, by))


def view(callback: Callback) -> CallbackView:
    due_at = None if callback.due_at is None else clock.text_of(callback.due_at * 1000)
    return CallbackView(
        callback_id=callback.callback_id,
        ticket_id=callback.ticket_id,
        user_id=callback.user_id,
        phone=callback.masked,
        registered=callback.registered,
        topic=callback.topic,
        language=callback.language,
        state=callback.state,  # type: ignore[arg-type]  # of our four words
        tries=callback.tries,
        due_at=due_at,
        created_at=callback.created_at,
    )


def _next_state(callback: Callback, told: CallbackOutcome) -> str:
    if told.outcome == "reached":
        return DONE
    return GIVEN_UP if callback.tries + 1 >= settings().callback_tries else WAITING


def _made(callback_id: str, whom: Whom, topic: str, not_before: int) -> Callback:
    key = callback_key(callback_id)
    user = whom.user
    return Callback(
        *key[1:],
        callback_id=callback_id,
        user_id=user and user.user_id,
        ticket_id=ticket_id_of("hotline", callback_id),
        phone=seal(whom.phone, of=place(key, "phone")),
        masked=masked(whom.phone),
        registered=user is not None and phone_of(user) == whom.phone,
        topic=mask(topic).text,
        language=whom.language,
        state=WAITING,
        created_at=clock.now_text(),
        due_shard=due_shard(_DUE, callback_id),
        due_at=hours.opens_at(max(not_before, clock.seconds())),
    )


def _write(callback: Callback, whom: Whom) -> None:
    subject = _SUBJECT.in_language(whom.language, {})
    user = whom.user
    user_id = user.user_id if user is not None else None
    opening = Opening(subject, user_id=user_id, tags=("callback",))
    incoming = Incoming(
        channel="hotline",
        author=whom.author,
        text=callback.topic,
        source_id=callback.callback_id,
        language=whom.language,  # type: ignore[arg-type]  # of two
        way_back=WayBack(whom.phone),
    )

    def writing(*parts: Write) -> None:
        open_ticket(incoming, opening, together_with=parts)

    try:
        take(_limits(whom), together_with=[put(callback)], by=writing)
    except Cancelled:
        return  # The same wish was faster.
    count("CallbacksBooked")


def _limits(whom: Whom) -> list[Window]:
    """Of a phone, so that nobody has us call a stranger all day; and of who asks."""
    subjects = {lookup_digest(whom.phone).hex(), whom.author.id}
    return [
        Window(
            name="callbacks_per_day",
            subject=subject,
            maximum=settings().callbacks_per_day,
            seconds=_DAY_SECONDS,
        )
        for subject in sorted(subjects)
    ]


def _find(callback_id: str) -> Callback | None:
    key = callback_key(callback_id)
    return read([key]).one(Callback, key)


def _for(callback_id: str, by: Actor) -> Callback:
    callback = _find(callback_id)
    if callback is None:
        raise NotFound
    if by.user_id is not None and by.user_id == callback.user_id:
        raise OwnAccount
    return callback


def _change(callback: Callback, changes: Sequence[Action], along: Sequence[Write]) -> None:
    """Changes it as it was read. Raises CallbackNotYours when somebody else was faster."""
    version = callback.version
    changing = update(
        Callback(callback.pk, callback.sk),
        [*changes, Callback.version.set(version + 1)],
        Callback.callback_id.exists() & (Callback.version == version),
    )
    try:
        write(changing, *along)
    except Cancelled as cancelled:
        raise CallbackNotYours from cancelled
