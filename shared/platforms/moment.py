"""Times as the platforms write them. They are judged by the machine's clock, as the platforms do:
no test can move theirs.
"""

import time
from datetime import datetime, timedelta, timezone

TOLERANCE_SECONDS = 300
_BEIJING = timezone(timedelta(hours=8))
_PLAIN = "%Y-%m-%d %H:%M:%S"


def is_fresh(moment: float) -> bool:
    """Whether a moment (Unix seconds) is less than five minutes away."""
    return abs(time.time() - moment) < TOLERANCE_SECONDS


def plain(moment: float) -> str:
    """`2026-11-23 08:00:00`, in Beijing, as Alipay writes it."""
    return datetime.fromtimestamp(moment, _BEIJING).strftime(_PLAIN)


def from_plain(text: str) -> float:
    """Raises ValueError."""
    return datetime.strptime(text, _PLAIN).replace(tzinfo=_BEIJING).timestamp()


def with_zone(moment: float) -> str:
    """`2026-11-23T08:00:00+08:00`, as WeChat Pay writes it."""
    return datetime.fromtimestamp(moment, _BEIJING).isoformat(timespec="seconds")
