"""What statements call things, in both languages."""

from shared.errors import Texts
from shared.ledger.records import IN

TITLE = Texts("U钱包账单", "U Wallet statement")
HEADINGS = Texts(
    "时间,类型,收支,金额,币种,余额,对方,备注,业务编号",
    "Time,Kind,Direction,Amount,Currency,Balance,Other side,Note,Reference",
)
_DIRECTIONS = {"in": Texts("收入", "in"), "out": Texts("支出", "out")}
_KINDS = {
    "transfer": Texts("转账", "transfer"),
    "top_up": Texts("充值", "top-up"),
    "withdrawal": Texts("提现", "withdrawal"),
    "payment": Texts("付款", "payment"),
    "refund": Texts("退款", "refund"),
    "fee": Texts("手续费", "fee"),
    "reversal": Texts("冲正", "reversal"),
    "wealth": Texts("理财", "wealth"),
}


def kind(name: str, language: str) -> str:
    """The name itself where there is no word for it."""
    known = _KINDS.get(name)
    return known.in_language(language, {}) if known else name


def direction(name: str, language: str) -> str:
    return _DIRECTIONS["in" if name == IN else "out"].in_language(language, {})
