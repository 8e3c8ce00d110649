"""Why a withdrawal failed, at once or later, and whether it would pass now."""

from functions.diagnosis.attempts import FailedAttempt
from functions.diagnosis.dry_run import Asker, Foreseen, Rule, foresee
from functions.diagnosis.explanation import of_attempt, what_failed
from functions.diagnosis.models import Explained
from functions.wallet.cards import key_of_card
from functions.wallet.limits import check_withdrawal_amount, on_device, withdrawal_day_limit
from functions.withdrawals.card import payable_card
from functions.withdrawals.fee import fee_of, key_of_allowance
from functions.withdrawals.history import newest
from functions.withdrawals.records import FAILED, REVERSED, FreeAllowance, Withdrawal
from shared.diagnosis import diagnose
from shared.table import read

_LOOKED_AT = 10


def of_refused(attempt: FailedAttempt, *, by: Asker, language: str) -> Explained:
    """A refused withdrawal, from the records as they stand; it costs what it costs now."""
    card_id, amount = attempt.about["card_id"], attempt.amount or 0
    foreseen = _foreseen(attempt.user_id, card_id, amount, by)
    return of_attempt(attempt, foreseen, language=language)


def last_failed(user_id: str, *, by: Asker, language: str) -> Explained | None:
    """The last of the newest withdrawals that the bank did not pay, or that came back."""
    ended = [one for one in newest(user_id, _LOOKED_AT) if one.status in (FAILED, REVERSED)]
    if not ended:
        return None
    last = max(ended, key=_ended_at)
    amount = last.amount
    return what_failed(
        "withdrawal",
        last.withdrawal_id,
        amount=amount,
        created_at=_ended_at(last),
        diagnosis=diagnose(last.reason, language=language),
        foreseen=_foreseen(user_id, last.card_id, amount, by),
        language=language,
        known_elsewhere=True,
    )


def _ended_at(withdrawal: Withdrawal) -> str:
    return str(withdrawal.history[-1]["at"])


def _foreseen(user_id: str, card_id: str, amount: int, by: Asker) -> Foreseen:
    card_key, free_key = key_of_card(user_id, card_id), key_of_allowance(user_id)
    found = read([card_key, free_key])
    own_rules: list[Rule] = [
        lambda: check_withdrawal_amount(amount),
        lambda: payable_card(found, card_key),
    ]
    return foresee(
        "withdrawal",
        amount,
        by=by,
        limit=on_device(withdrawal_day_limit(), by.seen),
        own_rules=own_rules,
        total=amount + fee_of(amount, found.one(FreeAllowance, free_key)).amount,
    )
