"""Why a transfer failed, and whether it would pass now."""

from typing import Final

from functions.diagnosis.attempts import FailedAttempt, attempts_of
from functions.diagnosis.dry_run import Asker, Foreseen, Rule, foresee
from functions.diagnosis.explanation import NeverArrived, of_attempt, of_refused, of_standing
from functions.diagnosis.models import Explained
from functions.risk.payees import is_known, known_payee_key
from functions.transfers.collecting import OtherAmountAsked
from functions.transfers.transfer import CANCELLED, PayeeNotFound, SelfTransfer
from functions.wallet.limits import check_transfer_amount, on_device, transfer_day_limit
from shared import clock
from shared.ledger.accounts import receives
from shared.ledger.records import (
    HELD,
    REFUSED,
    RELEASED,
    Account,
    Transfer,
    account_key,
)
from shared.qr import QrExpired
from shared.table import read

TRANSFER: Final = "transfer"


def explained(
    transfer_id: str, transfer: Transfer | None, *, user_id: str, by: Asker, language: str
) -> Explained:
    """What became of a transfer that `user_id` asked for, from the records as they stand.

    transfer: what stands under the id, whosever it is. Raises NeverArrived.
    """
    own = transfer if transfer and (transfer.kind, transfer.debit) == (TRANSFER, user_id) else None
    if own is not None and own.status != REFUSED:
        return _of_standing(own, language)
    # The same is read for what never was and for what is somebody else's.
    attempts = [one for one in attempts_of(user_id, transfer_id) if one.kind == TRANSFER]
    if own is not None:
        payee_id = own.credit or _payee_of(attempts)
        foreseen = _foreseen(own.amount, user_id, payee_id, by, attempts)
        return of_refused(TRANSFER, own, foreseen, language=language)
    if not attempts:
        raise NeverArrived(language=language)
    payee_id = _payee_of(attempts)
    foreseen = _foreseen(attempts[0].amount or 0, user_id, payee_id, by, attempts)
    return of_attempt(attempts[0], foreseen, language=language)


def _of_standing(own: Transfer, language: str) -> Explained:
    state = "Done"
    if own.status == HELD:
        state = "Waiting"
    elif own.status == RELEASED:
        state = "Cancelled" if own.ended_why == CANCELLED else "Returned"
    facts = {"arrives_at": own.arrives_at} if own.arrives_at else {}
    return of_standing(TRANSFER, own, state, facts, language=language)


def _payee_of(attempts: list[FailedAttempt]) -> str:
    """Whom a refused transfer was for; not known of one whose pay password was not proven."""
    return next((one.about["payee_id"] for one in attempts if "payee_id" in one.about), "")


def _foreseen(
    amount: int, user_id: str, payee_id: str, by: Asker, attempts: list[FailedAttempt]
) -> Foreseen:
    own_rules: list[Rule] = [
        lambda: _check_code(attempts),
        lambda: check_transfer_amount(amount),
    ]
    new_payee = False
    if payee_id:
        its_key, known_key = account_key(payee_id), known_payee_key(user_id, payee_id)
        found = read([its_key, known_key])
        payee, new_payee = found.one(Account, its_key), not is_known(found, known_key)
        own_rules.insert(0, lambda: _check_payee(payee, user_id))
    limit = on_device(transfer_day_limit(), by.seen)
    return foresee(TRANSFER, amount, by=by, limit=limit, own_rules=own_rules, new_payee=new_payee)


def _check_code(attempts: list[FailedAttempt]) -> None:
    """What was asked for by a code that is over, or asked for something else, never passes."""
    for attempt in attempts:
        if int(attempt.about.get("code_expires_at", clock.seconds() + 1)) <= clock.seconds():
            raise QrExpired
        if attempt.refusal == OtherAmountAsked.__name__:
            raise OtherAmountAsked(**attempt.facts)


def _check_payee(payee: Account | None, user_id: str) -> None:
    if not receives(payee):
        raise PayeeNotFound
    if payee is not None and payee.account_id == user_id:
        raise SelfTransfer
