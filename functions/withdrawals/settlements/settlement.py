"""Settling a merchant's balance: it is held in the shards where it lies, and carried to the bank
card by the same state machine as a withdrawal.

Hold, record and its line in the list are one write, so after that the money is safe whatever
happens here. What the merchant keeps for refunds is a condition of that write.
"""

from typing import NamedTuple

from functions.payments.models import AskedBy, SettlementCard
from functions.payments.settlement_terms import NoSettlementCard, Settling
from functions.withdrawals.arrival import arrival
from functions.withdrawals.records import (
    PENDING,
    RESOLVING,
    Withdrawal,
    find_withdrawal,
    hold_id_of,
    listing,
    withdrawal_key,
)
from functions.withdrawals.settlements.models import SettlementRequest
from functions.withdrawals.withdrawal import started
from shared import clock
from shared.dynamodb import pause
from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.identifiers import derived_id
from shared.ledger import FromMerchant, Movement, ToSystem, hold, replay
from shared.ledger.accounts import BANK_SETTLEMENT, merchant_funds
from shared.ledger.errors import InsufficientFunds
from shared.ledger.posting import find
from shared.money import display
from shared.observability import count
from shared.settings import settings
from shared.table import due_shard, put
from shared.web.idempotency import fingerprint

_TRIES = 10


class SettlementTooSmall(Problem):
    status = 422
    code = "SETTLEMENT_TOO_SMALL"
    title = Texts("可结算金额不足", "Too little to settle")
    detail = Texts(
        "可结算 {amount_display}，最低结算金额为 {minimum_display}。",
        "There is {amount_display} to settle, and {minimum_display} is the least.",
    )


class Settled(NamedTuple):
    """A settlement that stands, and whether an earlier request had made it."""

    withdrawal: Withdrawal
    replayed: bool


class _Asked(NamedTuple):
    """What is asked for, once. amount: minor units, None for all that may go."""

    settlement_id: str
    by: AskedBy
    amount: int | None = None
    number: str | None = None
    fingerprint: str | None = None


def settle_on_request(merchant: Settling, request: SettlementRequest) -> Settled:
    """Once for each number of the merchant's.

    Raises IdempotencyKeyReused, NoSettlementCard, SettlementTooSmall, InsufficientFunds,
    AccountFrozen, AccountClosed, ServiceUnavailable.
    """
    number = request.merchant_settlement_id
    asked = _Asked(
        settlement_id=derived_id("ms", merchant.merchant_id, "merchant", number),
        by="merchant",
        amount=request.amount,
        number=number,
        fingerprint=fingerprint(request),
    )
    return _settled(merchant, asked)


def settle_unasked(merchant: Settling, by: AskedBy, key: str) -> Settled:
    """All that may go, once for each key: by a schedule once for each day, or by an operator.

    Raises NoSettlementCard, SettlementTooSmall, AccountFrozen, AccountClosed, ServiceUnavailable.
    """
    return _settled(merchant, _Asked(derived_id("ms", merchant.merchant_id, by, key), by))


def _settled(merchant: Settling, asked: _Asked) -> Settled:
    for attempt in range(_TRIES):
        amount = asked.amount or _all_that_may_go(merchant)
        # Looked for after that: who finds nothing has not counted without what it holds itself.
        if earlier := find(hold_id_of(asked.settlement_id)):
            replay(earlier, asked.fingerprint)
            return _standing(asked)
        card = _checked(amount, merchant)
        try:
            return _held(merchant, asked, _record(merchant, card, asked, amount))
        except InsufficientFunds:
            if asked.amount:
                raise
        # A refund was faster, so there is less to settle.
        pause(attempt)
    raise ServiceUnavailable


def _all_that_may_go(merchant: Settling) -> int:
    available = merchant_funds(merchant.merchant_id).available
    return max(0, available - merchant.terms.reserve)


def _checked(amount: int, merchant: Settling) -> SettlementCard:
    """Where so much can go to. Raises NoSettlementCard, SettlementTooSmall."""
    if merchant.card is None:
        raise NoSettlementCard
    minimum = merchant.terms.minimum
    if amount < minimum:
        raise SettlementTooSmall(amount_display=display(amount), minimum_display=display(minimum))
    return merchant.card


def _held(merchant: Settling, asked: _Asked, made: Withdrawal) -> Settled:
    posting = hold(
        Movement(
            transfer_id=made.hold_id,
            kind="withdrawal",
            amount=made.money,
            fingerprint=asked.fingerprint,
            reference=made.withdrawal_id,
        ),
        debit=FromMerchant(merchant.merchant_id, label=merchant.name, keep=merchant.terms.reserve),
        credit=ToSystem(BANK_SETTLEMENT, label=made.card_label),
        expires_at=None,
        together_with=[put(made), put(listing(made))],
    )
    if posting.replayed:
        return _standing(asked)
    count("Withdrawals", outcome=PENDING)
    return Settled(started(made), replayed=False)


def _record(merchant: Settling, card: SettlementCard, asked: _Asked, amount: int) -> Withdrawal:
    """A settlement that is not yet written."""
    settlement_id, created_at = asked.settlement_id, clock.now_text()
    return Withdrawal(
        *withdrawal_key(settlement_id)[1:],
        withdrawal_id=settlement_id,
        merchant_id=merchant.merchant_id,
        merchant_settlement_id=asked.number,
        asked_by=asked.by,
        status=PENDING,
        history=[{"status": PENDING, "at": created_at}],
        amount=amount,
        currency="CNY",
        hold_id=hold_id_of(settlement_id),
        card_token=card.card_token,
        bank=card.bank,
        last4=card.last4,
        created_at=created_at,
        expected_by=arrival(card.bank, clock.seconds()),
        due_shard=due_shard(RESOLVING, settlement_id),
        due_at=clock.seconds() + settings().withdrawal_grace_seconds,
    )


def _standing(asked: _Asked) -> Settled:
    """What an earlier request has made; it may be that its state machine was not started."""
    found = find_withdrawal(asked.settlement_id)
    if found is None:
        raise NotFound
    return Settled(started(found), replayed=True)
