"""How often a password may be guessed in a row. A try is counted before the password is looked at,
so of many guesses at once no more than the allowed number is ever compared.

Tries older than a lock lasts are forgotten: waiting for that takes a guesser as long as the lock
would. Tries at one subject are counted by who makes them, where that is known.
"""

from collections.abc import Sequence
from typing import cast

from pynamodb.expressions.update import Action

from functions.identity.records import Tries, tries_key
from shared import clock
from shared.errors import ServiceUnavailable
from shared.settings import settings
from shared.table import Cancelled, Write, delete, update, write

ANYBODY = "PASSWORD"
# Sessions and devices that have tried of late. What is more ends by itself.
_TRYING_LIMIT = 50


def count_try(subject: str, *, by: str = ANYBODY, with_last: Sequence[Action] = ()) -> int:
    """Counts one more try. Gives 0 when it may be made, else the seconds until one may.

    subject: what is guessed at, there or not: the digest of a phone, or the id of an agent.
    by: who guesses.
    with_last: what is written to the record along with the last try that may be made.
    Raises ServiceUnavailable.
    """
    now, limit = clock.seconds(), settings().sign_in_tries
    forgotten_at = now - settings().sign_in_lock_seconds
    tries: Tries | None = None
    # Each round that fails has seen somebody else's count; of these there are no more.
    for _ in range(2 * limit + 2):
        made = tries.made if tries and tries.tried_at > forgotten_at else 0
        if tries and made >= limit:
            return tries.tried_at - forgotten_at
        counting = update(
            _tries(subject, by),
            [
                Tries.made.set(made + 1),
                Tries.tried_at.set(now),
                Tries.ttl.set(now + settings().sign_in_lock_seconds),
                *(with_last if made + 1 == limit else ()),
            ],
            (Tries.made == made) & (Tries.tried_at > forgotten_at)
            if made
            else Tries.made.does_not_exist() | (Tries.tried_at <= forgotten_at),
        )
        try:
            write(counting)
            return 0
        except Cancelled as cancelled:
            tries = cast("Tries | None", cancelled.standing(counting))
    raise ServiceUnavailable


def forgetting_tries(subject: str, *, by: str = ANYBODY) -> Write:
    """Forgets the tries at a subject, for its owner has succeeded."""
    return delete(_tries(subject, by))


def forgetting_all_tries(subject: str) -> list[Write]:
    """The same, whoever has tried."""
    pk = tries_key(subject, ANYBODY).pk
    return [delete(tries) for tries in Tries.query(pk, consistent_read=True, limit=_TRYING_LIMIT)]


def _tries(subject: str, by: str) -> Tries:
    return Tries(*tries_key(subject, by)[1:])
