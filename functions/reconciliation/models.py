"""What finance sees of a comparison."""

from typing import Literal

from msgspec import Struct


class CountsView(Struct, frozen=True, kw_only=True):
    """`difference` is in minor units. `open`: findings that go on after this day."""

    lines: int
    matched: int
    missing: int
    extra: int
    changed: int
    repeated: int
    difference: int
    open: int


class ReconciliationView(Struct, frozen=True, kw_only=True):
    """`why`: the code of what keeps a day waiting, or for which its file was refused.

    `report_url`: the sheet of all findings, good for some minutes; only in the view of one day.
    """

    day: str
    status: Literal["waiting", "refused", "done"]
    why: str | None
    counts: CountsView | None
    done_at: str | None
    report_url: str | None = None


class ReconciliationPage(Struct, frozen=True, kw_only=True):
    items: list[ReconciliationView]
    next_cursor: str | None
