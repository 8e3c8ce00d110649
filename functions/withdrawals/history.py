"""Withdrawals as their owner sees them: one, or the list of all."""

from collections.abc import Iterable

from functions.withdrawals.models import CardPaid, Step, WithdrawalsView, WithdrawalView
from functions.withdrawals.records import (
    FAILED,
    LISTING_PREFIX,
    PENDING,
    REVERSED,
    Listing,
    Withdrawal,
    listing_key,
    withdrawal_key,
)
from shared.diagnosis import diagnose
from shared.errors import NotFound
from shared.table import read
from shared.web.listing import newest_first
from shared.web.pages import PageQuery

SAFETY_DELAY = "SAFETY_DELAY"


def view(withdrawal: Withdrawal, *, language: str, first_answer: bool = False) -> WithdrawalView:
    """A withdrawal as it stands, or as it was first answered."""
    history = withdrawal.history[:1] if first_answer else withdrawal.history
    status = PENDING if first_answer else withdrawal.status
    reason = withdrawal.reason if status in (FAILED, REVERSED) else None
    if status == PENDING and withdrawal.risk.get("delayed"):
        reason = SAFETY_DELAY
    return WithdrawalView(
        withdrawal_id=withdrawal.withdrawal_id,
        status=status,  # type: ignore[arg-type]  # written from our seven words
        amount=withdrawal.amount,
        fee=withdrawal.fee,
        total=withdrawal.total.amount,
        currency="CNY",
        card=CardPaid(card_id=withdrawal.card_id, bank=withdrawal.bank, last4=withdrawal.last4),
        created_at=withdrawal.created_at,
        expected_by=withdrawal.expected_by,
        history=[Step(status=step["status"], at=step["at"]) for step in history],
        bank_reference=None if first_answer else withdrawal.payout_id,
        reason=reason,
        diagnosis=diagnose(reason, language=language) if status in (FAILED, REVERSED) else None,
    )


def visible(withdrawal: Withdrawal | None, user_id: str) -> Withdrawal:
    """A withdrawal that this user may see. Raises NotFound for all others, in the same words."""
    if withdrawal is None or withdrawal.user_id != user_id:
        raise NotFound
    return withdrawal


def withdrawal_of(user_id: str, withdrawal_id: str) -> Withdrawal:
    """Strongly consistent. Raises NotFound as `visible` does."""
    key = withdrawal_key(withdrawal_id)
    return visible(read([key]).one(Withdrawal, key), user_id)


def history(user_id: str, query: PageQuery, *, language: str) -> WithdrawalsView:
    """A page of a user's withdrawals, the newest first. Raises InvalidCursor."""
    made, next_cursor = page_of(user_id, query)
    return WithdrawalsView(
        items=[view(one, language=language) for one in made], next_cursor=next_cursor
    )


def page_of(owner_id: str, query: PageQuery) -> tuple[list[Withdrawal], str | None]:
    """The same as records, of whoever has made them. Raises InvalidCursor."""
    lines, next_cursor = newest_first(
        Listing,
        listing_key(owner_id, "", "").pk,
        prefix=LISTING_PREFIX,
        query=query,
        of=f"withdrawals {owner_id}",
    )
    return _listed(lines), next_cursor


def newest(user_id: str, limit: int) -> list[Withdrawal]:
    """Up to `limit` of a user's withdrawals, the newest first, strongly consistent."""
    lines = Listing.query(
        listing_key(user_id, "", "").pk,
        Listing.sk.startswith(LISTING_PREFIX),
        consistent_read=True,
        scan_index_forward=False,
        limit=limit,
    )
    return _listed(lines)


def _listed(lines: Iterable[Listing]) -> list[Withdrawal]:
    keys = [withdrawal_key(line.withdrawal_id) for line in lines]
    found = read(keys) if keys else None
    made = [found.one(Withdrawal, key) for key in keys] if found else []
    return [one for one in made if one]
