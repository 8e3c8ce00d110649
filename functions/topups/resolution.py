"""What became of top-ups whose outcome nobody knows: the bank is asked until it says."""

from collections.abc import Iterator

from functions.topups.ending import conclude, expire
from functions.topups.records import PENDING, RESOLVING, TopUp, at
from shared import clock
from shared.bank import get_bank
from shared.bank.port import BankUnavailable, OutcomeUnknown
from shared.ledger.accounts import find_account
from shared.ledger.errors import AccountClosed
from shared.observability import logger
from shared.settings import settings
from shared.sweep import sweep
from shared.table import change, due_shards

_RUN_SECONDS = 40
_RUN_LIMIT = 500
_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 3_600
_CLOCKS_DIFFER_SECONDS = 60


def resolve_due() -> int:
    """Asks for those that are due, each by itself; how many were looked at."""
    return sweep("resolve_pending_top_ups", _due(), _resolve)


def _due() -> Iterator[TopUp]:
    """Oldest first in each shard, for as long as one run may take."""
    started = clock.seconds()
    for shard in due_shards(RESOLVING):
        for top_up in TopUp.due.query(shard, TopUp.due_at <= started, limit=_RUN_LIMIT):
            if clock.seconds() - started > _RUN_SECONDS:
                return
            yield top_up


def _resolve(due: TopUp) -> None:
    top_up = at(due)
    if not _claimed(top_up, due):
        return
    try:
        charge = get_bank().find_charge(top_up.top_up_id)
    except (BankUnavailable, OutcomeUnknown):
        logger.warning("bank_does_not_answer", extra={"top_up_id": top_up.top_up_id})
        return
    if charge is not None:
        account = find_account(top_up.user_id)
        if account is None:
            raise AccountClosed
        conclude(top_up, charge, account)
    elif _will_never_be(top_up):
        expire(top_up)


def _claimed(top_up: TopUp, due: TopUp) -> bool:
    """Fills `top_up` as it stands, and puts off the next look, so that one bad record can't block.

    False when another run has it, somebody took it up again, or it has ended.
    """
    pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(int(due.asks), 10))
    return change(
        top_up,
        [TopUp.due_at.set(clock.seconds() + pause), TopUp.asks.set(due.asks + 1)],
        (TopUp.status == PENDING) & (TopUp.due_at == due.due_at),
    )


def _will_never_be(top_up: TopUp) -> bool:
    """Whether a charge that the bank does not know can't come any more.

    The last request to charge was sent before the lease ended, and the bank refuses old requests.
    While no answer was given, the same request may still be sent again and charge.
    """
    lifetime = settings().bank_request_lifetime_seconds
    last_request_dies = int(top_up.lease_until) + lifetime + _CLOCKS_DIFFER_SECONDS
    given_up = last_request_dies if top_up.first_answer else int(top_up.expires_at)
    return clock.seconds() >= max(given_up, last_request_dies)
