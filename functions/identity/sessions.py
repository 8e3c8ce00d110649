"""Signed-in devices: starting a session, keeping it alive, listing and ending it.

The same for users and for agents: an `owner_id` is of either, and tells which tokens there are.
"""

import hmac
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from functions.identity.models import Device, SessionPage, SessionView, Tokens
from functions.identity.origin import Origin
from functions.identity.records import Session, User, session_key, user_key
from functions.identity.security_events import Happening, record
from functions.identity.tokens import (
    Family,
    Pair,
    Place,
    hashed,
    new_pair,
    new_salt,
    next_pair,
    renewed_by,
)
from shared import clock
from shared.errors import NotFound, ServiceUnavailable
from shared.identifiers import new_id
from shared.observability import count, logger
from shared.settings import settings
from shared.table import Cancelled, Found, Key, Write, change, check, delete, put, read, write
from shared.web.cursor import open_cursor, seal
from shared.web.pages import PageQuery
from shared.web.problems import Unauthenticated

_ROTATION_TRIES = 3
_ENDING_TRIES = 5


class NewSession(NamedTuple):
    """A session that is not yet written, and the only sight of its tokens."""

    record: Session
    tokens: Tokens

    @property
    def starting(self) -> Write:
        return put(self.record)


def new_session(
    owner_id: str, origin: Origin, *, device_since: int = 0, lasts_seconds: int | None = None
) -> NewSession:
    """A session of now, to be written together with what allows it.

    lasts_seconds: until its end, however often it is refreshed; by default what users have.
    """
    place = Place(owner_id, new_id("s"))
    pair = new_pair(place)
    now, now_text = clock.seconds(), clock.now_text()
    ends_at = now + (lasts_seconds or settings().session_seconds)
    session = Session(
        *session_key(*place)[1:],
        session_id=place.session_id,
        access_hash=hashed(pair.access),
        access_ends_at=_access_end(now, ends_at),
        refresh_hash=hashed(pair.refresh),
        ends_at=ends_at,
        device=None if origin.device is None else msgspec.to_builtins(origin.device),
        address=origin.address,
        country=origin.country or None,
        device_since=device_since,
        created_at=now_text,
        last_used_at=now_text,
        ttl=ends_at,
    )
    return NewSession(session, _shown(pair, session))


def all_sessions(owner_id: str) -> list[Session]:
    """Every session of an owner that has not ended, the last used first, strongly consistent."""
    found = Session.query(
        session_key(owner_id, "")[1], Session.sk.startswith("SESSION#"), consistent_read=True
    )
    alive = [session for session in found if session.ends_at > clock.seconds()]
    return sorted(alive, key=_position, reverse=True)


def key_of(owner_id: str, session_id: str) -> Key:
    """Where a session is, for whoever reads it with other things for `is_lasting`."""
    return session_key(owner_id, session_id)


def is_lasting(key: Key, found: Found) -> bool:
    """Whether a session has not ended."""
    session = found.one(Session, key)
    return session is not None and session.ends_at > clock.seconds()


def end_surplus(owner_id: str, *, newest: Session) -> None:
    """Ends the sessions that were unused the longest, as far as there are too many.

    It is done after `newest` was written, so that of several at once the last one sees them all.
    """
    others = [one for one in all_sessions(owner_id) if one.sk != newest.sk]
    surplus = others[settings().sessions_per_user - 1 :]
    if surplus:
        write(*(delete(session) for session in surplus))


def refresh(refresh_token: str, family: Family, *, reused: Callable[[str], Write]) -> Tokens:
    """New tokens for a refresh token, which with this is used up.

    The one that was used up last gives the same new tokens once more, for a short while: their
    answer may have been lost, or two threads of the app asked at once. Any other that comes again
    was stolen from this device or by it (RFC 9700 §4.14.2), and ends the session for both. To come
    here one must know the id of the session, 130 random bits that only its tokens hold.
    reused: the write that tells of a theft, for the id of the owner. Raises Unauthenticated.
    """
    place = renewed_by(refresh_token, family)
    key = session_key(*place)
    presented = hashed(refresh_token)
    for _ in range(_ROTATION_TRIES):
        session = read([key]).one(Session, key)
        if session is None or session.ends_at <= clock.seconds():
            raise Unauthenticated
        if _retried(session, presented):
            return _shown(next_pair(refresh_token, place, session.rotation_salt), session)
        if not hmac.compare_digest(session.refresh_hash, presented):
            _end_stolen(session, place.owner_id, reused)
            raise Unauthenticated
        if tokens := _rotated(session, refresh_token, place):
            return tokens
    raise ServiceUnavailable


