"""Giving back what was held for something that did not happen in time."""

from shared.ledger import expire
from shared.ledger.errors import HoldEnded
from shared.ledger.holding import due_holds
from shared.ledger.records import Transfer
from shared.observability import count, logger
from shared.sweep import sweep


def release_expired() -> int:
    """Releases holds whose time is over, each by itself; how many were dealt with."""
    return sweep("release_expired_holds", due_holds(), _release)


def _release(hold: Transfer) -> None:
    try:
        expire(hold.transfer_id)
        count("HoldsExpired")
    except HoldEnded:
        # Settled, or released by another run, after the index was read.
        logger.info("hold_already_ended", extra={"transfer_id": hold.transfer_id})
