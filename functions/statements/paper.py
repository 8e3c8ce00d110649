"""A statement as PDF, for people who print it or show it to an office.

Each entry takes a line with its figures, and below it, in small letters, its number and note: all
of it, on as many lines as that takes. Times are those of the local clock, which the head names.
"""

from collections.abc import Iterable
from typing import NamedTuple

from functions.statements import words
from functions.statements.typesetting import HEIGHT, WIDTH, Pages, Place, shown, width_of, wrapped
from shared import clock
from shared.errors import Texts
from shared.ledger.records import IN, Entry
from shared.money import decimal
from shared.settings import settings

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, WIDTH - 40, HEIGHT - 50, 56
_LINE, _SMALL_LINE, _GAP = 11, 9, 5
_SMALL = 6.5
# Where each column begins; those of figures end there.
_TIME, _KIND, _AMOUNT, _BALANCE, _OTHER_SIDE = _LEFT, 134, 262, 352, 368
_HEADINGS = Texts("时间,类型,金额,余额,对方", "Time,Kind,Amount,Balance,Other side")
_ACCOUNT = Texts("账户 {user_id}", "Account {user_id}")
_PERIOD = Texts("{begin} 至 {end}（{zone} 时间，人民币元）", "{begin} to {end} ({zone}, CNY)")
_SUMMARY = Texts(
    "共 {count} 笔 收入 {total_in} 支出 {total_out}",
    "{count} entries, in {total_in}, out {total_out}",
)
_FOOTER = Texts(
    "文件编号 {file_id}。客服可凭文件的 SHA-256 校验真伪。第 {page} / {pages} 页",
    "File {file_id}. Support can verify it by its SHA-256. Page {page} of {pages}",
)


class _Totals(NamedTuple):
    """What the entries so far come to, in minor units."""

    entries: int = 0
    total_in: int = 0
    total_out: int = 0

    def with_one(self, entry: Entry) -> "_Totals":
        amount = entry.amount
        to_in, to_out = (amount, 0) if entry.direction == IN else (0, amount)
        return _Totals(self.entries + 1, self.total_in + to_in, self.total_out + to_out)


class Paper:
    """Implements `functions.statements.making.Form`. language: `zh` or `en`."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._pages = Pages(self._said(words.TITLE))
        self._totals = _Totals()
        self._head: tuple[str, ...] = ()
        self._y = 0.0

    def begin(self, *, file_id: str, user_id: str, from_ms: int, to_ms: int) -> None:
        period = self._said(
            _PERIOD, begin=_local(from_ms), end=_local(to_ms), zone=settings().time_zone
        )
        self._head = (self._said(_ACCOUNT, user_id=user_id), period)
        self._footer = self._said(_FOOTER, file_id=file_id, page="{page}", pages="{pages}")
        self._begin_page()

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._add(entry)
            self._totals = self._totals.with_one(entry)

    def finish(self) -> bytes:
        """With what all entries come to at the end."""
        totals = self._totals
        summary = self._said(
            _SUMMARY,
            count=totals.entries,
            total_in=decimal(totals.total_in),
            total_out=decimal(totals.total_out),
        )
        self._make_room(_LINE + _GAP)
        self._pages.rule(self._y + _LINE - 2, left=_LEFT, right=_RIGHT)
        self._pages.write(summary, Place(_LEFT, self._y - 2, 9))
        return self._pages.finish(self._footer, Place(_LEFT, _BOTTOM - 24, _SMALL))

    def _add(self, entry: Entry) -> None:
        said = f"{entry.reference or entry.transfer_id}  {entry.note or ''}".strip()
        below = [*wrapped(shown(said), width=_RIGHT - _KIND, size=_SMALL)]
        self._make_room(_LINE + len(below) * _SMALL_LINE + _GAP)
        sign = "+" if entry.direction == IN else "-"
        self._write(_TIME, _local(clock.milliseconds_of(entry.created_at)))
        self._write(_KIND, words.kind(entry.kind, self._language))
        self._write(_AMOUNT, f"{sign}{decimal(entry.amount)}", right=True)
        self._write(_BALANCE, decimal(entry.balance_after), right=True)
        self._write(_OTHER_SIDE, _fitting(shown(entry.counterparty_label or "")))
        self._y -= _LINE
        for line in below:
            self._pages.write(line, Place(_KIND, self._y + 2, _SMALL))
            self._y -= _SMALL_LINE
        self._y -= _GAP

    def _make_room(self, height: float) -> None:
        if self._y - height < _BOTTOM:
            self._pages.turn()
            self._begin_page()

    def _begin_page(self) -> None:
        self._pages.write(self._said(words.TITLE), Place(_LEFT, _TOP, 14))
        self._y = _TOP - 18
        for line in self._head:
            self._write(_LEFT, line)
            self._y -= _LINE
        self._y -= _GAP
        columns = (_TIME, _KIND, _AMOUNT, _BALANCE, _OTHER_SIDE)
        for x, heading in zip(columns, self._said(_HEADINGS).split(","), strict=True):
            self._write(x, heading, right=x in (_AMOUNT, _BALANCE))
        self._pages.rule(self._y - 4, left=_LEFT, right=_RIGHT)
        self._y -= _LINE + _GAP

    def _write(self, x: float, text: str, *, right: bool = False) -> None:
        self._pages.write(text, Place(x, self._y, right=right))

    def _said(self, texts: Texts, **values: str | int) -> str:
        return texts.in_language(self._language, values)


def _local(milliseconds: int) -> str:
    return clock.local_moment(milliseconds // 1000).strftime("%Y-%m-%d %H:%M:%S")


def _fitting(text: str) -> str:
    """As much of a name as the column has room for."""
    room = _RIGHT - _OTHER_SIDE
    while width_of(text, 8) > room:
        text = f"{text[:-2]}…"
    return text
