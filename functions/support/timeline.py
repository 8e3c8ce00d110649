"""What was said in a ticket, in its order.

A ticket that was merged into another keeps its messages; they are read as part of the other's, by
time. So merging moves nothing that could be lost on the way.
"""

import heapq
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from functions.support.records import (
    MESSAGE_PREFIX,
    NOTE_PREFIX,
    Message,
    Note,
    Ticket,
    message_key,
    ticket_key,
)
from shared.web.cursor import open_cursor, seal
from shared.web.pages import PageQuery

_AFTER_LIMIT = 500
_LAST_SEQUENCE = 999_999_999


class Page(NamedTuple):
    """The newest first, and where to go on."""

    lines: list[Message | Note]
    next_cursor: str | None


def after(ticket_id: str, sequence: int, *, limit: int = _AFTER_LIMIT) -> list[Message]:
    """The messages of one ticket that come after a sequence, in their order."""
    first = message_key(ticket_id, sequence + 1)
    last = message_key(ticket_id, _LAST_SEQUENCE).sk
    return list(
        Message.query(
            first.pk, Message.sk.between(first.sk, last), consistent_read=True, limit=limit
        )
    )


def page(ticket: Ticket, query: PageQuery, *, reader: str, notes: bool = False) -> Page:
    """A page of all that was said, also in tickets that were merged into this one.

    reader: whose id the cursor is good for. notes: with those of agents between the messages.
    Raises InvalidCursor.
    """
    of = f"timeline {ticket.ticket_id} {reader} {notes}"
    begin_before: dict[str, str] = {}
    if query.cursor is not None:
        begin_before = json.loads(open_cursor(query.cursor, of=of))
    ids = [ticket.ticket_id, *(ticket.merged or ())]
    prefixes = (MESSAGE_PREFIX, NOTE_PREFIX) if notes else (MESSAGE_PREFIX,)
    lists = [
        _backwards(ticket_id, prefix, begin_before, query.limit + 1)
        for ticket_id in ids
        for prefix in prefixes
    ]
    found = list(islice(_newest_first(lists), query.limit + 1))
    shown = found[: query.limit]
    if len(found) <= query.limit:
        return Page(shown, None)
    for line in shown:
        begin_before[_list_of(line)] = line.sk
    return Page(shown, seal(json.dumps(begin_before, separators=(",", ":")), of=of))


def _backwards(
    ticket_id: str, prefix: str, begin_before: dict[str, str], limit: int
) -> Iterator[Message | Note]:
    """One list, the newest first, from where the page before has ended."""
    model = Message if prefix == MESSAGE_PREFIX else Note
    pk = ticket_key(ticket_id).pk
    start = begin_before.get(f"{ticket_id}/{prefix}")
    return iter(
        model.query(
            pk,
            model.sk.startswith(prefix),
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": start}} if start else None,
            limit=limit,
        )
    )


def _newest_first(lists: Iterable[Iterator[Message | Note]]) -> Iterator[Message | Note]:
    return heapq.merge(*lists, key=lambda line: (line.at, line.sk), reverse=True)


def _list_of(line: Message | Note) -> str:
    prefix = MESSAGE_PREFIX if isinstance(line, Message) else NOTE_PREFIX
    return f"{line.ticket_id}/{prefix}"
