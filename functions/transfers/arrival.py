"""Settling delayed transfers when their time has come."""

from functions.transfers.transfer import ARRIVAL
from shared.ledger.accounts import find_account
from shared.ledger.errors import AccountClosed, AccountFrozen, CreditRefused, HoldEnded
from shared.ledger.holding import due_holds, release, settle
from shared.ledger.records import Transfer
from shared.observability import count, logger
from shared.sweep import sweep


def settle_due() -> int:
    """Settles what is due, each by itself, and gives back what cannot arrive; how many ended."""
    return sweep("settle_due_transfers", due_holds(ARRIVAL), _arrive)


def _arrive(transfer: Transfer) -> None:
    try:
        _check_not_frozen_since(transfer)
        settle(transfer.transfer_id)
        count("TransfersArrived")
    except HoldEnded:
        # Cancelled, or settled by another run, after the index was read.
        logger.info("transfer_already_ended", extra={"transfer_id": transfer.transfer_id})
    except (AccountFrozen, AccountClosed, CreditRefused) as problem:
        release(transfer.transfer_id, why=problem.code)
        count("TransfersFailed", reason=problem.code)


def _check_not_frozen_since(transfer: Transfer) -> None:
    """What stands in an account when it is frozen may be a thief's work, also after it is opened.

    Raises AccountFrozen.
    """
    payer = find_account(transfer.debit)
    if payer and payer.frozen_at and payer.frozen_at >= transfer.created_at:
        raise AccountFrozen
