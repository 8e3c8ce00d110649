"""What the bank says of a withdrawal, kept in whatever order and however often it comes.

A word is kept before anything follows from it, so a process that dies in between loses nothing.
"""

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.withdrawals.progress import looked_at
from functions.withdrawals.records import (
    ACCEPTED,
    PAID,
    PENDING,
    REJECTED,
    REVERSED,
    SUBMITTED,
    UNKNOWN,
    Withdrawal,
    at,
    becoming,
    current,
)
from shared.bank.port import Payout
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.observability import count, logger
from shared.table import change

_TRIES = 5
# After which words each is news. All others of the bank's are late, unless they contradict.
_FOLLOWS: dict[str, tuple[str | None, ...]] = {
    ACCEPTED: (None,),
    PAID: (None, ACCEPTED),
    REJECTED: (None, ACCEPTED),
    REVERSED: (None, ACCEPTED, PAID),
}
_CONTRADICT = ({REJECTED, PAID}, {REJECTED, REVERSED})


class PayoutContradicted(Problem):
    """Money may be at the wrong place: people must find out what happened."""

    status = 409
    code = "PAYOUT_CONTRADICTED"
    title = Texts("付款结果矛盾", "Contradiction")
    detail = Texts(
        "此结果与这笔付款先前的结果或金额矛盾。",
        "This contradicts what is known of the payout: its amount, or how it ended.",
    )


def hear(withdrawal: Withdrawal, payout: Payout) -> Withdrawal:
    """Keeps the word if it is news; gives the withdrawal as it stands then.

    Raises PayoutContradicted, ServiceUnavailable.
    """
    for _ in range(_TRIES):
        _check(withdrawal, payout)
        if withdrawal.word not in _FOLLOWS[payout.status] or _kept(withdrawal, payout):
            return withdrawal
        withdrawal = current(withdrawal)
    raise ServiceUnavailable


def reject(withdrawal: Withdrawal, reason: str, *, only_if: Condition) -> Withdrawal:
    """Our own word that the bank will never have it; gives the withdrawal as it stands then.

    reason: a code of the bank's, or one of ours. only_if: what makes that sure.
    """
    actions: list[Action] = [
        Withdrawal.word.set(REJECTED),
        Withdrawal.reason.set(reason),
        *looked_at(withdrawal),
    ]
    only_if &= Withdrawal.word.does_not_exist()
    rejected = at(withdrawal)
    return rejected if change(rejected, actions, only_if) else current(withdrawal)


def word_as_read(withdrawal: Withdrawal) -> Condition:
    """That nothing was said of it since it was read."""
    nothing: Condition = Withdrawal.word.does_not_exist()
    return Withdrawal.word == withdrawal.word if withdrawal.word else nothing


def _kept(withdrawal: Withdrawal, payout: Payout) -> bool:
    """Fills `withdrawal` as it stands when it was kept."""
    actions: list[Action] = [
        Withdrawal.word.set(payout.status),
        Withdrawal.payout_id.set(payout.payout_id),
        *looked_at(withdrawal),
    ]
    if payout.reason is not None:
        actions.append(Withdrawal.reason.set(payout.reason))
    if withdrawal.status in (PENDING, UNKNOWN) and payout.status != REJECTED:
        actions += becoming(SUBMITTED)
    as_read = Withdrawal.status == withdrawal.status
    return change(withdrawal, actions, as_read & word_as_read(withdrawal))


def _check(withdrawal: Withdrawal, payout: Payout) -> None:
    same = (payout.reference, payout.amount) == (withdrawal.withdrawal_id, withdrawal.money)
    if same and {payout.status, withdrawal.word} not in _CONTRADICT:
        return
    fields = {"withdrawal_id": withdrawal.withdrawal_id, "word": payout.status}
    logger.error("payout_contradicted", extra=fields)
    count("PayoutsContradicted")
    raise PayoutContradicted
