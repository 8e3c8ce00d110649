"""Why money does not move: every cause there is, in words for the person it happens to.

`REFUSALS` are the wallet's own, by the name of their problem; `BANK` is what banks answer, and what
became of things later. Places like `{missing}` are filled from the facts of a case; where a list of
texts stands, the first counts whose places can all be filled.
"""

from typing import Literal, NamedTuple

from shared.errors import Texts

Mender = Literal["you", "bank", "merchant", "support", "nobody"]
Wording = Texts | list[Texts]


class Cause(NamedTuple):
    """who_can_mend: `nobody` where waiting is all there is to do. safe_to_retry: the same may be
    asked for anew, as it is: nothing is paid twice, and it may succeed.
    """

    cause: Wording
    who_can_mend: Mender
    safe_to_retry: bool
    next_step: Wording


_ANOTHER_CARD = Texts("请换一张银行卡。", "Use another card.")
_BIND_ANEW = Texts(
    "请核对后重新绑定这张银行卡，或换一张。", "Bind this card anew, or use another one."
)
_ASK_SUPPORT = Texts("请联系客服，并告知这笔交易的编号。", "Contact support, and name this record.")
_ASK_BANK = Texts(
    "请联系发卡银行解除冻结，或换一张银行卡。", "Ask your bank to release it, or use another card."
)
_LATER = Texts("请稍后再试。", "Try again later.")
_AFTER = Texts("请在 {until} 之后再试。", "Try again after {until}.")
_SAME_REQUEST = Texts(
    "请稍后用同一个请求重试，不会重复扣款。",
    "Send the same request again shortly: nothing is paid twice.",
)
_NOTHING_TO_DO = Texts("无需任何操作。", "There is nothing to do.")

UNKNOWN = Cause(
    Texts("银行没有完成这笔交易，也没有说明原因。", "The bank did not do it, and did not say why."),
    "support",
    False,
    _ASK_SUPPORT,
)

_NO_PAYEE = Cause(
    Texts(
        "没有找到可以收款的账户：它不存在，或已经注销。",
        "There is no account that can receive this: it does not exist, or has been closed.",
    ),
    "you",
    False,
    Texts(
        "请向对方核对手机号后重新转账。", "Check the phone number with the payee, then send anew."
    ),
)

