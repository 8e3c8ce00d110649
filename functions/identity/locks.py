"""Telling owners that wrong passwords have locked their account: one notice for each lock.

It is done by schedule: a message sent within the answer would take time for known phones only, and
tell a stranger which these are.
"""

from collections.abc import Iterator
from itertools import chain

from functions.identity.notices import Notice, Telling, telling
from functions.identity.password_proof import NOBODY, TELLING_OF_LOCK
from functions.identity.records import Tries, User, user_key
from functions.identity.security_events import Happening, record
from shared import clock
from shared.settings import settings
from shared.sweep import sweep
from shared.table import Cancelled, due_shards, read, update, write

_RUN_LIMIT = 500


def tell_of_locks() -> int:
    """Tells the owners of phones that were locked since the last run; how many there were."""
    return sweep("tell_of_locks", _due(), _tell)


def _due() -> Iterator[Tries]:
    now = clock.seconds()
    shards = due_shards(TELLING_OF_LOCK)
    return chain.from_iterable(
        Tries.due.query(shard, Tries.due_at <= now, limit=_RUN_LIMIT) for shard in shards
    )


def _tell(tries: Tries) -> None:
    claim = update(
        Tries(tries.pk, tries.sk),
        [Tries.due_shard.remove(), Tries.due_at.remove()],
        Tries.due_at == tries.due_at,
    )
    user = _owner(tries)
    told = None if user is None else _telling(user)
    happened = [] if told is None else [record(told.record.user_id, Happening.LOCKED), told.writing]
    try:
        write(claim, *happened)
    except Cancelled:
        # The owner has signed in since, or another run was faster.
        return
    if told is not None:
        told.send()


def _telling(user: User) -> Telling:
    return telling(user, Notice.LOCKED, minutes=str(settings().sign_in_lock_seconds // 60))


def _owner(tries: Tries) -> User | None:
    if tries.user_id == NOBODY:
        return None
    key = user_key(str(tries.user_id))
    return read([key]).one(User, key)
