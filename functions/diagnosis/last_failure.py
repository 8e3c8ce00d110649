"""The last thing that went wrong for a user, for support and self-help."""

from functions.diagnosis.attempts import FailedAttempt, failed_attempts
from functions.diagnosis.dry_run import Asker
from functions.diagnosis.models import Explained
from functions.payments import diagnosis as payments
from functions.topups import diagnosis as top_ups
from functions.transfers import diagnosis as transfers
from functions.withdrawals import diagnosis as withdrawals
from shared.ledger.records import REFUSED, RELEASED, Account, Transfer, account_key, transfer_key
from shared.table import Found, read

_LOOKED_AT = 20


def last_failure(user_id: str, language: str) -> Explained | None:
    """The newest refusal of a request that has not been done since, and whether it would pass now.

    language: `zh` or `en`. None where nothing failed.
    """
    attempts = failed_attempts(user_id, _LOOKED_AT)
    if not attempts:
        return None
    own_key = account_key(user_id)
    found = read([own_key, *(transfer_key(one.transfer_id) for one in attempts)])
    by = Asker(found.one(Account, own_key))
    for attempt in attempts:
        if not _is_done(attempt, found):
            return _explained(attempt, found, by, language)
    return None


def _is_done(attempt: FailedAttempt, found: Found) -> bool:
    """Whether the same request has moved its money after all, as after a mistyped password."""
    transfer = found.one(Transfer, transfer_key(attempt.transfer_id))
    return transfer is not None and transfer.status not in (REFUSED, RELEASED)


def _explained(attempt: FailedAttempt, found: Found, by: Asker, language: str) -> Explained:
    if attempt.kind == "top_up":
        return top_ups.explained(attempt, by=by, language=language)
    if attempt.kind == "withdrawal":
        return withdrawals.explained(attempt, by=by, language=language)
    told = payments.explained if attempt.kind == "payment" else transfers.explained
    transfer = found.one(Transfer, transfer_key(attempt.transfer_id))
    return told(attempt.object_id, transfer, user_id=attempt.user_id, by=by, language=language)
