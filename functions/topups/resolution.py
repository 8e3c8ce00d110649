"""What became of top-ups whose outcome nobody knows: bank and platform are asked until they say."""

from collections.abc import Iterator

from functions.topups.ending import conclude, expire
from functions.topups.records import PENDING, RESOLVING, TopUp, at
from functions.topups.refund import send_back
from shared import clock
from shared.bank import get_bank
from shared.bank.port import BankUnavailable, Charge, OutcomeUnknown
from shared.ledger.accounts import find_account
from shared.ledger.errors import AccountClosed
from shared.observability import logger
from shared.platforms import get_platform
from shared.platforms.port import (
    Payment,
    PaymentUnknown,
    PlatformRefusal,
    PlatformUnavailable,
)
from shared.settings import settings
from shared.sweep import sweep
from shared.table import change, due_shards

_RUN_SECONDS = 40
_RUN_LIMIT = 500
_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 3_600
_CLOCKS_DIFFER_SECONDS = 60
_NO_ANSWER = (BankUnavailable, OutcomeUnknown, PlatformUnavailable, PaymentUnknown)


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
        if top_up.refund_status == PENDING:
            send_back(top_up)
        else:
            _ask(top_up)
    except _NO_ANSWER:
        logger.warning("nobody_answers", extra={"top_up_id": top_up.top_up_id})


def _claimed(top_up: TopUp, due: TopUp) -> bool:
    """Fills `top_up` as it stands, and puts off the next look, so that one bad record can't block.

    False when another run has it, somebody took it up again, or it has ended.
    """
    now = clock.seconds()
    pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(due.asks, 10))
    next_look = now + pause
    if due.platform and now < _over_at(due):
        next_look = min(next_look, _over_at(due))
    return change(
        top_up,
        [TopUp.due_at.set(next_look), TopUp.asks.set(due.asks + 1)],
        TopUp.due_at == due.due_at,
    )


def _ask(top_up: TopUp) -> None:
    told = _told(top_up)
    if told is None or told.status == "open":
        if clock.seconds() < _over_at(top_up):
            return
        told = _closed(top_up)
    if told is None:
        expire(top_up)
        return
    account = find_account(top_up.user_id)
    if account is None:
        raise AccountClosed
    conclude(top_up, told, account)


def _told(top_up: TopUp) -> Charge | Payment | None:
    if top_up.platform is None:
        return get_bank().find_charge(top_up.top_up_id)
    return get_platform(top_up.platform).find(top_up.top_up_id)


def _closed(top_up: TopUp) -> Payment | None:
    """None when no money can come any more; else the payment that came at the last moment.

    Raises PlatformRefusal when the platform says neither.
    """
    if top_up.platform is None:
        return None
    platform = get_platform(top_up.platform)
    try:
        platform.close(top_up.top_up_id)
    except PlatformRefusal:
        payment = platform.find(top_up.top_up_id)
        if payment is None or payment.status == "open":
            raise
        return payment
    return None


def _over_at(top_up: TopUp) -> int:
    """When a top-up that is not known, or not paid, will never be.

    Of a card, the last request to charge was sent before the lease ended, and the bank refuses old
    requests; while no answer was given, the same request may still be sent again and charge.
    """
    if top_up.platform:
        return top_up.expires_at + _CLOCKS_DIFFER_SECONDS
    lifetime = settings().bank_request_lifetime_seconds
    last_request_dies = top_up.lease_until + lifetime + _CLOCKS_DIFFER_SECONDS
    given_up = last_request_dies if top_up.first_answer else top_up.expires_at
    return max(given_up, last_request_dies)
