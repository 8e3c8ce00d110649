"""Telling owners how their withdrawals went, by SMS in their language.

What is told is marked after it was sent, so a message may come twice, and never not at all. None
holds a link: people must not learn to follow one out of a message.
"""

from functions.identity.notices import text_user
from functions.withdrawals.ending import NOT_DUE
from functions.withdrawals.hearing import word_as_read
from functions.withdrawals.progress import Outcome, outcome_of
from functions.withdrawals.records import FAILED, PAID, REVERSED, Withdrawal, at, current
from shared.diagnosis import diagnose
from shared.errors import Texts
from shared.money import display
from shared.table import change

_TEXTS = {
    PAID: Texts(
        "【U钱包】您提现的 {amount} 已到账 {bank}（尾号 {last4}）。",
        "U Wallet: your withdrawal of {amount} has arrived at {bank} ({last4}).",
    ),
    FAILED: Texts(
        "【U钱包】您提现的 {amount} 未成功，资金已退回钱包。原因：{cause}",
        "U Wallet: your withdrawal of {amount} failed, and the money is back in your wallet. "
        "{cause}",
    ),
    REVERSED: Texts(
        "【U钱包】您提现的 {amount} 到账后被银行退回，本金和手续费已退回钱包。原因：{cause}",
        "U Wallet: your withdrawal of {amount} had arrived, but the bank sent it back. Amount and "
        "fee are in your wallet again. {cause}",
    ),
}
_OVERDUE = Texts(
    "【U钱包】您提现的 {amount} 未按时到账 {bank}（尾号 {last4}）。我们正在向银行核实，您无需再次"
    "提现，有结果会立即通知您。",
    "U Wallet: your withdrawal of {amount} to {bank} ({last4}) is late. We are asking the bank. "
    "Please don't withdraw it again; we tell you as soon as we know.",
)


def tell(withdrawal: Withdrawal) -> Withdrawal:
    """Tells of the end that it has; of a cancelled one its owner knows already.

    Gives the withdrawal as it stands then. Raises ServiceUnavailable.
    """
    if outcome_of(withdrawal) is not Outcome.ENDED:
        return withdrawal
    if texts := _TEXTS.get(withdrawal.status):
        _send(withdrawal, texts)
    told = at(withdrawal)
    ending = [Withdrawal.told.set(withdrawal.status), *NOT_DUE]
    # A word that came since has somebody look at it once more.
    unchanged = (Withdrawal.status == withdrawal.status) & word_as_read(withdrawal)
    return told if change(told, ending, unchanged) else current(withdrawal)


def tell_overdue(withdrawal: Withdrawal) -> None:
    """Raises ServiceUnavailable."""
    _send(withdrawal, _OVERDUE)


def _send(withdrawal: Withdrawal, texts: Texts) -> None:
    values = {
        "amount": display(int(withdrawal.amount), withdrawal.currency),
        "bank": withdrawal.bank,
        "last4": withdrawal.last4,
    }

    def text(language: str) -> str:
        cause = diagnose(withdrawal.reason, language=language).cause
        return texts.in_language(language, values | {"cause": cause})

    text_user(withdrawal.user_id, text)
