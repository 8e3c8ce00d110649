"""The bank's file of a day against our books of that day.

A line of the bank's names the one transfer of ours that must stand for it, so the file is read once
and only what does not agree is kept of it. Both clocks differ a little, so what stands on the
neighbouring day of the other side is no difference: a transfer of ours waits for the next file, and
of a line it is looked up whether its transfer has moved later.
"""

from collections.abc import Iterable, Sized

import msgspec
from msgspec.structs import replace

from functions.reconciliation.bank_line import BankLine, order_of
from functions.reconciliation.findings import Finding, What
from shared.ledger.bank_day import day_moved, moved_on
from shared.ledger.posting import find_all
from shared.ledger.records import Transfer
from shared.settings import settings

_NOTHING_PROPOSED = {"approval_id": None, "correction_id": None}


class TooManyDifferences(Exception):
    """Two sides that differ so much are not of the same day, or not of the same wallet."""


class ControlTotalsDiffer(Exception):
    """What was found does not explain by how much the totals differ: the comparison is wrong."""


class Totals(msgspec.Struct, kw_only=True):
    """Changes are of what the bank owes us on that day, in minor units.

    `matched` counts also what has met its other side from another day. difference: of all that is
    new in this day's report, the sum of what it differs by, each without its sign.
    """

    lines: int = 0
    bank_change: int = 0
    books_change: int = 0
    matched: int = 0
    difference: int = 0


class Comparison(msgspec.Struct, kw_only=True):
    """findings: all that had not ended before this day. new: what counts for the first time."""

    totals: Totals
    findings: list[Finding]
    new: list[Finding]


def compare(day: str, lines: Iterable[BankLine], waiting: Iterable[Finding]) -> Comparison:
    """Compares a day. waiting: what the day before has left.

    Raises TooManyDifferences, ControlTotalsDiffer, and what reading `lines` raises.
    """
    comparing = _Comparing(day)
    comparing.read_books()
    comparing.take_up(waiting)
    comparing.read_bank(lines)
    return comparing.result()


class _Comparing:
    """ours: changes by transfer, less and less of them. unlike: lines for which none was found.

    by_transfer: what waits for its other side. explained: how much more the bank's total is than
    that of our books, by what was found.
    """

    def __init__(self, day: str) -> None:
        self._day = day
        self._ours: dict[str, int] = {}
        self._unlike: list[BankLine] = []
        self._by_transfer: dict[str, Finding] = {}
        self._totals = Totals()
        self._result = Comparison(totals=self._totals, findings=[], new=[])
        self._explained = 0

    def read_books(self) -> None:
        self._ours = {moved.transfer_id: moved.change for moved in moved_on(self._day)}
        self._totals.books_change = sum(self._ours.values())

    def take_up(self, waiting: Iterable[Finding]) -> None:
        """Goes on with what had not ended, but for what was corrected on this day."""
        for one in waiting:
            if one.correction_id != one.transfer_id and one.correction_id in self._ours:
                self._explained -= self._ours.pop(one.correction_id)
                self._result.findings.append(replace(one, standing="corrected"))
            elif None in (one.books, one.bank):
                self._by_transfer[one.transfer_id] = one
            else:
                self._result.findings.append(one)

    def read_bank(self, lines: Iterable[BankLine]) -> None:
        count = total = 0
        for line in lines:
            count += 1
            total += line.change
            if self._ours.get(line.transfer_id) == line.change:
                del self._ours[line.transfer_id]
            else:
                self._unlike.append(line)
                _bound(self._unlike)
        _bound(self._ours)
        self._totals.lines, self._totals.bank_change = count, total
        self._totals.matched = count - len(self._unlike)

    def result(self) -> Comparison:
        transfers = find_all({line.transfer_id for line in self._unlike} | self._ours.keys())
        for line in self._unlike:
            self._see_line(line, transfers.get(line.transfer_id))
        for transfer_id, change in self._ours.items():
            self._see_transfer(transfers[transfer_id], change)
        for waiting in self._by_transfer.values():
            self._see_waiting(waiting)
        if self._totals.bank_change - self._totals.books_change != self._explained:
            raise ControlTotalsDiffer(self._day)
        self._totals.difference = sum(abs(one.difference) for one in self._result.new)
        return self._result

    def _see_line(self, line: BankLine, transfer: Transfer | None) -> None:
        """A line whose transfer did not move on this day, or by another amount."""
        self._explained += line.change
        ours = self._ours.pop(line.transfer_id, None)
        if ours is not None:
            self._explained -= ours
            self._count(self._of_line(line, "changed", books=ours))
            return
        waiting = self._by_transfer.get(line.transfer_id)
        if waiting is not None and waiting.bank is None:
            del self._by_transfer[line.transfer_id]
            self._meet(replace(waiting, bank=line.change, bank_id=line.bank_id))
            return
        moved = day_moved(transfer) if transfer else None
        if waiting is not None or (moved is not None and moved <= self._day):
            # Another line stands for this transfer already, so our books have nothing for this one.
            self._count(self._of_line(line, "repeated", books=0))
            return
        found = self._of_line(line, "extra" if moved is None else "ahead")
        self._by_transfer[line.transfer_id] = found
        if moved is None:
            self._result.new.append(found)

    def _see_transfer(self, transfer: Transfer, change: int) -> None:
        """A transfer of this day for which there is no line in the file."""
        self._explained -= change
        waiting = self._by_transfer.pop(transfer.transfer_id, None)
        if waiting is not None:
            self._meet(replace(waiting, books=change))
            return
        self._result.findings.append(
            Finding(
                what="carried",
                day=self._day,
                **order_of(transfer, change)._asdict(),
                transfer_id=transfer.transfer_id,
                books=change,
                bank=None,
            )
        )

    def _see_waiting(self, waiting: Finding) -> None:
        """What has still not met its other side."""
        if waiting.what == "carried":
            self._count(replace(waiting, what="missing"))
        else:
            self._result.findings.append(waiting)

    def _meet(self, met: Finding) -> None:
        """Both sides have it now."""
        if met.books == met.bank:
            self._totals.matched += 1
            self._result.findings.append(replace(met, standing="settled"))
        else:
            self._count(replace(met, what="changed", standing="open", **_NOTHING_PROPOSED))

    def _count(self, difference: Finding) -> None:
        self._result.findings.append(difference)
        self._result.new.append(difference)

    def _of_line(self, line: BankLine, what: What, *, books: int | None = None) -> Finding:
        return Finding(
            what=what,
            day=self._day,
            kind=line.kind,
            reference=line.reference,
            transfer_id=line.transfer_id,
            books=books,
            bank=line.change,
            bank_id=line.bank_id,
        )


def _bound(differing: Sized) -> None:
    if len(differing) > settings().reconciliation_differences_limit:
        raise TooManyDifferences
