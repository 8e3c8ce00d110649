"""Why a top-up failed, at once or later, and whether it would pass now."""

from functions.diagnosis.attempts import FailedAttempt
from functions.diagnosis.dry_run import Asker, Foreseen, Rule, foresee
from functions.diagnosis.explanation import of_attempt, what_failed
from functions.diagnosis.models import Explained
from functions.topups.history import newest
from functions.topups.records import EXPIRED, FAILED, TopUp
from functions.wallet.cards import key_of_card, usable_card
from functions.wallet.limits import check_top_up_amount, top_up_day_limit
from shared.diagnosis import explain
from shared.errors import Problem
from shared.table import read

_LOOKED_AT = 10


def of_refused(attempt: FailedAttempt, *, by: Asker, language: str) -> Explained:
    """A refused top-up, from the records as they stand."""
    card_id = attempt.about.get("card_id")
    foreseen = _foreseen(attempt.user_id, card_id, attempt.amount or 0, by)
    return of_attempt(attempt, foreseen, language=language)


def last_failed(user_id: str, *, by: Asker, language: str) -> Explained | None:
    """The last of the newest top-ups that a bank or a platform ended without money."""
    ended = [one for one in newest(user_id, _LOOKED_AT) if one.status in (FAILED, EXPIRED)]
    if not ended:
        return None
    last = max(ended, key=_ended_at)
    amount = last.amount
    return what_failed(
        "top_up",
        last.top_up_id,
        amount=amount,
        created_at=_ended_at(last),
        diagnosis=explain(Problem.from_record(last.refusal), language=language),
        foreseen=_foreseen(user_id, last.card_id, amount, by),
        language=language,
        known_elsewhere=True,
    )


def _ended_at(top_up: TopUp) -> str:
    return str(top_up.ended_at or top_up.created_at)


def _foreseen(user_id: str, card_id: str | None, amount: int, by: Asker) -> Foreseen:
    own_rules: list[Rule] = [lambda: check_top_up_amount(amount)]
    if card_id is not None:
        key = key_of_card(user_id, card_id)
        found = read([key])
        own_rules.insert(0, lambda: usable_card(found, key))
    return foresee("top_up", amount, by=by, limit=top_up_day_limit(), own_rules=own_rules)
