"""The ends of a top-up. Each is one write, and only the first of them counts."""

from typing import cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.topups.records import (
    EXPIRED,
    FAILED,
    PENDING,
    RESOLVING,
    SUCCEEDED,
    TopUp,
    at,
    current,
)
from functions.topups.refusals import AmountDiffers, TopUpExpired, refusal_of
from shared import clock
from shared.bank.port import Charge
from shared.errors import Problem
from shared.identifiers import derived_id
from shared.ledger import FromSystem, Movement, ToSystem, ToUser, post
from shared.ledger.accounts import SUSPENSE
from shared.ledger.allowance import give_back
from shared.ledger.errors import AccountClosed, CreditRefused
from shared.ledger.records import Account
from shared.ledger.sides import Side
from shared.money import Money
from shared.observability import count, logger, measure_amount
from shared.platforms.port import Payment
from shared.table import Cancelled, Write, due_shard, update, write

_PLATFORM_NAMES = {"alipay": "支付宝 Alipay", "wechat_pay": "微信支付 WeChat Pay"}


def conclude(top_up: TopUp, told: Charge | Payment, account: Account) -> TopUp:
    """Ends a top-up as its bank or platform says it went; gives it back as it stands then.

    Raises ServiceUnavailable; nothing is lost, for they can be asked again.
    """
    if top_up.status == SUCCEEDED or top_up.received:
        return top_up
    if isinstance(told, Charge):
        if told.status == "succeeded":
            return _take(top_up, told.amount, told.charge_id, account)
        return fail(top_up, _declined(top_up, told)) if told.status == "declined" else top_up
    if told.status == "paid":
        return _take(top_up, told.amount, told.payment_id, account)
    return expire(top_up) if told.status == "closed" else top_up


def fail(top_up: TopUp, refusal: Problem) -> TopUp:
    """No money was taken and none will be: remembers why and gives the day's allowance back."""
    return _end_without_money(top_up, FAILED, refusal, TopUp.status == PENDING)


def expire(top_up: TopUp) -> TopUp:
    """The same, unless somebody has taken it up again since it was read."""
    untouched = (TopUp.status == PENDING) & (TopUp.lease_until == top_up.lease_until)
    return _end_without_money(top_up, EXPIRED, TopUpExpired(), untouched)


def _declined(top_up: TopUp, told: Charge) -> Problem:
    return refusal_of(told, bank=top_up.bank, last4=top_up.last4)


def booking_id(top_up_id: str) -> str:
    """The id of the transfer that books the money of a top-up, wherever it went."""
    return derived_id("t", top_up_id)


def _take(top_up: TopUp, amount: Money, charge_id: str, account: Account) -> TopUp:
    charged = TopUp.charge_id.set(charge_id)
    if amount != top_up.money:
        return _set_aside(top_up, amount, AmountDiffers(), charged)
    try:
        return _book(top_up, amount, ToUser(account), SUCCEEDED, [charged, *_NOT_DUE])
    except CreditRefused:
        # The owner closed the account meanwhile.
        return _set_aside(top_up, amount, AccountClosed(), charged)


def _set_aside(top_up: TopUp, amount: Money, why: Problem, charged: Action) -> TopUp:
    """Money that is there must stand in the books, until it is back where it came from."""
    logger.error("top_up_set_aside", extra={"top_up_id": top_up.top_up_id, "code": why.code})
    remembered = why.to_record()
    going_back = [
        TopUp.refusal.set(remembered),
        TopUp.received.set(amount.amount),
        TopUp.refund_status.set(PENDING),
        TopUp.asks.set(0),
        TopUp.due_shard.set(due_shard(RESOLVING, top_up.top_up_id)),
        TopUp.due_at.set(clock.seconds()),
    ]
    booked = _book(top_up, amount, ToSystem(SUSPENSE), FAILED, [charged, *going_back])
    booked.refusal = remembered
    return booked


def _book(top_up: TopUp, amount: Money, credit: Side, status: str, more: list[Action]) -> TopUp:
    movement = Movement(
        transfer_id=booking_id(top_up.top_up_id),
        kind="top_up",
        amount=amount,
        reference=top_up.top_up_id,
    )
    # Money that is there counts, even when the top-up was given up before.
    ending = _ending(top_up, status, more, TopUp.status.is_in(PENDING, EXPIRED))
    debit = FromSystem(top_up.settlement_account, label=_source_label(top_up))
    posting = post(movement, debit=debit, credit=credit, together_with=[ending])
    if posting.replayed:
        return current(top_up)
    count("TopUps", outcome=status)
    measure_amount("TopUpAmount", amount.amount, currency=amount.currency)
    top_up.status = status
    return top_up


def _source_label(top_up: TopUp) -> str:
    if top_up.platform is None:
        return f"{top_up.bank} {top_up.last4}"
    return _PLATFORM_NAMES[top_up.platform]


def _end_without_money(top_up: TopUp, status: str, refusal: Problem, condition: Condition) -> TopUp:
    remembered = refusal.to_record()
    actions = [TopUp.refusal.set(remembered), *_NOT_DUE]
    ending = _ending(top_up, status, actions, condition)
    allowance = give_back(top_up.user_id, top_up.amount, name="top_up", period=top_up.limit_period)
    try:
        _write_ending(ending, allowance)
    except Cancelled as cancelled:
        standing = cancelled.standing(ending)
        if standing is None:
            raise
        return cast(TopUp, standing)
    top_up.status, top_up.refusal = status, remembered
    count("TopUps", outcome=status)
    count("TopUpsRefused", reason=refusal.code)
    return top_up


def _write_ending(ending: Write, allowance: Write) -> None:
    try:
        write(ending, allowance)
    except Cancelled as cancelled:
        if cancelled.failed(ending):
            raise
        # The day of that allowance is over.
        write(ending)


_NOT_DUE: tuple[Action, ...] = (TopUp.due_shard.remove(), TopUp.due_at.remove())


def _ending(top_up: TopUp, status: str, more: list[Action], condition: Condition) -> Write:
    actions = [TopUp.status.set(status), TopUp.ended_at.set(clock.now_text()), *more]
    return update(at(top_up), actions, condition)
