"""What was said in a ticket, in its order.

A ticket that was merged into another keeps its messages; they are read as part of the other's, by
time. So merging moves nothing that could be lost on the way.
"""

from functions.support.records import Message, message_key

_AFTER_LIMIT = 500


def after(ticket_id: str, sequence: int, *, limit: int = _AFTER_LIMIT) -> list[Message]:
    """The messages of one ticket that come after a sequence, in their order."""
    first = message_key(ticket_id, sequence + 1)
    last = message_key(ticket_id, 999_999_999).sk
    return list(
        Message.query(
            first.pk, Message.sk.between(first.sk, last), consistent_read=True, limit=limit
        )
    )
