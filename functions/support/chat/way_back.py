"""The way back to who writes in the chat: every answer of ours is shown on all devices.

Who has none open finds it in the history, and is told of it as in the app.
"""

from functions.support import in_app
from functions.support.channels import Outgoing, channel
from functions.support.chat.saying import show
from functions.support.chat.waiting import CHAT


@channel(CHAT)
def deliver(outgoing: Outgoing) -> None:
    """Raises TryLater, Undeliverable."""
    if not show(outgoing.ticket_id, outgoing.sequence).reached:
        in_app.deliver(outgoing)
