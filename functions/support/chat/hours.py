"""When people of ours are there to chat: from one time of the day to another, every day."""

from functions.support.chat.models import Hours
from shared import clock
from shared.settings import settings

_DAY_SECONDS = 86_400


def hours_now() -> Hours:
    """Whether somebody is there now, and if not from when on."""
    now = clock.seconds()
    opens, closes = (_seconds(text) for text in settings().chat_hours.split("-"))
    midnight = clock.bounds_of_day(clock.local_day())[0]
    passed = now - midnight
    if opens <= passed < closes:
        return Hours(open=True, opens_at=None)
    next_opening = midnight + opens + (_DAY_SECONDS if passed >= closes else 0)
    return Hours(open=False, opens_at=clock.text_of(next_opening * 1000))


def _seconds(text: str) -> int:
    """`09:30` as seconds since midnight."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
