"""A merchant's day as CSV: what it had before and after, each movement, and totals to check by.

Made from the entries of its account, which never change once the day is over, and checked against
the transfers that they are of: a line whose figures do not agree is never written.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from functions.payments.numbers import order_numbers, refund_numbers
from functions.statements.records import MerchantDay, StatementFile, merchant_day_key
from functions.statements.sheet import ENCODING, harmless
from functions.withdrawals.settlements.views import settlement_numbers
from shared import clock
from shared.errors import Texts
from shared.ledger.posting import find_all
from shared.ledger.records import IN, Entry, Transfer
from shared.ledger.sides import fee_of, moved_amount
from shared.ledger.statement import shard_entries
from shared.money import decimal
from shared.settings import settings
from shared.table import put_new

_AT_ONCE = 100
_REVERSAL, _REFUND = "reversal", "refund"
_SETTLEMENT_KINDS = ("withdrawal", "reversal in")
_TITLE = Texts("U钱包商户日结单", "U Wallet merchant statement")
_OPENING = Texts("期初余额", "Opening balance")
_CLOSING = Texts("期末余额", "Closing balance")
_HEADINGS = Texts(
    "时间,类型,商户单号,平台单号,交易号,金额,手续费,净额,币种,备注",
    "Time,Kind,Merchant number,Our number,Transfer,Amount,Fee,Net,Currency,Note",
)
_TOTALS = Texts("合计,笔数,金额,手续费,净额", "Total,Count,Amount,Fee,Net")
_ALL = Texts("全部", "all")
_KINDS = {
    "payment": Texts("收款", "payment"),
    "refund": Texts("退款", "refund"),
    "withdrawal": Texts("结算", "settlement"),
    "reversal in": Texts("结算退回", "settlement returned"),
    "reversal out": Texts("收款撤销", "payment reversed"),
}


class BooksDisagree(Exception):
    """Entries and transfers of a merchant tell different things: nothing is written down."""


class DayTooLong(Exception):
    """More movements than a file may have: somebody must raise the limit."""


class _Line(NamedTuple):
    """One movement, seen from the merchant: minor units, below zero where they leave it.

    amount: what was paid or given back. fee: the house's, or what it gave back of it. number: the
    merchant's own.
    """

    transfer: Transfer
    time: str
    amount: int
    fee: int
    net: int
    number: str = ""

    @property
    def kind(self) -> str:
        """The name of our word for it; a reversal is of what came in or of what went out."""
        kind = str(self.transfer.kind)
        return f"{kind} {'in' if self.net > 0 else 'out'}" if kind == _REVERSAL else kind


class _Sum(NamedTuple):
    lines: int = 0
    amount: int = 0
    fee: int = 0
    net: int = 0

    def with_one(self, line: _Line) -> "_Sum":
        return _Sum(
            self.lines + 1, self.amount + line.amount, self.fee + line.fee, self.net + line.net
        )


def day_sheet(file: StatementFile) -> bytes:
    """The whole file. Raises BooksDisagree."""
    said = _Said(file.language)
    merchant_id, from_ms, to_ms = file.merchant_id, file.from_ms, file.to_ms
    opening = opening_balance(merchant_id, from_ms)
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=ENCODING, newline="")
    writer = csv.writer(out)
    writer.writerow([said(_TITLE), file.file_id, merchant_id, file.day])
    writer.writerow([said(_OPENING), decimal(opening)])
    writer.writerow(said(_HEADINGS).split(","))
    sums: dict[str, _Sum] = {}
    for line in _lines(merchant_id, from_ms, to_ms):
        sums[line.kind] = sums.get(line.kind, _Sum()).with_one(line)
        writer.writerow(_row(line, said))
    writer.writerow(said(_TOTALS).split(","))
    for kind, total in sorted(sums.items()):
        writer.writerow([said.kind(kind), *_figures(total)])
    whole = _Sum(*map(sum, zip(*sums.values(), strict=True))) if sums else _Sum()
    writer.writerow([said(_ALL), *_figures(whole)])
    closing = opening + whole.net
    writer.writerow([said(_CLOSING), decimal(closing)])
    _remember(merchant_id, file.day, closing)
    out.flush()
    return raw.getvalue()


def opening_balance(merchant_id: str, at_ms: int) -> int:
    """What the account held at a moment that is over, available or not, in minor units.

    From the last day whose end is known, and all entries since; from its first entry on else.
    """
    day = clock.local_moment(at_ms // 1_000).date().isoformat()
    pk, before = merchant_day_key(merchant_id, day)[1:]
    known = next(
        iter(
            MerchantDay.query(
                pk, MerchantDay.sk < before, consistent_read=True, scan_index_forward=False, limit=1
            )
        ),
        None,
    )
    since_ms = clock.bounds_of_day(known.day)[1] * 1_000 if known else 0
    entries = shard_entries(merchant_id, from_ms=since_ms, to_ms=at_ms)
    return (known.closing if known else 0) + sum(map(_signed, entries))


def _remember(merchant_id: str, day: str, closing: int) -> None:
    """So that the next days need not be counted from the beginning."""
    put_new(MerchantDay(*merchant_day_key(merchant_id, day)[1:], day=day, closing=closing))


def _lines(merchant_id: str, from_ms: int, to_ms: int) -> Iterator[_Line]:
    """All movements of the day, oldest first; one that took several shards is one line."""
    moved: dict[str, tuple[str, int]] = {}
    for entry in shard_entries(merchant_id, from_ms=from_ms, to_ms=to_ms):
        time, net = moved.get(entry.transfer_id, (entry.created_at, 0))
        moved[entry.transfer_id] = (time, net + _signed(entry))
        if len(moved) > settings().statement_lines_limit:
            raise DayTooLong
    waiting = iter(moved.items())
    while some := dict(islice(waiting, _AT_ONCE)):
        transfers = find_all(some)
        lines = [
            _line(merchant_id, transfers.get(transfer_id), time, net)
            for transfer_id, (time, net) in some.items()
        ]
        yield from _numbered(lines)


def _line(merchant_id: str, transfer: Transfer | None, time: str, net: int) -> _Line:
    if transfer is None:
        raise BooksDisagree
    comes_in = transfer.credit == merchant_id
    amount = moved_amount(transfer) if comes_in else -moved_amount(transfer)
    fee = -fee_of(transfer) if comes_in else fee_of(transfer)
    if amount + fee != net:
        raise BooksDisagree(transfer.transfer_id)
    return _Line(transfer, time, amount, fee, net)


def _numbered(lines: list[_Line]) -> Iterator[_Line]:
    """The lines with the merchant's own numbers of their orders, refunds and settlements."""
    references = {line.transfer.transfer_id: str(line.transfer.reference) for line in lines}
    ours = {
        references[line.transfer.transfer_id] for line in lines if line.kind in _SETTLEMENT_KINDS
    }
    numbers = settlement_numbers(ours) | order_numbers(set(references.values()) - ours)
    refunds: dict[str, str] = {}
    for line in lines:
        if line.transfer.kind == _REFUND and line.transfer.transfer_id not in refunds:
            refunds |= refund_numbers(str(line.transfer.reference), line.transfer.reverses)
    for line in lines:
        transfer_id = line.transfer.transfer_id
        number = refunds.get(transfer_id) or numbers.get(references[transfer_id], "")
        yield line._replace(number=number)


def _row(line: _Line, said: "_Said") -> Iterable[str]:
    transfer = line.transfer
    return [
        line.time,
        said.kind(line.kind),
        harmless(line.number),
        transfer.reference or "",
        transfer.transfer_id,
        decimal(line.amount),
        decimal(line.fee),
        decimal(line.net),
        transfer.currency,
        harmless(transfer.note or ""),
    ]


def _figures(total: _Sum) -> list[str]:
    return [str(total.lines), decimal(total.amount), decimal(total.fee), decimal(total.net)]


def _signed(entry: Entry) -> int:
    return entry.amount if entry.direction == IN else -entry.amount


class _Said:
    """Our words in one language, `zh` or `en`."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, texts: Texts) -> str:
        return texts.in_language(self._language, {})

    def kind(self, name: str) -> str:
        """The name itself where there is no word for it."""
        return self(_KINDS[name]) if name in _KINDS else name