def list_sessions(owner_id: str, current_id: str, query: PageQuery) -> SessionPage:
    """The signed-in devices, the last used first. Raises InvalidCursor."""
    name = f"sessions {owner_id}"
    after = open_cursor(query.cursor, of=name) if query.cursor else None
    sessions = [
        session for session in all_sessions(owner_id) if after is None or _position(session) < after
    ]
    page = sessions[: query.limit]
    more = len(sessions) > len(page)
    return SessionPage(
        items=[_view(session, current_id) for session in page],
        next_cursor=seal(_position(page[-1]), of=name) if more else None,
    )


def end(owner_id: str, session_id: str, *, event: Write) -> None:
    """Signs a device out, at once. Raises NotFound when the owner has no such session.

    event: what tells of it.
    """
    ending = delete(Session(*session_key(owner_id, session_id)[1:]), Session.pk.exists())
    try:
        write(ending, event)
    except Cancelled as cancelled:
        raise NotFound from cancelled
    logger.info("session_ended", extra={"owner_id": owner_id, "reason": "signed_out"})


def end_others(user_id: str, kept_id: str, *, origin: Origin | None = None) -> None:
    """Signs all other devices out, at once: also one that signs in at this moment."""
    key = user_key(user_id)
    for _ in range(_ENDING_TRIES):
        user = read([key]).one(User, key)
        if user is None:
            raise Unauthenticated
        others = [one for one in all_sessions(user_id) if one.session_id != kept_id]
        none_slips_in = check(User(user.pk, user.sk), User.sign_ins == user.sign_ins)
        details = {"sessions": "all_others"}
        event = record(user_id, Happening.SESSION_ENDED, origin=origin, details=details)
        try:
            write(none_slips_in, *(delete(session) for session in others), event)
        except Cancelled:
            continue
        logger.info("sessions_ended", extra={"user_id": user_id, "reason": "signed_out"})
        return
    raise ServiceUnavailable


def _retried(session: Session, presented: str) -> bool:
    if not session.previous_refresh_hash:
        return False
    fresh = clock.seconds() - session.rotated_at <= settings().refresh_retry_seconds
    return fresh and hmac.compare_digest(session.previous_refresh_hash, presented)


def _rotated(session: Session, refresh_token: str, place: Place) -> Tokens | None:
    """The next tokens; None when another request was faster."""
    salt, now = new_salt(), clock.seconds()
    pair = next_pair(refresh_token, place, salt)
    presented = hashed(refresh_token)
    actions = [
        Session.access_hash.set(hashed(pair.access)),
        Session.access_ends_at.set(_access_end(now, session.ends_at)),
        Session.refresh_hash.set(hashed(pair.refresh)),
        Session.previous_refresh_hash.set(presented),
        Session.rotation_salt.set(salt),
        Session.rotated_at.set(now),
        Session.last_used_at.set(clock.now_text()),
    ]
    if not change(session, actions, Session.refresh_hash == presented):
        return None
    return _shown(pair, session)


def _end_stolen(session: Session, owner_id: str, reused: Callable[[str], Write]) -> None:
    write(delete(Session(session.pk, session.sk)), reused(owner_id))
    logger.warning("refresh_token_reused", extra={"owner_id": owner_id})
    count("RefreshTokensReused")


def _access_end(now: int, ends_at: int) -> int:
    return min(now + settings().access_token_seconds, ends_at)


def _shown(pair: Pair, session: Session) -> Tokens:
    left = session.access_ends_at - clock.seconds()
    return Tokens(access_token=pair.access, refresh_token=pair.refresh, expires_in=left)


def _position(session: Session) -> str:
    return f"{session.last_used_at} {session.session_id}"


def _view(session: Session, current_id: str) -> SessionView:
    device = session.device
    return SessionView(
        session_id=session.session_id,
        current=session.session_id == current_id,
        device=None if device is None else msgspec.convert(device, Device),
        address=session.address,
        country=session.country,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
    )
