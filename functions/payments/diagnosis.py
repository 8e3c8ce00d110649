"""Why a payment failed, and whether it would pass now."""

from typing import Final

from functions.diagnosis.attempts import attempts_of
from functions.diagnosis.dry_run import Asker, Foreseen, Rule, foresee
from functions.diagnosis.explanation import NeverArrived, of_attempt, of_refused, of_standing
from functions.diagnosis.models import Explained
from functions.payments.collection import MerchantNotActive, OrderNotFound, check_payable
from functions.payments.records import Order, order_key
from functions.wallet.limits import check_payment_amount, on_device, payment_day_limit
from shared.ledger.accounts import receives
from shared.ledger.records import REFUSED, Account, Transfer, account_key
from shared.table import read

PAYMENT: Final = "payment"


def explained(
    payment_id: str, transfer: Transfer | None, *, user_id: str, by: Asker, language: str
) -> Explained:
    """What became of a payment of `user_id`, from the records as they stand.

    transfer: what stands under the id, whosever it is. Raises NeverArrived.
    """
    own = transfer if transfer and (transfer.kind, transfer.debit) == (PAYMENT, user_id) else None
    if own is not None:
        return _of_transfer(own, by, language)
    # The same is read for what never was and for what is somebody else's.
    attempts = [one for one in attempts_of(user_id, payment_id) if one.kind == PAYMENT]
    if not attempts:
        raise NeverArrived(language=language)
    order_id, amount = str(attempts[0].about["order_id"]), attempts[0].amount
    foreseen = _of_order(order_id, user_id, by, amount=None if amount is None else int(amount))
    return of_attempt(attempts[0], foreseen, language=language)


def _of_transfer(own: Transfer, by: Asker, language: str) -> Explained:
    if own.status == REFUSED:
        amount = int(own.amount)
        foreseen = _of_order(own.reference, own.debit, by, amount=amount, merchant_id=own.credit)
        return of_refused(PAYMENT, own, foreseen, language=language)
    returned = int(own.reversed_amount)
    state = "Refunded" if returned else "Done"
    return of_standing(PAYMENT, own, state, {"refunded": returned}, language=language)


def _of_order(
    order_id: str | None, payer_id: str, by: Asker, *, amount: int | None, merchant_id: str = ""
) -> Foreseen:
    """merchant_id: known where the payment itself was refused; then the order need not exist."""
    order: Order | None = None
    if order_id is not None:
        key = order_key(order_id)
        order = read([key]).one(Order, key)
    if order is None and not merchant_id:
        return Foreseen([OrderNotFound()])
    payee_id = merchant_id if order is None else order.merchant_id
    asked = int(order.amount) if order else int(amount or 0)
    own_rules: list[Rule] = [
        lambda: check_payment_amount(asked),
        lambda: _check_merchant(payee_id, "" if order is None else order.merchant_name),
    ]
    if order is not None:
        own_rules.insert(0, lambda: check_payable(order, payer_id=payer_id))
    limit = on_device(payment_day_limit(), by.seen)
    return foresee(PAYMENT, asked, by=by, limit=limit, own_rules=own_rules)


def _check_merchant(merchant_id: str, name: str) -> None:
    key = account_key(merchant_id, 0)
    if not receives(read([key]).one(Account, key)):
        raise MerchantNotActive(merchant=name)
