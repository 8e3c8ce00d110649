"""Money that came and that the wallet could not take goes back to where it came from.

It waits in the suspense account meanwhile. It leaves that account when the bank or the platform
says that it is back, and not when that was asked for.
"""

from functions.topups.ending import booking_id
from functions.topups.records import FAILED, PENDING, SUCCEEDED, TopUp, at
from shared.bank import get_bank
from shared.bank import port as bank_port
from shared.ledger import FromSystem, ToSystem, reverse
from shared.ledger.accounts import SUSPENSE
from shared.ledger.posting import reversal_id
from shared.money import Money
from shared.observability import count, logger
from shared.platforms import get_platform
from shared.platforms import port as platform_port
from shared.table import change

_ONCE = "refund"  # what it is reversed for, of which there is one
_REFERENCE_PREFIX = "rf_"


def refund_reference(top_up_id: str) -> str:
    """What the bank or the platform knows the refund of a top-up by."""
    return f"{_REFERENCE_PREFIX}{top_up_id}"


def refund_transfer_id(reference: str) -> str:
    """The id of the transfer that books a refund, by its reference."""
    return reversal_id(booking_id(reference.removeprefix(_REFERENCE_PREFIX)), _ONCE)


def send_back(top_up: TopUp) -> None:
    """Asks for the refund of a top-up, or how far it is; as often as need be, it is made once.

    Raises what bank and platform raise.
    """
    amount = Money(amount=top_up.received, currency=top_up.currency)
    refund = _refund(top_up, amount)
    if refund.status == "accepted":
        return
    if refund.status == "succeeded":
        reverse(
            booking_id(top_up.top_up_id),
            amount=amount,
            idempotency_key=_ONCE,
            debit=FromSystem(SUSPENSE),
            credit=ToSystem(top_up.settlement_account),
            kind="refund",
        )
    _end(top_up, SUCCEEDED if refund.status == "succeeded" else FAILED)


def _refund(top_up: TopUp, amount: Money) -> bank_port.Refund | platform_port.Refund:
    reference, paid_as = refund_reference(top_up.top_up_id), top_up.top_up_id
    if top_up.platform is None:
        bank = get_bank()
        return bank.find_refund(reference) or bank.refund_charge(
            reference=reference, charge_reference=paid_as, amount=amount
        )
    platform = get_platform(top_up.platform)
    return platform.find_refund(reference=reference, payment_reference=paid_as) or platform.refund(
        reference=reference, payment_reference=paid_as, amount=amount
    )


def _end(top_up: TopUp, status: str) -> None:
    ended = [
        TopUp.refund_status.set(status),
        TopUp.due_shard.remove(),
        TopUp.due_at.remove(),
    ]
    if not change(at(top_up), ended, TopUp.refund_status == PENDING):
        return
    count("TopUpRefunds", outcome=status)
    if status == FAILED:
        # The money stays in suspense until somebody finds another way for it.
        logger.error("refund_failed", extra={"top_up_id": top_up.top_up_id})
        count("RefundsFailed")
