"""Where a request comes from, as far as anybody can tell."""

from typing import Any, NamedTuple

import msgspec

from functions.identity.models import Device
from functions.identity.records import Session, session_key
from functions.identity.tokens import hashed
from shared import clock
from shared.web.operation import Call


class Origin(NamedTuple):
    """A device, its address, and the country of that, as `CN`; empty where it is not known.

    session_id: the session that asks, where somebody is signed in. device_proof: the SHA-256 of
    the secret that the device has shown.
    """

    device: Device | None
    address: str
    country: str
    session_id: str = ""
    device_proof: str | None = None


class Seen(NamedTuple):
    """Where a session was started and when it was used last; times are seconds since 1970.

    device_since: when its device was first used by this user; 0 for the first device of all.
    """

    country: str
    at: int
    device_since: int


def origin_of(
    call: Call[Any], device: Device | None = None, device_secret: str | None = None
) -> Origin:
    """Where a call comes from. `device`: what the body says; else the device that is signed in."""
    return Origin(
        device or _signed_in_device(call),
        call.address,
        call.country,
        session_id=call.session_id,
        device_proof=None if device_secret is None else hashed(device_secret),
    )


def seen(call: Call[Any]) -> Seen:
    """Where the session of a call was seen before."""
    session = _session(call)
    if session is None:
        return Seen("", 0, 0)
    return Seen(
        country=session.country or "",
        at=clock.seconds_of(session.last_used_at),
        device_since=session.device_since or 0,
    )


def _signed_in_device(call: Call[Any]) -> Device | None:
    session = _session(call)
    if session is None or session.device is None:
        return None
    return msgspec.convert(session.device, Device)


def _session(call: Call[Any]) -> Session | None:
    if not call.session_id:
        return None
    return call.found.one(Session, session_key(call.user_id, call.session_id))
