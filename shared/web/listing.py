"""Lists whose lines stand in one partition in the order of time, a page at a time."""

from typing import TypeVar

from shared.table import DomainRecord
from shared.web.cursor import open_cursor, seal
from shared.web.pages import PageQuery

L = TypeVar("L", bound=DomainRecord)


def newest_first(
    model: type[L], pk: str, *, prefix: str, query: PageQuery, of: str
) -> tuple[list[L], str | None]:
    """The lines of a page, strongly consistent, and the cursor of the next page if there is one.

    prefix: what the sort keys of the lines begin with. of: what the cursor is bound to.
    Raises InvalidCursor.
    """
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    lines = list(
        model.query(
            pk,
            model.sk.startswith(prefix),
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    shown = lines[: query.limit]
    return shown, seal(shown[-1].sk, of=of) if len(lines) > len(shown) else None
