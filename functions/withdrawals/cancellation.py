"""Taking a withdrawal back, until the bank may have it."""

from functions.withdrawals.ending import give_back
from functions.withdrawals.records import CANCELLED, PENDING, Withdrawal
from shared.errors import Problem, Texts


class WithdrawalNotCancellable(Problem):
    status = 409
    code = "NOT_CANCELLABLE"
    title = Texts("不能撤销", "Cannot be cancelled")
    detail = Texts(
        "只有尚未提交银行的提现可以撤销。",
        "Only a withdrawal that has not gone to the bank yet can be cancelled.",
    )


def cancel(withdrawal: Withdrawal) -> Withdrawal:
    """Gives everything back to its owner. A second cancel changes nothing and answers the same.

    Raises WithdrawalNotCancellable, ServiceUnavailable.
    """
    if withdrawal.status == PENDING:
        not_at_bank = (Withdrawal.status == PENDING) & Withdrawal.sending_since.does_not_exist()
        withdrawal = give_back(withdrawal, CANCELLED, why=CANCELLED, only_if=not_at_bank)
    if withdrawal.status != CANCELLED:
        raise WithdrawalNotCancellable
    return withdrawal
