"""Settlements as their merchant sees them: one, the list of all, and the account they come from."""

from collections.abc import Iterable
from typing import Any

from functions.payments.models import CardShown
from functions.withdrawals.history import page_of
from functions.withdrawals.models import Step
from functions.withdrawals.records import FAILED, PENDING, REVERSED, Withdrawal, withdrawal_key
from functions.withdrawals.settlements.models import (
    Settlement,
    SettlementsView,
    SettlementView,
)
from shared.diagnosis import diagnose
from shared.errors import NotFound
from shared.table import read
from shared.web.pages import PageQuery


def settlement(withdrawal: Withdrawal) -> Settlement:
    """As a merchant hears of it."""
    return Settlement(**_shown(withdrawal, first_answer=False))


def view(withdrawal: Withdrawal, *, language: str, first_answer: bool = False) -> SettlementView:
    """As it stands, or as it was first answered."""
    shown = _shown(withdrawal, first_answer=first_answer)
    reason = shown["reason"]
    return SettlementView(
        **shown, diagnosis=diagnose(reason, language=language) if reason else None
    )


def visible(withdrawal: Withdrawal | None, merchant_id: str) -> Withdrawal:
    """A settlement for its merchant's eyes. Raises NotFound to all others, in the same words."""
    if withdrawal is None or withdrawal.merchant_id != merchant_id:
        raise NotFound
    return withdrawal


def settlements(merchant_id: str, query: PageQuery, *, language: str) -> SettlementsView:
    """A page of a merchant's settlements, the newest first. Raises InvalidCursor."""
    made, next_cursor = page_of(merchant_id, query)
    return SettlementsView(
        items=[view(one, language=language) for one in made], next_cursor=next_cursor
    )


def settlement_numbers(settlement_ids: Iterable[str]) -> dict[str, str]:
    """The merchant's own number by the id of the settlement, where it has one; up to 100."""
    keys = [withdrawal_key(settlement_id) for settlement_id in settlement_ids]
    found = read(keys) if keys else None
    made = [one for key in keys if found and (one := found.one(Withdrawal, key))]
    return {
        one.withdrawal_id: one.merchant_settlement_id for one in made if one.merchant_settlement_id
    }


def _shown(withdrawal: Withdrawal, *, first_answer: bool) -> dict[str, Any]:
    history = withdrawal.history[:1] if first_answer else withdrawal.history
    status = PENDING if first_answer else withdrawal.status
    return {
        "settlement_id": withdrawal.withdrawal_id,
        "merchant_settlement_id": withdrawal.merchant_settlement_id,
        "asked_by": withdrawal.asked_by,
        "status": status,
        "amount": withdrawal.amount,
        "currency": "CNY",
        "card": CardShown(bank=withdrawal.bank, last4=withdrawal.last4),
        "created_at": withdrawal.created_at,
        "expected_by": withdrawal.expected_by,
        "history": [Step(status=step["status"], at=step["at"]) for step in history],
        "bank_reference": None if first_answer else withdrawal.payout_id,
        "reason": withdrawal.reason if status in (FAILED, REVERSED) else None,
    }
