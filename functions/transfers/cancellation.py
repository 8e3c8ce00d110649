"""Taking a delayed transfer back, until it arrives."""

from functions.transfers.transfer import CANCELLED, visible
from shared.errors import NotFound, Problem, Texts
from shared.ledger.errors import HoldEnded
from shared.ledger.holding import release
from shared.ledger.records import HELD, RELEASED, Transfer
from shared.observability import count


class NotCancellable(Problem):
    status = 409
    code = "NOT_CANCELLABLE"
    title = Texts("不能撤销", "Cannot be cancelled")
    detail = Texts(
        "只有尚未到账的延时转账可以撤销。",
        "Only a delayed transfer that has not arrived yet can be cancelled.",
    )


def cancel(transfer: Transfer | None, user_id: str) -> Transfer:
    """Gives the money back to the payer. A second cancel changes nothing and answers the same.

    Raises NotFound to everybody but the payer, NotCancellable when it has arrived or failed.
    """
    seen = visible(transfer, user_id)
    if seen.debit != user_id:
        raise NotFound
    if seen.status == RELEASED and seen.ended_why == CANCELLED:
        return seen
    if seen.status != HELD:
        raise NotCancellable
    try:
        released = release(seen.transfer_id, why=CANCELLED)
    except HoldEnded as error:
        raise NotCancellable from error
    if released.ended_why != CANCELLED:
        raise NotCancellable
    count("TransfersCancelled")
    return released
