"""The devices that a user has signed in from.

A device tells its own id, so that alone proves nothing; a new one is a reason to look twice. An app
may also keep a secret on it, whose hash is remembered at the first sign-in: from then on the id is
known only together with the secret, and nobody who merely claims it gets any further by it. The
first device with an id is the one that the account was made with, and is not new. Once there is
one, whoever tells no id is on a new device each time: else a thief would just leave the id out.
"""

import hashlib
import hmac
from typing import NamedTuple

from functions.identity.models import Device, KnownDeviceView
from functions.identity.origin import Origin
from functions.identity.records import KnownDevice, device_key
from shared import clock
from shared.settings import settings
from shared.table import Write, put, read, update


class Recognition(NamedTuple):
    """is_known: the user has used it before. is_new: the user has others, and this is none of them;
    while there are none, it is neither. since: when it was first seen, in seconds; 0 for the first
    one, and for what was used before there was a first.
    """

    is_known: bool
    is_new: bool
    since: int
    remembering: list[Write]


def recognise(user_id: str, origin: Origin) -> Recognition:
    """What is known of a device, and what must be written for it to be known from now on."""
    device = origin.device
    if device is None or device.id is None:
        return _not_known(user_id)
    key = device_key(user_id, digest_of(device))
    known = read([key]).one(KnownDevice, key)
    if known is not None and (not known.secret_hash or _is_secret_of(known, origin)):
        return _known(known, origin)
    found = _not_known(user_id)
    if known is not None and origin.device_proof is None:
        # The one with the secret stays the known one.
        return found
    remembered = KnownDevice(
        key.pk, key.sk, name=device.name, since=found.since, secret_hash=origin.device_proof
    )
    # Of two sign-ins at once from one device both may remember it.
    anyhow = KnownDevice.pk.exists() | KnownDevice.pk.does_not_exist()
    return found._replace(remembering=[put(remembered, anyhow)])


def known_devices(user_id: str) -> list[KnownDeviceView]:
    """The first hundred devices that a user has signed in from."""
    key = device_key(user_id, "")
    known = KnownDevice.query(
        key.pk,
        KnownDevice.sk.startswith(key.sk),
        consistent_read=True,
        limit=settings().page_size_limit,
    )
    return [
        KnownDeviceView(
            name=one.name,
            first_seen_at=clock.text_of(one.since * 1000) if one.since else None,
        )
        for one in known
    ]


def shows_its_secret(user_id: str, origin: Origin) -> bool:
    """Whether a device shows the secret that it is known by. user_id: there or not, it is alike."""
    if origin.device is None:
        return False
    key = device_key(user_id, digest_of(origin.device))
    known = read([key]).one(KnownDevice, key)
    return known is not None and _is_secret_of(known, origin)


def digest_of(device: Device) -> str:
    """What a device is found by."""
    return hashlib.sha256(str(device.id).encode()).hexdigest()


def _is_secret_of(known: KnownDevice, origin: Origin) -> bool:
    if not known.secret_hash or not origin.device_proof:
        return False
    return hmac.compare_digest(known.secret_hash, origin.device_proof)


def _known(known: KnownDevice, origin: Origin) -> Recognition:
    remembering: list[Write] = []
    if not known.secret_hash and origin.device_proof:
        own, secret_hash = KnownDevice(known.pk, known.sk), KnownDevice.secret_hash
        first = secret_hash.does_not_exist() | (secret_hash == origin.device_proof)
        remembering.append(update(own, [secret_hash.set(origin.device_proof)], first))
    return Recognition(is_known=True, is_new=False, since=known.since, remembering=remembering)


def _not_known(user_id: str) -> Recognition:
    key = device_key(user_id, "")
    others = KnownDevice.query(
        key.pk, KnownDevice.sk.startswith(key.sk), consistent_read=True, limit=1
    )
    is_new = any(True for _ in others)
    since = clock.seconds() if is_new else 0
    return Recognition(is_known=False, is_new=is_new, since=since, remembering=[])
