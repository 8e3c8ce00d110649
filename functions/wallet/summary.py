"""What came in and went out in a month, by kind: the sums of the entries of that month.

Entries are never changed, and a new one comes after all others. So what was added up once is
remembered with the place where it ended, and only what came since is read.
"""

from collections import Counter
from itertools import islice

from functions.wallet.models import KindSummary, SummaryView
from functions.wallet.records import MonthSummary, month_summary_key
from shared import clock
from shared.errors import ServiceUnavailable
from shared.ledger.records import IN
from shared.ledger.statement import chunks
from shared.table import Key, change

_CHUNKS_LIMIT = 20
# The clock of another container may be behind ours: until then a month is not over.
_CLOSED_AFTER_MS = 3_600_000


def this_month() -> str:
    return clock.local_day()[:7]


def remembered_key(user_id: str, month: str | None) -> Key:
    """What must be read before a month can be summed up."""
    return month_summary_key(user_id, month or this_month())


def summary(user_id: str, month: str | None, remembered: MonthSummary | None) -> SummaryView:
    """A local month (`2026-11`), by default the present one.

    Raises ServiceUnavailable when there was too much to read at once; what was read is remembered,
    so that the same request comes further each time.
    """
    month = month or this_month()
    sums = _Sums(remembered)
    if remembered is None or not remembered.closed:
        whole = sums.go_on(user_id, *clock.local_month_ms(month))
        _remember(user_id, month, sums, whole=whole)
        if not whole:
            raise ServiceUnavailable
    return sums.view(month)


class _Sums:
    def __init__(self, remembered: MonthSummary | None) -> None:
        self.last_key = None if remembered is None else remembered.last_key
        self.amounts: Counter[tuple[str, str]] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.is_new = False
        for kind, direction, amount, count in [] if remembered is None else remembered.sums:
            self.amounts[kind, direction], self.counts[kind, direction] = amount, count

    def go_on(self, user_id: str, from_ms: int, to_ms: int) -> bool:
        """Adds what came since; False when there is more."""
        reading = chunks(user_id, from_ms=from_ms, to_ms=to_ms, after=self.last_key)
        for chunk in islice(reading, _CHUNKS_LIMIT):
            for entry in chunk:
                what = entry.kind, "in" if entry.direction == IN else "out"
                self.amounts[what] += entry.amount
                self.counts[what] += 1
            self.last_key, self.is_new = chunk[-1].sk, True
        return next(reading, None) is None

    def record(self) -> list[list[str | int]]:
        return [[*what, amount, self.counts[what]] for what, amount in self.amounts.items()]

    def view(self, month: str) -> SummaryView:
        kinds = [
            KindSummary(
                kind=kind,
                direction="in" if direction == "in" else "out",
                amount=amount,
                count=self.counts[kind, direction],
            )
            for (kind, direction), amount in self.amounts.most_common()
        ]
        return SummaryView(
            month=month,
            currency="CNY",
            total_in=sum(one.amount for one in kinds if one.direction == "in"),
            total_out=sum(one.amount for one in kinds if one.direction == "out"),
            count=sum(one.count for one in kinds),
            kinds=kinds,
        )


def _remember(user_id: str, month: str, sums: _Sums, *, whole: bool) -> None:
    """Unless another request has remembered as much."""
    if sums.last_key is None:
        return
    closed = whole and clock.milliseconds() > clock.local_month_ms(month)[1] + _CLOSED_AFTER_MS
    if not (sums.is_new or closed):
        return
    kept = MonthSummary(*month_summary_key(user_id, month)[1:])
    further = MonthSummary.last_key.does_not_exist() | (MonthSummary.last_key <= sums.last_key)
    actions = [
        MonthSummary.sums.set(sums.record()),
        MonthSummary.last_key.set(sums.last_key),
        MonthSummary.closed.set(closed),
    ]
    change(kept, actions, further)
