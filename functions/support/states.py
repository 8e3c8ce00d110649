"""In which states a ticket can be, and from which it can come to which.

open      somebody waits for us
pending   we wait for them
solved    answered; a message opens it again, and after a while it closes by itself
reopened  open again after it was solved
closed    for good: a message after that begins a new ticket that names this one
"""

from functions.support.records import CLOSED, OPEN, PENDING, REOPENED, SOLVED
from shared.errors import Problem, Texts

STATES = (OPEN, PENDING, SOLVED, REOPENED, CLOSED)
ACTIVE = frozenset({OPEN, PENDING, REOPENED})
WAITS_FOR_US = frozenset({OPEN, REOPENED})
NEXT: dict[str, frozenset[str]] = {
    OPEN: frozenset({PENDING, SOLVED, CLOSED}),
    PENDING: frozenset({OPEN, SOLVED, CLOSED}),
    SOLVED: frozenset({REOPENED, CLOSED}),
    REOPENED: frozenset({PENDING, SOLVED, CLOSED}),
    CLOSED: frozenset(),
}
_AFTER_A_MESSAGE = {PENDING: OPEN, SOLVED: REOPENED}


class StateNotPossible(Problem):
    status = 409
    code = "STATE_NOT_POSSIBLE"
    title = Texts("状态不可用", "Not possible from here")
    detail = Texts(
        "工单目前的状态是 {now}，不能变为 {wanted}。",
        "The ticket is {now} and can't become {wanted}.",
    )


def check(now: str, wanted: str) -> None:
    """Raises StateNotPossible. To stay as it is is always possible."""
    if wanted != now and wanted not in NEXT[now]:
        raise StateNotPossible(now=now, wanted=wanted)


def after_a_message(state: str) -> str:
    """What a message of its person makes of a ticket."""
    return _AFTER_A_MESSAGE.get(state, state)
