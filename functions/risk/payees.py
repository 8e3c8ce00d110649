"""Whom a user has sent money to before.

Only a guarded amount that has gone makes a payee known. Were small amounts enough, a thief would
send one fen first; and to remember those would cost every transfer a write.
"""

from functions.risk.records import KnownPayee, known_payee_key
from shared import clock
from shared.table import Found, Key, Write, update

__all__ = ["is_known", "known_payee_key", "remembering"]


def is_known(found: Found, key: Key) -> bool:
    """Whether the payee of `key`, which must have been read, is known."""
    return found.get(key) is not None


def remembering(user_id: str, payee_id: str) -> Write:
    """What makes a payee known, in the transaction of the money; again it changes nothing."""
    payee = KnownPayee(*known_payee_key(user_id, payee_id)[1:])
    actions = [
        KnownPayee.payee_id.set(payee_id),
        KnownPayee.since.set(KnownPayee.since | clock.seconds()),
    ]
    of_this_payee = KnownPayee.payee_id.does_not_exist() | (KnownPayee.payee_id == payee_id)
    return update(payee, actions, of_this_payee)
