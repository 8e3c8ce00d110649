"""Taking in the mails that an agent has let in: into a ticket, without asking again what spoke
against it. What it says of its sender still holds, and its files are as closed as before.
"""

from collections.abc import Iterator
from itertools import chain

from msgspec import convert

from functions.support.mail.aside import RELEASES
from functions.support.mail.envelope import Envelope
from functions.support.mail.filing import file, place_for
from functions.support.mail.intake import known_mail, letter_of
from functions.support.mail.records import FILED, RELEASED, ReceivedMail
from shared import clock
from shared.observability import count
from shared.sweep import sweep
from shared.table import Cancelled, change, due_shards, update

_RUN_LIMIT = 100


def release_waiting() -> int:
    """How many there were. Raises SweepIncomplete."""
    return sweep("release_mails", _due(), _release)


def _due() -> Iterator[ReceivedMail]:
    now = clock.seconds()
    return chain.from_iterable(
        ReceivedMail.due.query(shard, ReceivedMail.due_at <= now, limit=_RUN_LIMIT)
        for shard in due_shards(RELEASES)
    )


def _release(record: ReceivedMail) -> None:
    envelope = convert(record.envelope, Envelope)
    letter = letter_of(record.mail_id, record.object_key, envelope)
    placed = place_for(letter)
    ending = [
        ReceivedMail.state.set(FILED),
        ReceivedMail.ticket_id.set(placed.ticket_id),
        ReceivedMail.due_shard.remove(),
        ReceivedMail.due_at.remove(),
    ]
    at = ReceivedMail(record.pk, record.sk)
    filing = update(at, ending, ReceivedMail.state == RELEASED)
    try:
        posted = file(letter, placed, [filing])
    except Cancelled as cancelled:
        standing = known_mail(record.mail_id)
        if not cancelled.failed(filing) or (standing is not None and standing.state == RELEASED):
            raise
        return  # Another run has done it.
    if posted is None or posted.replayed:  # it has come in under another id of SES
        change(at, ending, ReceivedMail.state == RELEASED)
    count("MailsReleased")
