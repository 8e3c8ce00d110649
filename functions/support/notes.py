"""Notes: what only agents see of a ticket, written by one of them or about what happened."""

from collections.abc import Mapping
from typing import Any

from functions.support.incoming import TEXT_LIMIT, Author
from functions.support.masking import mask
from functions.support.records import Note, Source, Ticket, note_key, source_key
from functions.support.tickets import Change, altered
from shared import clock
from shared.secrets import keyed_hash
from shared.table import Write, put

NOTE = "note"


def once(what: str, ticket_id: str, sequence: int = 0) -> Write:
    """Fails when what is named so was written before, in the note of that sequence."""
    key = source_key(keyed_hash("support source", what))
    return put(Source(*key[1:], ticket_id=ticket_id, sequence=sequence, fingerprint=""))


def noted(
    after: Ticket,
    kind: str,
    *,
    by: Author,
    text: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Change:
    """A change of a ticket with one note more.

    kind: `note` for what an agent wrote, else what happened, `delivery_failed`.
    """
    sequence = after.notes + 1
    note = Note(
        *note_key(after.ticket_id, sequence)[1:],
        ticket_id=after.ticket_id,
        sequence=sequence,
        kind=kind,
        author_kind=by.kind,
        author_id=by.id,
        text=None if text is None else mask(text).text[:TEXT_LIMIT],
        details=None if details is None else dict(details),
        at=clock.now_text(),
    )
    return Change(altered(after, notes=sequence), [put(note)])
