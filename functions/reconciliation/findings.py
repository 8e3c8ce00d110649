"""What a comparison finds, and the form in which it is kept: a line of the report.

The report of a day is read again on the next: what has not ended there goes on here.
"""

import csv
import io
from collections.abc import Iterable
from typing import Literal

import msgspec

# `carried`: ours, and perhaps the bank's only a moment later. `ahead`: the bank's, and ours only a
# moment later. Both are no differences yet. `repeated`: the bank's, and it has told it before.
What = Literal["missing", "extra", "changed", "repeated", "carried", "ahead"]
Standing = Literal[
    "open",  # time may settle it
    "proposed",  # a correction waits for people
    "bank_mistake",  # the bank itself says that our books are right
    "unclear",  # the bank says a third thing: people must ask
    "settled",  # both sides have it now
    "corrected",
    "dismissed",  # people have refused to correct it
    "given_up",
]
DIFFERENCES: tuple[What, ...] = ("missing", "extra", "changed", "repeated")
ENDED: tuple[Standing, ...] = ("settled", "corrected", "dismissed", "given_up")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands on one side only, or differently on both.

    day: of the bank's line, or of our transfer where there is none. books, bank: the change of what
    the bank owes us on either side, in minor units; None where it is not there. transfer_id: ours,
    or the one that would follow from the bank's line. approval_id: of the correction that was
    proposed. correction_id: of its transfer, which is the lacking one itself where that can be.
    """

    day: str
    what: What
    kind: str
    reference: str
    transfer_id: str
    books: int | None
    bank: int | None
    bank_id: str | None = None
    standing: Standing = "open"
    approval_id: str | None = None
    correction_id: str | None = None

    @property
    def difference(self) -> int:
        """What our books lack, in minor units."""
        return (self.bank or 0) - (self.books or 0)


_COLUMNS = Finding.__struct_fields__


def to_csv(findings: Iterable[Finding]) -> bytes:
    """The same findings give the same bytes, in whatever order they come."""
    written = io.StringIO()
    sheet = csv.writer(written, lineterminator="\n")
    sheet.writerow(_COLUMNS)
    sheet.writerows(sorted(map(_cells, findings)))
    return written.getvalue().encode()


def from_csv(content: bytes) -> list[Finding]:
    rows = csv.DictReader(io.StringIO(content.decode()))
    return [
        msgspec.convert({name: cell or None for name, cell in row.items()}, Finding, strict=False)
        for row in rows
    ]


def _cells(finding: Finding) -> list[str]:
    cells = msgspec.structs.astuple(finding)
    return ["" if cell is None else str(cell) for cell in cells]
