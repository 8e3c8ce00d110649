"""Why no money came: what the bank says, in words for the user."""

from shared.bank.port import BankRefusal, Charge
from shared.errors import Problem, ServiceUnavailable, Texts


class CardLacksFunds(Problem):
    status = 422
    code = "INSUFFICIENT_FUNDS"
    title = Texts("银行卡余额不足", "Insufficient funds on the card")
    detail = Texts(
        "银行卡余额不足，请更换银行卡或降低金额。",
        "The card does not have so much. Take another card, or a smaller amount.",
    )


class CardFrozen(Problem):
    status = 422
    code = "CARD_FROZEN"
    title = Texts("银行卡已冻结", "Card frozen")
    detail = Texts(
        "银行卡已被银行冻结，请联系发卡银行。",
        "The bank has frozen this card. Please ask the bank.",
    )


class CardExpired(Problem):
    status = 422
    code = "CARD_EXPIRED"
    title = Texts("银行卡已过期", "Card expired")
    detail = Texts("银行卡已过期，请更换银行卡。", "The card has expired. Take another one.")


class CardNotBound(Problem):
    status = 422
    code = "CARD_NOT_BOUND"
    title = Texts("银行卡已解绑", "Card no longer bound")
    detail = Texts(
        "银行卡已在银行解绑，请重新绑定。",
        "The card is not bound at the bank any more. Bind it again.",
    )


class CardDeclined(Problem):
    """All that the bank may say beyond the codes above; it is in `diagnosis`."""

    status = 422
    code = "CARD_DECLINED"
    title = Texts("银行拒绝扣款", "Declined by the bank")
    detail = Texts(
        "银行拒绝了这笔扣款，请更换银行卡。", "The bank declined this charge. Take another card."
    )


class TopUpExpired(Problem):
    status = 422
    code = "TOP_UP_EXPIRED"
    title = Texts("充值已过期", "Top-up expired")
    detail = Texts(
        "这笔充值未能及时完成，没有扣款。请重新发起充值。",
        "This top-up was not completed in time, and no money was taken. Please top up anew.",
    )


class CheckoutDeclined(Problem):
    """The platform does not take the order; what it said is in `diagnosis`."""

    status = 422
    code = "CHECKOUT_DECLINED"
    title = Texts("平台未受理", "Declined by the platform")
    detail = Texts(
        "支付平台未受理这笔充值，没有扣款。请使用其他方式。",
        "The payment platform did not take this top-up, and no money was taken. Use another way.",
    )


class AmountDiffers(Problem):
    status = 422
    code = "AMOUNT_DIFFERS"
    title = Texts("金额不符", "Another amount")
    detail = Texts(
        "实际支付的金额与充值金额不符，款项将原路退回。",
        "What was paid is not what was asked for. It goes back to where it came from.",
    )


class ProviderUnavailable(ServiceUnavailable):
    """The bank or the platform is away, and has surely taken nothing. provider: `bank`, `alipay`
    or `wechat_pay`.
    """

    def __init__(self, *, provider: str) -> None:
        Problem.__init__(self, retry_after=1, provider=provider)


_KINDS: dict[str, type[Problem]] = {
    kind.code: kind for kind in (CardLacksFunds, CardFrozen, CardExpired, CardNotBound)
}


def refusal_of(no: Charge | BankRefusal, *, bank: str | None, last4: str | None) -> Problem:
    """What a bank's no to charge a card means to the user."""
    code = no.code if isinstance(no, BankRefusal) else str(no.reason)
    kind = _KINDS.get(code)
    refusal = kind() if kind else CardDeclined(diagnosis={"bank_code": code})
    refusal.values.update(bank=bank or "", last4=last4 or "")
    return refusal
