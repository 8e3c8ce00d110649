"""When people of ours are there to chat: in the business hours of support."""

from functions.support import hours
from functions.support.chat.models import Hours
from shared import clock


def hours_now() -> Hours:
    """Whether somebody is there now, and if not from when on."""
    now = clock.seconds()
    opens_at = hours.opens_at(now)
    is_open = opens_at == now
    return Hours(open=is_open, opens_at=None if is_open else clock.text_of(opens_at * 1000))
