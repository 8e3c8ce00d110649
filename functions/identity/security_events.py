"""What happened to an account, for its owner to see: sign-ins, failures, changes, locks.

An event is written together with what it tells of, so neither is there without the other. It holds
no secret: what was typed is never part of it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec

from functions.identity.models import Device, SecurityEventPage, SecurityEventView
from functions.identity.origin import Origin
from functions.identity.records import SecurityEvent, security_event_key
from shared import clock
from shared.errors import NotFound
from shared.identifiers import derived_id, new_id
from shared.settings import settings
from shared.table import Write, put, put_new, read
from shared.web.cursor import open_cursor, seal
from shared.web.pages import PageQuery

_NO_DETAILS: Mapping[str, str] = MappingProxyType({})


class Happening(StrEnum):
    """What a security event tells of."""

    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    NEW_DEVICE = "new_device"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    HOTLINE_VERIFIED = "hotline_verified"
    UNLOCK_ASKED = "unlock_asked"
    UNLOCK_REFUSED = "unlock_refused"
    PASSWORD_REFUSED = "password_refused"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET = "password_reset"
    PAY_PASSWORD_SET = "pay_password_set"
    PAY_PASSWORD_CHANGED = "pay_password_changed"
    PAY_PASSWORD_REFUSED = "pay_password_refused"
    PAY_PASSWORD_LOCKED = "pay_password_locked"
    SMALL_PAYMENTS_CHANGED = "small_payments_changed"
    TWO_FACTOR_ENABLED = "two_factor_enabled"
    TWO_FACTOR_DISABLED = "two_factor_disabled"
    TWO_FACTOR_CHANGED = "two_factor_changed"
    RECOVERY_CODES_USED = "recovery_codes_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    SECOND_FACTOR_REFUSED = "second_factor_refused"
    PHONE_CHANGED = "phone_changed"
    EMAIL_CHANGED = "email_changed"
    SESSION_ENDED = "session_ended"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    STEP_UP_PASSED = "step_up_passed"
    RISK_BLOCKED = "risk_blocked"
    DISPUTED = "disputed"
    FROZEN = "frozen"
    DATA_EXPORTED = "data_exported"
    ACCOUNT_CLOSED = "account_closed"


def record(
    user_id: str,
    kind: Happening,
    *,
    origin: Origin | None = None,
    details: Mapping[str, str] = _NO_DETAILS,
    risk: Mapping[str, Any] | None = None,
) -> Write:
    """The write of an event, to go into the same transaction as what it tells of.

    details: facts for the owner, never a secret. risk: what was decided, which nobody is shown.
    """
    return put(_event(user_id, kind, origin, details, risk=risk))


def note(
    user_id: str,
    kind: Happening,
    *,
    origin: Origin | None = None,
    details: Mapping[str, str] = _NO_DETAILS,
    once_at: int | None = None,
) -> bool:
    """Writes an event by itself, where nothing was changed; False when it was written before.

    once_at: the only moment, in seconds, at which this happened, however often it is seen.
    """
    return put_new(_event(user_id, kind, origin, details, once_at=once_at))


def note_nothing(subject: str, kind: Happening, *, origin: Origin | None) -> None:
    """Costs what `note` costs, so that no delay tells whether there is a user; gone at once.

    subject: who there is not. Each has a partition of its own, as each user has.
    """
    event = _event(f"nobody_{subject}", kind, origin, _NO_DETAILS)
    event.ttl = clock.seconds()
    put_new(event)


def list_events(user_id: str, query: PageQuery) -> SecurityEventPage:
    """A page of what happened to a user's account, the newest first. Raises InvalidCursor."""
    of = f"security-events {user_id}"
    kept_since_ms = (clock.seconds() - settings().security_events_kept_seconds) * 1000
    _, pk, oldest = security_event_key(user_id, f"ev_{kept_since_ms:013d}")
    newest = security_event_key(user_id, "ev_~").sk
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    found = list(
        SecurityEvent.query(
            pk,
            SecurityEvent.sk.between(oldest, newest),
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    shown = found[: query.limit]
    return SecurityEventPage(
        items=[_view(event) for event in shown],
        next_cursor=seal(shown[-1].sk, of=of) if len(found) > len(shown) else None,
    )


def event_of(user_id: str, event_id: str) -> SecurityEventView:
    """One of them. Raises NotFound."""
    key = security_event_key(user_id, event_id)
    event = read([key]).one(SecurityEvent, key)
    if event is None:
        raise NotFound
    return _view(event)


def _event(
    user_id: str,
    kind: Happening,
    origin: Origin | None,
    details: Mapping[str, str],
    *,
    once_at: int | None = None,
    risk: Mapping[str, Any] | None = None,
) -> SecurityEvent:
    created_ms = clock.milliseconds() if once_at is None else once_at * 1000
    name = new_id("") if once_at is None else derived_id("", user_id, kind, str(once_at))
    event_id = f"ev_{created_ms:013d}{name}"
    device = None if origin is None else origin.device
    return SecurityEvent(
        *security_event_key(user_id, event_id)[1:],
        event_id=event_id,
        kind=kind.value,
        created_at=clock.text_of(created_ms),
        device=None if device is None else msgspec.to_builtins(device),
        address=None if origin is None else origin.address or None,
        country=None if origin is None else origin.country or None,
        details=dict(details) or None,
        risk=None if risk is None else dict(risk),
        ttl=created_ms // 1000 + settings().security_events_kept_seconds,
    )


def _view(event: SecurityEvent) -> SecurityEventView:
    return SecurityEventView(
        event_id=event.event_id,
        kind=event.kind,
        created_at=event.created_at,
        device=None if event.device is None else msgspec.convert(event.device, Device),
        address=event.address,
        country=event.country,
        details=event.details or {},
        disputed=event.report_id is not None,
    )
