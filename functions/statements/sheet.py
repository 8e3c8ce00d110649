"""A statement as CSV: RFC 4180, UTF-8 with the mark by which Excel knows it.

Amounts are exact, written from integers. What people have written themselves can't become a
formula: such a cell begins with an apostrophe (OWASP, CSV injection).
"""

import csv
from collections.abc import Iterable
from typing import TextIO

from shared.errors import Texts
from shared.ledger.records import IN, Entry

ENCODING = "utf-8-sig"
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CELL_ENDS = ("\t", "\r", "\n")
_TITLE = Texts("U钱包账单", "U Wallet statement")
_HEADINGS = Texts(
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


class Sheet:
    """Writes a statement into a text stream, line by line. language: `zh` or `en`."""

    def __init__(self, out: TextIO, language: str) -> None:
        self._writer = csv.writer(out)
        self._language = language

    def begin(self, *, file_id: str, user_id: str, from_: str, to: str) -> None:
        """The first line says what it is a statement of, so that no two files are the same."""
        self._writer.writerow([self._said(_TITLE), file_id, user_id, from_, to])
        self._writer.writerow(self._said(_HEADINGS).split(","))

    def add(self, entries: Iterable[Entry]) -> None:
        self._writer.writerows(self._row(entry) for entry in entries)

    def _row(self, entry: Entry) -> list[str]:
        kind = _KINDS.get(entry.kind)
        return [
            entry.created_at,
            self._said(kind) if kind else entry.kind,
            self._said(_DIRECTIONS["in" if entry.direction == IN else "out"]),
            yuan(int(entry.amount)),
            entry.currency,
            yuan(int(entry.balance_after)),
            harmless(entry.counterparty_label or ""),
            harmless(entry.note or ""),
            entry.reference or entry.transfer_id,
        ]

    def _said(self, texts: Texts) -> str:
        return texts.in_language(self._language, {})


def yuan(amount_minor: int) -> str:
    """1250 as `12.50`."""
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


def harmless(text: str) -> str:
    """What no spreadsheet takes for a formula, also behind spaces."""
    is_formula = text.startswith(_CELL_ENDS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if is_formula else text
