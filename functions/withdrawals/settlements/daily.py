"""The settlement of each day: what merchants have, at the time that was agreed with each."""

from contextlib import suppress

from functions.payments.models import AskedBy
from functions.payments.settlement_terms import NoSettlementCard, Settling, settle_due
from functions.withdrawals.settlements.settlement import SettlementTooSmall, settle_unasked
from shared.ledger.errors import AccountFrozen


def settle_merchants() -> int:
    """Settles those whose time has come; how many were looked at. Raises SweepIncomplete."""
    return settle_due(_settle)


def _settle(merchant: Settling, by: AskedBy, key: str) -> None:
    # There is nothing to pay out, or somebody has stopped it: tomorrow is another day.
    with suppress(NoSettlementCard, SettlementTooSmall, AccountFrozen):
        settle_unasked(merchant, by, key)
