"""The way back to who writes in the chat: every answer of ours is shown on all devices.

Who is not there finds it in the history when they come again.
"""

from functions.support.channels import Outgoing, channel
from functions.support.chat.saying import show
from functions.support.chat.waiting import CHAT
from functions.support.tickets import ticket_of


@channel(CHAT)
def deliver(outgoing: Outgoing) -> None:
    """Shows an answer; a device that it does not reach asks for what it has missed."""
    show(ticket_of(outgoing.ticket_id), outgoing.sequence)
