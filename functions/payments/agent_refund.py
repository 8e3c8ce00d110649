"""Refunds that people of ours decide on, when a merchant does not give back what it should.

Any agent may propose one; whoever of finance proposes it counts as one of the two of finance that
it takes. It is a refund as the merchant's own: out of its balance, counted with all others of the
order, and seen by the payer in the statement.
"""

from collections.abc import Sequence

from functions.agents.actor import FINANCE, Actor
from functions.agents.approvals import Approved, Proposal, Subject, action, propose
from functions.agents.approvals.states import current as current_approval
from functions.payments.models import AgentRefundRequest, RefundRequest
from functions.payments.orders import current
from functions.payments.records import Order
from functions.payments.refund import check_refundable, refund
from shared.errors import NotFound, Texts
from shared.table import Write

_KIND = "order_refund"


def propose_refund(order: Order, request: AgentRefundRequest, *, by: Actor) -> str:
    """Once for each reference of an order; gives the id of the approval.

    Raises OrderNotPaid, ReversalExceedsOriginal, TooManyRefunds, OwnAccount, IdempotencyKeyReused.
    """
    proposal = _proposal(order, request)
    if not _is_there(proposal.approval_id):
        check_refundable(order, request.amount)
    return propose(proposal, by=by)


@action(_KIND, title=Texts("订单退款", "Refund of an order"), role=FINANCE)
def give_back(approved: Approved, done: Sequence[Write]) -> None:
    """Refunds what was approved, once. Raises what a refund by the merchant raises."""
    what = approved.what
    request = RefundRequest(
        # No number of a merchant's has a slash.
        merchant_refund_id=f"u-wallet/{approved.approval_id}",
        amount=what["amount"],
        reason=what["reason"],
    )
    refund(current(approved.subject_id), request, together_with=done)


def _proposal(order: Order, request: AgentRefundRequest) -> Proposal:
    return Proposal(
        kind=_KIND,
        key=f"{order.order_id} {request.reference}",
        subject=Subject("order", order.order_id),
        what={
            "amount": request.amount,
            "currency": order.currency,
            "reason": request.reason,
            "reference": request.reference,
            "order_amount": order.amount,
            "order_subject": order.subject,
            "merchant_id": order.merchant_id,
            "merchant_name": order.merchant_name,
            "payer_id": order.payer_id,
        },
        owners=(order.payer_id,) if order.payer_id else (),
    )


def _is_there(approval_id: str) -> bool:
    try:
        current_approval(approval_id)
    except NotFound:
        return False
    return True
