"""What a ticket can be about, and that it is the user's own."""

from collections.abc import Callable

from functions.diagnosis.attempts import attempts_of
from functions.identity.security_events import event_of
from functions.payments import payment
from functions.support.incoming import About
from functions.topups.history import top_up_of
from functions.transfers import transfer
from functions.withdrawals.history import withdrawal_of
from shared.errors import NotFound
from shared.ledger.posting import find

_OWN: dict[str, Callable[[str, str], object]] = {
    "payment": lambda user_id, about_id: payment.visible(find(about_id), user_id),
    "transfer": lambda user_id, about_id: transfer.visible(find(about_id), user_id),
    "top_up": top_up_of,
    "withdrawal": withdrawal_of,
    "security_event": event_of,
}


def check_own(about: About, user_id: str) -> None:
    """Raises NotFound for what is somebody else's, as for what is not there.

    What was refused from the start is there too: as an attempt, by the id that it would have had.
    """
    try:
        _OWN[about.kind](user_id, about.id)
    except NotFound:
        if not any(one.kind == about.kind for one in attempts_of(user_id, about.id)):
            raise
