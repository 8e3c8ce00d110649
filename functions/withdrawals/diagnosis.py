"""Why a withdrawal was refused, and whether it would pass now."""

from functions.diagnosis.attempts import FailedAttempt
from functions.diagnosis.dry_run import Asker, Rule, foresee
from functions.diagnosis.explanation import of_attempt
from functions.diagnosis.models import Explained
from functions.wallet.cards import key_of_card
from functions.wallet.limits import check_withdrawal_amount, on_device, withdrawal_day_limit
from functions.withdrawals.card import payable_card
from functions.withdrawals.fee import fee_of, key_of_allowance
from functions.withdrawals.records import FreeAllowance
from shared.table import read


def explained(attempt: FailedAttempt, *, by: Asker, language: str) -> Explained:
    """A refused withdrawal, from the records as they stand; it costs what it costs now."""
    amount = int(attempt.amount)
    card_key = key_of_card(attempt.user_id, attempt.about["card_id"])
    free_key = key_of_allowance(attempt.user_id)
    found = read([card_key, free_key])
    own_rules: list[Rule] = [
        lambda: check_withdrawal_amount(amount),
        lambda: payable_card(found, card_key),
    ]
    foreseen = foresee(
        "withdrawal",
        amount,
        by=by,
        limit=on_device(withdrawal_day_limit(), by.seen),
        own_rules=own_rules,
        total=amount + fee_of(amount, found.one(FreeAllowance, free_key)).amount,
    )
    return of_attempt(attempt, foreseen, language=language)
