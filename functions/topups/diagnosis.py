"""Why a top-up was refused, and whether it would pass now."""

from functions.diagnosis.attempts import FailedAttempt
from functions.diagnosis.dry_run import Asker, Rule, foresee
from functions.diagnosis.explanation import of_attempt
from functions.diagnosis.models import Explained
from functions.wallet.cards import key_of_card, usable_card
from functions.wallet.limits import check_top_up_amount, top_up_day_limit
from shared.table import read


def explained(attempt: FailedAttempt, *, by: Asker, language: str) -> Explained:
    """A refused top-up, from the records as they stand."""
    amount, card_id = int(attempt.amount), attempt.about.get("card_id")
    own_rules: list[Rule] = [lambda: check_top_up_amount(amount)]
    if card_id is not None:
        key = key_of_card(attempt.user_id, card_id)
        found = read([key])
        own_rules.insert(0, lambda: usable_card(found, key))
    foreseen = foresee("top_up", amount, by=by, limit=top_up_day_limit(), own_rules=own_rules)
    return of_attempt(attempt, foreseen, language=language)