REFUSALS: dict[str, Cause] = {
    # The balance, and what may be moved of it.
    "InsufficientFunds": Cause(
        [
            Texts(
                "余额不足：可用余额 {available}，还差 {missing}。",
                "The balance is short: {available} is available, {missing} is missing.",
            ),
            Texts("余额不足，还差 {missing}。", "The balance is short by {missing}."),
        ],
        "you",
        True,
        Texts(
            "请先充值至少 {missing}，或减少金额，再重新操作。",
            "Top up at least {missing}, or take a smaller amount, then ask anew.",
        ),
    ),
    "LimitExceeded": Cause(
        Texts("超出{what}限额 {limit}。", "This is above the limit {what}, which is {limit}."),
        "you",
        False,
        Texts("请减少金额，或分几次进行。", "Take a smaller amount, or do it in several parts."),
    ),
    "LimitExceeded until": Cause(
        Texts(
            "超出{what}限额 {limit}：目前还剩 {left}，{resets_at} 恢复。",
            "This is above the limit {what}, which is {limit}: {left} is left, and it begins anew "
            "at {resets_at}.",
        ),
        "you",
        True,
        Texts(
            "请把金额减到 {left} 以内，或在 {resets_at} 之后再试。",
            "Stay within {left}, or try again after {resets_at}.",
        ),
    ),
    "CoolDown": Cause(
        Texts(
            "您刚更改过账户的安全信息，在 {until} 之前每天最多可转出 {limit}。",
            "Something that protects the account was changed: until {until} at most {limit} a day "
            "can be sent.",
        ),
        "nobody",
        True,
        Texts(
            "请减少金额，或在 {until} 之后再试。", "Take a smaller amount, or try after {until}."
        ),
    ),
    # The account, and the proofs of its owner.
    "AccountFrozen": Cause(
        [
            Texts(
                "您的钱包账户自 {frozen_at} 起被冻结，不能转出资金。",
                "Your wallet has been frozen since {frozen_at} and cannot send money.",
            ),
            Texts(
                "您的钱包账户已被冻结，不能转出资金。",
                "Your wallet has been frozen and cannot send money.",
            ),
        ],
        "support",
        False,
        Texts("请联系客服解除冻结。", "Ask support to release it."),
    ),
    "AccountClosed": Cause(
        Texts("钱包账户不存在，或已经注销。", "The wallet does not exist, or has been closed."),
        "nobody",
        False,
        Texts("请使用其他账户。", "Use another account."),
    ),
    "PayPasswordNotSet": Cause(
        Texts("您还没有设置支付密码。", "You have not set a pay password yet."),
        "you",
        True,
        Texts("请先设置支付密码，再重新操作。", "Set a pay password, then ask again."),
    ),
    "WrongPayPassword": Cause(
        Texts(
            "支付密码错误，还可尝试 {tries_left} 次。",
            "The pay password was wrong. Tries left then: {tries_left}.",
        ),
        "you",
        True,
        Texts(
            "请重新输入；如忘记，请用登录密码重设支付密码。",
            "Type it again; if you forgot it, set a new one with the password for signing in.",
        ),
    ),
    "PayPasswordLocked": Cause(
        [
            Texts(
                "支付密码输错次数过多，支付锁定至 {until}。",
                "Too many wrong pay passwords: paying is locked until {until}.",
            ),
            Texts(
                "支付密码输错次数过多，支付已锁定。",
                "Too many wrong pay passwords: paying is locked.",
            ),
        ],
        "you",
        True,
        [
            Texts(
                "请在 {until} 之后再试，或用登录密码重设支付密码。",
                "Try after {until}, or set a new pay password with the password for signing in.",
            ),
            _LATER,
        ],
    ),
    "StepUpRequired": Cause(
        Texts("这笔操作还需要一次验证。", "This takes one more step of verification."),
        "you",
        True,
        Texts("请完成验证，再发送同一个请求。", "Take the step, then send the same request again."),
    ),
    "RiskBlocked": Cause(
        Texts("为保护您的账户，这笔操作没有执行。", "This was not done, to protect your account."),
        "support",
        False,
        [
            Texts(
                "如需帮助，请凭编号 {decision_id} 联系客服。",
                "If you need help, contact support with the number {decision_id}.",
            ),
            _ASK_SUPPORT,
        ],
    ),
    "TooManyRequests": Cause(
        Texts("请求过于频繁。", "There were too many requests."),
        "nobody",
        True,
        [_AFTER, _LATER],
    ),
    "UpdateRequired": Cause(
        Texts(
            "应用版本过低，最低需要 {minimum}。",
            "The app is too old; it must be {minimum} or newer.",
        ),
        "you",
        True,
        Texts("请更新应用后再试。", "Update the app, then try again."),
    ),
    # Whom it was for.
    "PayeeNotFound": _NO_PAYEE,
    "CreditRefused": _NO_PAYEE,
    "SelfTransfer": Cause(
        Texts("付款方和收款方是同一个账户。", "Payer and payee are the same account."),
        "you",
        False,
        Texts("请选择其他收款人。", "Choose another payee."),
    ),
    "MerchantNotActive": Cause(
        [
            Texts("商户“{merchant}”目前不能收款。", "{merchant} cannot be paid at present."),
            Texts("商户目前不能收款。", "The merchant cannot be paid at present."),
        ],
        "merchant",
        True,
        Texts("请联系商户，或用其他方式付款。", "Ask the merchant, or pay in another way."),
    ),
    "MerchantNotFound": Cause(
        Texts("没有找到这个商户。", "There is no such merchant."),
        "you",
        False,
        Texts("请重新扫描商户的收款码。", "Scan the merchant's code again."),
    ),
    # What a QR code says.
    "QrUnknown": Cause(
        Texts(
            "这不是本钱包的二维码，或没有扫描完整。",
            "This is no QR code of this wallet, or was not read whole.",
        ),
        "you",
        False,
        Texts("请重新扫描。", "Scan it again."),
    ),
    "QrForged": Cause(
        Texts("二维码的内容被改动过。", "What this code says was changed by somebody."),
        "you",
        False,
        Texts(
            "请勿付款，并向收款方当面索取新的二维码。",
            "Do not pay it; ask the payee in person for a new one.",
        ),
    ),
    "QrExpired": Cause(
        Texts("二维码已过期。", "The time of this code is over."),
        "you",
        False,
        Texts("请向收款方索取新的二维码。", "Ask the payee for a new one."),
    ),
    "NotACollectCode": Cause(
        Texts("这是商户或订单的二维码，不能转账。", "This is the code of a merchant or an order."),
        "you",
        False,
        Texts("请用支付功能付款。", "Pay it as a payment, not as a transfer."),
    ),
    "OtherAmountAsked": Cause(
        [
            Texts("收款码要求的金额是 {asked}。", "The code asks for {asked}."),
            Texts("金额与收款码要求的不一致。", "The amount is not what the code asks for."),
        ],
        "you",
        False,
        Texts("请按收款码的金额付款。", "Pay the amount that the code asks for."),
    ),
    # The order.
    "OrderNotFound": Cause(
        Texts("没有找到这个订单。", "There is no such order."),
        "you",
        False,
        Texts("请从商户的页面重新打开订单。", "Open the order again from the merchant's page."),
    ),
    "OrderPaid": Cause(
        [
            Texts(
                "这个订单已于 {paid_at} 由{paid_by}支付，不会再次扣款。",
                "This order was paid by {paid_by} on {paid_at}; it is not paid twice.",
            ),
            Texts("这个订单已支付，不会再次扣款。", "This order was paid; it is not paid twice."),
        ],
        "nobody",
        False,
        Texts(
            "无需再次付款；如有疑问，请联系商户。",
            "Do not pay again; if something is unclear, ask the merchant.",
        ),
    ),
    "OrderClosed": Cause(
        [
            Texts(
                "商户“{merchant}”已于 {ended_at} 关闭这个订单。",
                "{merchant} closed this order on {ended_at}.",
            ),
            Texts("商户已关闭这个订单。", "The merchant has closed this order."),
        ],
        "merchant",
        False,
        Texts("请重新下单，或联系商户。", "Order again, or ask the merchant."),
    ),
    "OrderExpired": Cause(
        [
            Texts(
                "订单的支付期限已于 {expired_at} 结束。",
                "The time to pay this order ended on {expired_at}.",
            ),
            Texts("订单的支付期限已结束。", "The time to pay this order is over."),
        ],
        "you",
        False,
        Texts("请重新下单。", "Order again."),
    ),
    # Bank cards, banks and platforms.
    "CardNotFound": Cause(
        Texts(
            "这张银行卡不在您的钱包里，可能已经解绑。",
            "This card is not in your wallet; it may have been removed.",
        ),
        "you",
        False,
        _BIND_ANEW,
    ),
    "CardNotActive": Cause(
        Texts("{card}尚未完成绑定。", "{card} is not bound yet."),
        "you",
        True,
        Texts("请先完成这张银行卡的绑定。", "Finish binding this card first."),
    ),
    "CardExpired": Cause(
        Texts("{card}已过期。", "{card} has expired."), "you", False, _ANOTHER_CARD
    ),
    "CardFrozen": Cause(
        Texts("{card}已被银行冻结。", "{card} has been frozen by the bank."),
        "bank",
        False,
        _ASK_BANK,
    ),
    "CardNotBound": Cause(
        Texts("{card}在银行已解绑。", "{card} is not bound at the bank any more."),
        "you",
        False,
        _BIND_ANEW,
    ),
    "CardLacksFunds": Cause(
        Texts("{card}余额不足。", "{card} does not have so much."),
        "you",
        True,
        Texts("请减少金额，或换一张银行卡。", "Take a smaller amount, or use another card."),
    ),
    "CardKindNotAllowed": Cause(
        Texts("不能提现到{card}：它不是借记卡。", "{card} takes no money in: it is no debit card."),
        "you",
        False,
        Texts("请换一张借记卡。", "Use a debit card."),
    ),
    "CardDeclined": Cause(
        Texts("银行拒绝了对{card}的扣款。", "The bank declined to charge {card}."),
        "bank",
        False,
        Texts("请换一张银行卡，或询问发卡银行。", "Use another card, or ask your bank."),
    ),
    "ProviderUnavailable": Cause(
        Texts(
            "{provider}暂时无法连接，没有扣款。",
            "{provider} cannot be reached at present; no money was taken.",
        ),
        "nobody",
        True,
        _SAME_REQUEST,
    ),
    "SourceNotAvailable": Cause(
        Texts("暂不支持这种充值方式。", "This way to top up is not offered at present."),
        "nobody",
        False,
        Texts("请使用其他充值方式。", "Top up in another way."),
    ),
    "CheckoutDeclined": Cause(
        Texts(
            "支付平台没有受理这笔充值，没有扣款。",
            "The payment platform did not take this top-up; no money was taken.",
        ),
        "support",
        False,
        Texts("请使用其他充值方式。", "Top up in another way."),
    ),
    "TopUpExpired": Cause(
        Texts(
            "这笔充值没有及时完成，没有扣款。",
            "This top-up was not completed in time; no money was taken.",
        ),
        "you",
        False,
        Texts("请重新发起充值。", "Top up anew."),
    ),
    "AmountDiffers": Cause(
        Texts(
            "实际支付的金额与充值金额不符，款项原路退回。",
            "What was paid is not what was asked for; it goes back to where it came from.",
        ),
        "nobody",
        False,
        _NOTHING_TO_DO,
    ),
    "FeeChanged": Cause(
        Texts(
            "手续费现在是 {fee}，与您确认的不同。",
            "The fee is {fee} by now, not what you confirmed.",
        ),
        "you",
        False,
        Texts("请重新确认后提现。", "Confirm it again, then withdraw."),
    ),
    # Ourselves.
    "ServiceUnavailable": Cause(
        Texts(
            "系统繁忙，这个请求可能没有完成。", "The service is busy; this may not have been done."
        ),
        "nobody",
        True,
        _SAME_REQUEST,
    ),
    "Problem": Cause(
        Texts("我们的系统出现意外错误。", "Something went wrong on our side."),
        "support",
        True,
        _SAME_REQUEST,
    ),
    # What a record itself says when it is asked about.
    "NeverArrived": Cause(
        Texts(
            "您的账户下没有这个编号的请求：它可能从未到达我们这里。",
            "No request of yours has this number: it may never have arrived here.",
        ),
        "you",
        True,
        Texts(
            "请查看账单；如没有这笔交易，请用同一个请求重试，最多扣款一次。",
            "Look at your statement; if it is not there, send the same request again: it is done "
            "once at the most.",
        ),
    ),
    "Done": Cause(Texts("这笔交易已经成功。", "This succeeded."), "nobody", False, _NOTHING_TO_DO),
    "Waiting": Cause(
        [
            Texts("这笔转账将于 {arrives_at} 到账。", "This transfer arrives on {arrives_at}."),
            Texts("这笔交易正在处理。", "This is on its way."),
        ],
        "nobody",
        False,
        Texts("无需操作；到账之前可以撤销。", "Nothing to do; you can cancel it until it arrives."),
    ),
    "Confirming": Cause(
        Texts(
            "商户“{merchant}”正在等待您确认这笔付款。",
            "{merchant} waits for your word on this payment.",
        ),
        "you",
        True,
        Texts("请输入支付密码确认，或拒绝。", "Confirm it with the pay password, or decline it."),
    ),
    "Cancelled": Cause(
        Texts("您已撤销这笔交易，款项已退回余额。", "You cancelled it; the money is back."),
        "nobody",
        False,
        _NOTHING_TO_DO,
    ),
    "Returned": Cause(
        Texts(
            "这笔转账未能到账，款项已退回余额。",
            "This transfer could not arrive; the money is back.",
        ),
        "you",
        False,
        Texts("请与对方核对后重新转账。", "Check with the payee, then send anew."),
    ),
    "Refunded": Cause(
        Texts("这笔付款成功，并已退款 {refunded}。", "This was paid; {refunded} of it came back."),
        "nobody",
        False,
        _NOTHING_TO_DO,
    ),
}

