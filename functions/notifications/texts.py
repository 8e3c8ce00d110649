"""The words of notifications, in both languages, made from the facts when somebody reads them.

None holds a link or a balance: a text may light up on a screen that others see.
"""

from typing import NamedTuple

from functions.notifications.records import MOVED, Notification
from shared.errors import Texts
from shared.ledger.records import IN, OUT
from shared.money import display


class Wording(NamedTuple):
    """A notification in one language."""

    title: str
    text: str


class _Words(NamedTuple):
    title: Texts
    text: Texts


_SOMEBODY = Texts("U钱包", "U Wallet")
_MOVED = {
    ("transfer", IN): _Words(
        Texts("收到转账", "Money received"),
        Texts("收到{name}的转账 {amount}。", "You received {amount} from {name}."),
    ),
    ("transfer", OUT): _Words(
        Texts("转账成功", "Money sent"),
        Texts("已向{name}转账 {amount}。", "You sent {amount} to {name}."),
    ),
    ("top_up", IN): _Words(
        Texts("充值到账", "Top-up received"),
        Texts("{name}充值 {amount} 已到账。", "{amount} came in from {name}."),
    ),
    ("withdrawal", OUT): _Words(
        Texts("提现到账", "Withdrawal paid"),
        Texts("提现 {amount} 已转入{name}。", "{amount} was paid out to {name}."),
    ),
    ("payment", OUT): _Words(
        Texts("付款成功", "Payment made"),
        Texts("已向{name}付款 {amount}。", "You paid {amount} to {name}."),
    ),
    ("payment", IN): _Words(
        Texts("收款到账", "Payment received"),
        Texts("收到{name}付款 {amount}。", "{name} paid you {amount}."),
    ),
    ("refund", IN): _Words(
        Texts("退款到账", "Refund received"),
        Texts("{name}已退款 {amount}。", "{name} refunded {amount} to you."),
    ),
    ("refund", OUT): _Words(
        Texts("退款已支出", "Refund made"),
        Texts("已向{name}退款 {amount}。", "You refunded {amount} to {name}."),
    ),
    ("fee", OUT): _Words(
        Texts("手续费", "Fee"),
        Texts("已收取手续费 {amount}。", "A fee of {amount} was charged."),
    ),
    ("reversal", IN): _Words(
        Texts("资金退回", "Money returned"),
        Texts("{amount} 已退回您的余额。", "{amount} was returned to your balance."),
    ),
    ("reversal", OUT): _Words(
        Texts("资金冲回", "Money taken back"),
        Texts("先前入账的 {amount} 已被冲回。", "{amount} that had come in was taken back."),
    ),
    ("wealth", OUT): _Words(
        Texts("理财申购", "Savings subscribed"),
        Texts("已申购理财 {amount}。", "{amount} went into your savings product."),
    ),
    ("wealth", IN): _Words(
        Texts("理财赎回到账", "Savings redeemed"),
        Texts("理财赎回 {amount} 已到账。", "{amount} came back from your savings product."),
    ),
}
# A kind without words of its own is told all the same.
_IN = _Words(
    Texts("资金入账", "Money in"),
    Texts("您的账户收入 {amount}。", "{amount} came into your account."),
)
_OUT = _Words(
    Texts("资金支出", "Money out"), Texts("您的账户支出 {amount}。", "{amount} left your account.")
)
_RETURNED = {
    ("withdrawal", "failed"): _Words(
        Texts("提现未成功", "Withdrawal failed"),
        Texts(
            "提现未成功，{amount} 已退回您的余额。",
            "Your withdrawal failed. {amount} is in your balance again.",
        ),
    ),
    ("withdrawal", "cancelled"): _Words(
        Texts("提现已取消", "Withdrawal cancelled"),
        Texts(
            "提现已取消，{amount} 已退回您的余额。",
            "Your withdrawal was cancelled. {amount} is in your balance again.",
        ),
    ),
    ("transfer", "failed"): _Words(
        Texts("转账未到账", "Transfer failed"),
        Texts(
            "向{name}的转账未能到账，{amount} 已退回您的余额。",
            "Your transfer to {name} did not arrive. {amount} is in your balance again.",
        ),
    ),
    ("transfer", "cancelled"): _Words(
        Texts("转账已撤销", "Transfer cancelled"),
        Texts(
            "向{name}的转账已撤销，{amount} 已退回您的余额。",
            "Your transfer to {name} was cancelled. {amount} is in your balance again.",
        ),
    ),
}
_BACK = _Words(
    Texts("资金解冻", "Money released"),
    Texts(
        "冻结的 {amount} 已退回您的余额。", "{amount} that was on hold is in your balance again."
    ),
)


def wording(notification: Notification, language: str) -> Wording:
    """language: `zh` or `en`."""
    words = _words(notification)
    name = notification.counterparty or _SOMEBODY.in_language(language, {})
    amount = display(notification.amount, notification.currency)
    return Wording(
        words.title.in_language(language, {}),
        words.text.in_language(language, {"name": name, "amount": amount}),
    )


def _words(notification: Notification) -> _Words:
    if notification.outcome != MOVED:
        return _RETURNED.get((notification.kind, notification.outcome), _BACK)
    otherwise = _IN if notification.direction == IN else _OUT
    return _MOVED.get((notification.kind, str(notification.direction)), otherwise)
