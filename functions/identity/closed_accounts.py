"""What is done with an account after it was closed, in steps that may be taken again.

At once: the cards are given back to their banks, and what only opened the account (the second
factor, devices) is forgotten. The rest is kept, sealed as it was, for as long as the law wants it.
Then the name goes from the record: the sealed fields are deleted, and with them the only way to
open them, and so are events, tickets, decisions of risk and the label that others saw. The books
stay, for an account of which nobody can tell any more whose it was.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.identity.records import User, user_key
from functions.notifications.personal_data import forget_notifications, forget_reach
from functions.risk import personal_data
from functions.wallet.cards import remove_all
from shared import clock
from shared.ledger.accounts import forget_owner
from shared.observability import count, logger
from shared.settings import settings
from shared.sweep import sweep
from shared.table import DomainRecord, change, delete_all, due_shard, due_shards

_WAITING = "closed"
_RUN_LIMIT = 500
# The owner is shown events as long as they are kept, and is still to be told of the closing.
_KEPT_AT_FIRST = ("EVENT#", "NOTICE#")


def waiting(user: User, due_at: int) -> Sequence[Action]:
    """Has a closed account looked at again at `due_at` (seconds)."""
    return [
        User.due_shard.set(due_shard(_WAITING, user.user_id)),
        User.due_at.set(due_at),
    ]


def go_on_with_closed() -> int:
    """Takes the next step for each closed account that is due; how many there were."""
    return sweep("anonymise_closed_accounts", _due(), _go_on)


def forget_access(user_id: str) -> None:
    """Forgets all that only opened the account. Raises ServiceUnavailable when a bank is away."""
    remove_all(user_id)
    forget_reach(user_id)
    _forget(user_id, keeping=_KEPT_AT_FIRST)


def _due() -> Iterator[User]:
    now = clock.seconds()
    return chain.from_iterable(
        User.due.query(shard, User.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(_WAITING)
    )


def _go_on(user: User) -> None:
    forget_access(user.user_id)
    kept_until = (user.closed_at or 0) + settings().legal_keeping_seconds
    as_read: Condition = User.due_at == user.due_at
    if clock.seconds() < kept_until:
        change(User(user.pk, user.sk), [*waiting(user, kept_until)], as_read)
        return
    from functions.support.personal_data import forget_tickets  # asked for by schedule alone

    _forget(user.user_id)
    personal_data.forget(user.user_id)
    forget_notifications(user.user_id)
    forget_tickets(user.user_id)
    forget_owner(user.user_id)
    if change(User(user.pk, user.sk), _nameless(), as_read):
        logger.info("account_anonymised", extra={"user_id": user.user_id})
        count("AccountsAnonymised")


def _nameless() -> list[Action]:
    """The last step, for after it nobody looks at the account again."""
    personal = (User.phone, User.email, User.last_country)
    return [
        User.anonymised_at.set(clock.seconds()),
        *(attribute.remove() for attribute in (*personal, User.due_shard, User.due_at)),
    ]


def _forget(user_id: str, *, keeping: tuple[str, ...] = ()) -> None:
    """Deletes what stands beside the user, whatever kind of record it is."""
    key = user_key(user_id)
    delete_all(
        one
        for one in DomainRecord.query(key.pk, consistent_read=True)
        if one.sk != key.sk and not str(one.sk).startswith(keeping)
    )
