"""Forgetting what a user has asked support, when the law no longer wants it kept."""

from functions.support.queues import leaving
from functions.support.records import (
    MESSAGE_PREFIX,
    Attachment,
    Message,
    Ticket,
    TicketLine,
    attachment_key,
    ticket_key,
    tickets_of,
)
from shared.table import DomainRecord, delete_all


def forget_tickets(user_id: str) -> None:
    """For an account that is anonymised. Done again, it changes nothing.

    The line of the user goes last, so that a run that died finds the ticket again. What lies in
    the bucket has gone long before, by its lifecycle; the audit trail stays.
    """
    for line in list(TicketLine.query(tickets_of(user_id), consistent_read=True)):
        key = ticket_key(line.ticket_id)
        messages = Message.query(key.pk, Message.sk.startswith(MESSAGE_PREFIX))
        delete_all(
            Attachment(*attachment_key(one)[1:])
            for message in messages
            for one in message.attachments or ()
        )
        for ticket in Ticket.query(key.pk, Ticket.sk == key.sk, consistent_read=True):
            delete_all(one for one in leaving(ticket) if one.pk != line.pk)
        delete_all(DomainRecord.query(key.pk, consistent_read=True))
        delete_all([line])
