"""What went wrong with a movement of money, for the person whose money it is.

Whatever a bank or a platform answers becomes four things that a person needs: the cause, who can
mend it, whether trying again is safe, and what to do next.
"""

from typing import Literal, NamedTuple

import msgspec

from shared.errors import Texts

Mender = Literal["you", "bank", "support", "nobody"]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Why it failed, in the user's language. `code` is the same in all.

    who_can_mend: `nobody` where waiting is all there is to do. safe_to_retry: the same may be asked
    for anew, as it is: nothing is paid twice, and it may succeed.
    """

    code: str
    cause: str
    who_can_mend: Mender
    safe_to_retry: bool
    next_step: str


class _Known(NamedTuple):
    cause: Texts
    who_can_mend: Mender
    safe_to_retry: bool
    next_step: Texts


_ANOTHER_CARD = Texts("请换一张银行卡。", "Use another card.")
_BIND_ANEW = Texts(
    "请核对后重新绑定这张银行卡，或换一张。", "Bind this card anew, or use another one."
)
_ASK_SUPPORT = Texts("请联系客服，并告知这笔交易的编号。", "Contact support, and name this record.")

_UNKNOWN = _Known(
    Texts("银行没有完成这笔交易，也没有说明原因。", "The bank did not do it, and did not say why."),
    "support",
    False,
    _ASK_SUPPORT,
)
_KNOWN: dict[str, _Known] = {
    "ACCOUNT_CLOSED": _Known(
        Texts("这张银行卡的账户已经销户。", "The account of this card has been closed."),
        "you",
        False,
        _ANOTHER_CARD,
    ),
    "ACCOUNT_FROZEN": _Known(
        Texts("这张银行卡的账户已被银行冻结。", "The bank has frozen the account of this card."),
        "bank",
        False,
        Texts(
            "请联系发卡银行解除冻结，或换一张银行卡。",
            "Ask your bank to release it, or use another card.",
        ),
    ),
    "WRONG_CARD_NUMBER": _Known(
        Texts("银行没有找到这个卡号。", "The bank knows no card of this number."),
        "you",
        False,
        _BIND_ANEW,
    ),
    "WRONG_NAME": _Known(
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
    "CARD_EXPIRED": _Known(
        Texts("这张银行卡已过期。", "This card has expired."), "you", False, _ANOTHER_CARD
    ),
    "CARD_FROZEN": _Known(
        Texts("这张银行卡已被银行冻结。", "The bank has frozen this card."),
        "bank",
        False,
        Texts(
            "请联系发卡银行解除冻结，或换一张银行卡。",
            "Ask your bank to release it, or use another card.",
        ),
    ),
    "CARD_NOT_BOUND": _Known(
        Texts("这张银行卡在银行已解绑。", "This card is not bound at the bank any more."),
        "you",
        False,
        _BIND_ANEW,
    ),
    "CARD_KIND_NOT_ALLOWED": _Known(
        Texts("银行不允许向这种银行卡付款。", "The bank does not pay out to this kind of card."),
        "you",
        False,
        Texts("请换一张借记卡。", "Use a debit card."),
    ),
    "LIMIT_EXCEEDED": _Known(
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
    "BANK_UNAVAILABLE": _Known(
        Texts("银行系统暂时不可用。", "The bank could not be reached."),
        "nobody",
        True,
        Texts("请稍后再试。", "Try again later."),
    ),
    "WALLET_FROZEN": _Known(
        Texts("您的钱包账户已被冻结。", "Your wallet has been frozen."),
        "support",
        False,
        _ASK_SUPPORT,
    ),
    "NOT_CLEARED": _Known(
        Texts(
            "为保护资金，这笔交易一直没有放行。",
            "To protect your money, this was kept waiting for too long.",
        ),
        "nobody",
        True,
        Texts("请在安全冷静期结束后再试。", "Try again when the time of protection is over."),
    ),
}


def diagnose(code: str | None, *, language: str) -> Diagnosis:
    """What a code of a bank, or one of the wallet's own, means to the user; any code at all.

    language: `zh` or `en`.
    """
    known = _known(code)
    return Diagnosis(
        code=code or "UNKNOWN",
        cause=known.cause.in_language(language, {}),
        who_can_mend=known.who_can_mend,
        safe_to_retry=known.safe_to_retry,
        next_step=known.next_step.in_language(language, {}),
    )


def cause_of(code: str | None) -> Texts:
    """The cause alone, in both languages, for a message."""
    return _known(code).cause


def _known(code: str | None) -> _Known:
    return _KNOWN.get(code or "", _UNKNOWN)
