"""The last thing that went wrong for a user, for support and self-help."""

from functions.diagnosis.attempts import FailedAttempt, failed_attempts
from functions.diagnosis.dry_run import Asker
from functions.diagnosis.models import Explained
from functions.payments import diagnosis as payments
from functions.topups import diagnosis as top_ups
from functions.transfers import diagnosis as transfers
from functions.withdrawals import diagnosis as withdrawals
from shared import clock
from shared.ledger.records import REFUSED, RELEASED, Account, Transfer, account_key, transfer_key
from shared.settings import settings
from shared.table import Found, read

_LOOKED_AT = 20


def last_failure(user_id: str, language: str) -> Explained | None:
    """What failed last, at once or later, and was not done since; and whether it would pass now.

    language: `zh` or `en`. None where nothing failed. Reads only.
    """
    attempts = failed_attempts(user_id, _LOOKED_AT)
    own_key = account_key(user_id)
    found = read([own_key, *(transfer_key(one.transfer_id) for one in attempts)])
    by = Asker(found.one(Account, own_key))
    failed = [
        top_ups.last_failed(user_id, by=by, language=language),
        withdrawals.last_failed(user_id, by=by, language=language),
    ]
    refused = next((one for one in attempts if not _is_done(one, found)), None)
    if refused is not None and not any(one and one.id == refused.object_id for one in failed):
        failed.append(_explained(refused, found, by, language))
    kept_since = clock.text_of((clock.seconds() - settings().refusal_kept_seconds) * 1000)
    recent = [one for one in failed if one and _when(one) > kept_since]
    return max(recent, key=_when, default=None)


def _when(one: Explained) -> str:
    return one.created_at


def _is_done(attempt: FailedAttempt, found: Found) -> bool:
    """Whether the same request has moved its money after all, as after a mistyped password."""
    transfer = found.one(Transfer, transfer_key(attempt.transfer_id))
    return transfer is not None and transfer.status not in (REFUSED, RELEASED)


def _explained(attempt: FailedAttempt, found: Found, by: Asker, language: str) -> Explained:
    if attempt.kind == "top_up":
        return top_ups.of_refused(attempt, by=by, language=language)
    if attempt.kind == "withdrawal":
        return withdrawals.of_refused(attempt, by=by, language=language)
    told = payments.explained if attempt.kind == "payment" else transfers.explained
    transfer = found.one(Transfer, transfer_key(attempt.transfer_id))
    return told(attempt.object_id, transfer, user_id=attempt.user_id, by=by, language=language)