BANK: dict[str, Cause] = {
    "ACCOUNT_CLOSED": Cause(
        Texts("这张银行卡的账户已经销户。", "The account of this card has been closed."),
        "you",
        False,
        _ANOTHER_CARD,
    ),
    "ACCOUNT_FROZEN": Cause(
        Texts("这张银行卡的账户已被银行冻结。", "The bank has frozen the account of this card."),
        "bank",
        False,
        _ASK_BANK,
    ),
    "WRONG_CARD_NUMBER": Cause(
        Texts("银行没有找到这个卡号。", "The bank knows no card of this number."),
        "you",
        False,
        _BIND_ANEW,
    ),
    "WRONG_NAME": Cause(
        Texts(
            "持卡人姓名与银行记录不一致。",
            "The name of the holder is not the one that the bank has.",
        ),
        "you",
        False,
        Texts(
            "请使用本人的银行卡，并按银行登记的姓名重新绑定。",
            "Use a card of your own, bound under the name that the bank has.",
        ),
    ),
    "CARD_EXPIRED": Cause(
        Texts("这张银行卡已过期。", "This card has expired."), "you", False, _ANOTHER_CARD
    ),
    "CARD_FROZEN": Cause(
        Texts("这张银行卡已被银行冻结。", "The bank has frozen this card."),
        "bank",
        False,
        _ASK_BANK,
    ),
    "CARD_NOT_BOUND": Cause(
        Texts("这张银行卡在银行已解绑。", "This card is not bound at the bank any more."),
        "you",
        False,
        _BIND_ANEW,
    ),
    "CARD_KIND_NOT_ALLOWED": Cause(
        Texts("银行不允许向这种银行卡付款。", "The bank does not pay out to this kind of card."),
        "you",
        False,
        Texts("请换一张借记卡。", "Use a debit card."),
    ),
    "LIMIT_EXCEEDED": Cause(
        Texts(
            "超出了银行对这张银行卡的限额。", "This is above what the bank allows for this card."
        ),
        "you",
        True,
        Texts(
            "请减少金额，或明天再试，也可以请银行提高限额。",
            "Take a smaller amount, or try tomorrow, or ask your bank for a higher limit.",
        ),
    ),
    "BANK_UNAVAILABLE": Cause(
        Texts("银行系统暂时不可用。", "The bank could not be reached."),
        "nobody",
        True,
        _LATER,
    ),
    "WALLET_FROZEN": Cause(
        Texts("您的钱包账户已被冻结。", "Your wallet has been frozen."),
        "support",
        False,
        _ASK_SUPPORT,
    ),
    "NOT_CLEARED": Cause(
        Texts(
            "为保护资金，这笔交易一直没有放行。",
            "To protect your money, this was kept waiting for too long.",
        ),
        "nobody",
        True,
        Texts("请在安全冷静期结束后再试。", "Try again when the time of protection is over."),
    ),
}
