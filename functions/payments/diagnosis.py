"""Why a payment failed, and whether it would pass now."""

from typing import Final

from functions.diagnosis.attempts import FailedAttempt, attempts_of
from functions.diagnosis.dry_run import Asker, Foreseen, Rule, foresee
from functions.diagnosis.explanation import (
    NeverArrived,
    of_attempt,
    of_refused,
    of_standing,
    what_failed,
)
from functions.diagnosis.models import Explained
from functions.payments.collection import MerchantNotActive, OrderNotFound, check_payable
from functions.payments.limits import payment_limit, with_password
from functions.payments.orders import payable_by
from functions.payments.records import CODE, STATIC, Order, order_key
from functions.wallet.limits import check_payment_amount
from shared.diagnosis import explain, of_state
from shared.errors import Problem
from shared.ledger.accounts import receives
from shared.ledger.posting import find
from shared.ledger.records import REFUSED, Account, Transfer, account_key
from shared.table import read

PAYMENT: Final = "payment"


def explained(
    payment_id: str,
    transfer: Transfer | None,
    *,
    user_id: str,
    by: Asker,
    language: str,
    charge: Order | None = None,
) -> Explained:
    """What became of a payment of `user_id`, from the records as they stand.

    transfer, charge: what stands under the id, whosever it is. Raises NeverArrived.
    """
    if charge and (charge.kind, charge.payer_id) == (CODE, user_id):
        if not charge.payment_id:
            return _of_charge(charge, user_id, by, language)
        transfer = find(charge.payment_id)
    own = transfer if transfer and (transfer.kind, transfer.debit) == (PAYMENT, user_id) else None
    if own is not None:
        return _of_transfer(own, by, language)
    # The same is read for what never was and for what is somebody else's.
    attempts = [one for one in attempts_of(user_id, payment_id) if one.kind == PAYMENT]
    if not attempts:
        raise NeverArrived(language=language)
    return of_attempt(attempts[0], _of_asked(attempts[0], by), language=language)


def _of_transfer(own: Transfer, by: Asker, language: str) -> Explained:
    if own.status == REFUSED:
        order = _order(own.reference, own.debit)
        foreseen = (
            _of_order(order, own.debit, by)
            if order
            else _of_stall(own.credit, own.amount, by, name=own.credit_label or "")
        )
        return of_refused(PAYMENT, own, foreseen, language=language)
    returned = own.reversed_amount
    state = "Refunded" if returned else "Done"
    return of_standing(PAYMENT, own, state, {"refunded": returned}, language=language)


def _of_charge(charge: Order, payer_id: str, by: Asker, language: str) -> Explained:
    """A charge that waits for its payer's word, or has ended without it."""
    diagnosis = of_state(
        "Confirming", "USER_CONFIRMING", {"merchant": charge.merchant_name}, language=language
    )
    try:
        check_payable(charge, payer_id=payer_id)
    except Problem as problem:
        diagnosis = explain(problem, language=language)
    return what_failed(
        PAYMENT,
        charge.order_id,
        amount=charge.amount,
        created_at=charge.created_at,
        diagnosis=diagnosis,
        foreseen=_of_order(charge, payer_id, by),
        language=language,
    )


def _of_asked(attempt: FailedAttempt, by: Asker) -> Foreseen:
    """What an attempt asked for: an order, or a merchant whose printed code was scanned."""
    about = attempt.about
    if merchant_id := about.get("merchant_id"):
        return _of_stall(merchant_id, attempt.amount or 0, by)
    order = _order(about["order_id"], attempt.user_id)
    return _of_order(order, attempt.user_id, by) if order else Foreseen([OrderNotFound()])


def _order(order_id: str | None, payer_id: str) -> Order | None:
    """An order that somebody may pay; of a charge that is its payer alone."""
    if order_id is None:
        return None
    key = order_key(order_id)
    try:
        return payable_by(read([key]).one(Order, key), payer_id)
    except OrderNotFound:
        return None


def _of_order(order: Order, payer_id: str, by: Asker) -> Foreseen:
    kind, amount = str(order.kind), order.amount
    return _foreseen(
        kind,
        amount,
        order.merchant_id,
        order.merchant_name,
        by,
        lambda: check_payable(order, payer_id=payer_id),
    )


def _of_stall(merchant_id: str, amount: int, by: Asker, *, name: str = "") -> Foreseen:
    return _foreseen(STATIC, amount, merchant_id, name, by)


def _foreseen(
    kind: str, amount: int, merchant_id: str, name: str, by: Asker, *more: Rule
) -> Foreseen:
    own_rules = [
        *more,
        lambda: check_payment_amount(amount),
        lambda: _check_merchant(merchant_id, name),
    ]
    limit = payment_limit(kind, with_password(by.seen), by.seen)  # type: ignore[arg-type]  # ours
    return foresee(PAYMENT, amount, by=by, limit=limit, own_rules=own_rules)


def _check_merchant(merchant_id: str, name: str) -> None:
    key = account_key(merchant_id, 0)
    if not receives(read([key]).one(Account, key)):
        raise MerchantNotActive(merchant=name)
