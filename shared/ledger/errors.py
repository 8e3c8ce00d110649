"""The rules of the ledger that a request can break."""

from shared.errors import Problem, Texts


class InsufficientFunds(Problem):
    status = 422
    code = "INSUFFICIENT_FUNDS"
    title = Texts("余额不足", "Insufficient funds")
    detail = Texts(
        "可用余额不足，还差 {missing_display}。",
        "The available balance is short by {missing_display}.",
    )


class LimitExceeded(Problem):
    status = 422
    code = "LIMIT_EXCEEDED"
    title = Texts("超出限额", "Limit exceeded")
    detail = Texts(
        "超出{what_zh}限额 {limit_display}。",
        "This is above the limit {what_en} of {limit_display}.",
    )


class AccountFrozen(Problem):
    status = 403
    code = "ACCOUNT_FROZEN"
    title = Texts("账户已冻结", "Account frozen")
    detail = Texts(
        "账户已冻结，不能转出资金，请联系客服。",
        "The account is frozen and cannot send money. Please contact support.",
    )


class AccountClosed(Problem):
    """The account does not exist, or does no more."""

    status = 403
    code = "ACCOUNT_CLOSED"
    title = Texts("账户已注销", "Account closed")
    detail = Texts("账户不存在或已注销。", "The account does not exist or has been closed.")


class CreditRefused(Problem):
    """The account to be credited does not exist, or does no more."""

    status = 422
    code = "PAYEE_NOT_FOUND"
    title = Texts("收款方不存在", "Payee not found")
    detail = Texts("没有可以收款的账户。", "There is no account that can receive this money.")


class HoldEnded(Problem):
    """A hold was settled or released before, and not the way it is asked for now."""

    status = 409
    code = "HOLD_ENDED"
    title = Texts("资金冻结已结束", "Hold already ended")
    detail = Texts(
        "这笔冻结资金已经结束处理（{ended}）。", "The held money has been dealt with: {ended}."
    )


class ReversalExceedsOriginal(Problem):
    status = 422
    code = "REVERSAL_EXCEEDS_ORIGINAL"
    title = Texts("退回金额超出原金额", "More than the original")
    detail = Texts(
        "最多还可退回 {left_display}。", "At most {left_display} of the original can still go back."
    )
