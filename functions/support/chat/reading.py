"""Up to which message somebody has read: kept, and told to all devices of both sides."""

from functions.support.chat.models import HasRead, Read
from functions.support.chat.parties import side_of, sockets_at, ticket_for
from functions.support.chat.records import Seen, seen_key
from functions.support.chat.sockets import send
from functions.support.chat.standing import SIDES
from shared import clock
from shared.errors import Texts
from shared.table import change
from shared.web.operation import Call
from shared.web.problems import InvalidField


def mark(call: Call[Read]) -> None:
    """Raises NotFound, ConversationNotYours, OwnAccount, and InvalidField for what nobody said."""
    ticket, side = ticket_for(call, call.body.ticket_id), side_of(call)
    sequence = call.body.sequence
    if sequence > ticket.messages:
        reason = Texts("没有这条消息", "there is no such message")
        raise InvalidField(field="sequence", reason=reason)
    seen = Seen(*seen_key(ticket.ticket_id, side)[1:])
    further = Seen.sequence.does_not_exist() | (Seen.sequence < sequence)
    if not change(seen, [Seen.sequence.set(sequence), Seen.at.set(clock.now_text())], further):
        return  # It was seen before, here or on another device.
    frame = HasRead(ticket_id=ticket.ticket_id, side=side, sequence=sequence)
    for one in SIDES:
        send(sockets_at(ticket, one), frame)
