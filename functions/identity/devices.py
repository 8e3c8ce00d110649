"""The devices that a user has signed in from.

A device tells its own id, so it proves nothing; a new one is a reason to look twice. The first one
with an id is the one that the account was made with, and is not new. Once there is one, whoever
tells no id is on a new device each time: else a thief would just leave the id out.
"""

import hashlib
from typing import NamedTuple

from functions.identity.models import Device
from functions.identity.records import KnownDevice, device_key
from shared import clock
from shared.table import Write, put, read


class Recognition(NamedTuple):
    """is_known: the user has used it before. is_new: the user has others, and this is none of them;
    while there are none, it is neither. since: when it was first seen, in seconds; 0 for the first
    one, and for what was used before there was a first.
    """

    is_known: bool
    is_new: bool
    since: int
    remembering: list[Write]


def recognise(user_id: str, device: Device | None) -> Recognition:
    """What is known of a device, and what must be written for it to be known from now on."""
    if device is None or device.id is None:
        return _not_known(user_id)
    key = device_key(user_id, hashlib.sha256(device.id.encode()).hexdigest())
    known = read([key]).one(KnownDevice, key)
    if known is not None:
        return Recognition(is_known=True, is_new=False, since=int(known.since), remembering=[])
    found = _not_known(user_id)
    remembered = KnownDevice(key.pk, key.sk, name=device.name, since=found.since)
    # Of two sign-ins at once from one device both may remember it.
    anyhow = KnownDevice.pk.exists() | KnownDevice.pk.does_not_exist()
    return found._replace(remembering=[put(remembered, anyhow)])


def _not_known(user_id: str) -> Recognition:
    key = device_key(user_id, "")
    others = KnownDevice.query(
        key.pk, KnownDevice.sk.startswith(key.sk), consistent_read=True, limit=1
    )
    is_new = any(True for _ in others)
    since = clock.seconds() if is_new else 0
    return Recognition(is_known=False, is_new=is_new, since=since, remembering=[])
