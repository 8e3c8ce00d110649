"""Small payments: what may go out at a till on the payment code alone.

The house says how much at most, at once and in a day; each user may allow less, or nothing. To
allow more again takes the pay password. None goes out while there is anything to be asked: after a
wrong pay password, from a new device, where a cool-down leaves no room, against a rule of risk.
"""

from typing import NamedTuple

from functions.identity import cool_down, pay_password
from functions.identity.cool_down import CoolDown
from functions.identity.origin import Origin, origin_of
from functions.identity.security_events import Happening, record
from functions.payments.codes import Shown
from functions.payments.limits import Factors, payment_limit
from functions.payments.models import SmallPaymentsRequest, SmallPaymentsView
from functions.risk.decision import Decision
from functions.risk.facts import of_money
from functions.risk.guard import allowed
from functions.wallet.limits import is_new, payment_day_limit
from shared.dynamodb import pause
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.ledger import FromUser, Limit, Part
from shared.ledger.accounts import find_account
from shared.ledger.errors import AccountClosed
from shared.ledger.records import Account
from shared.ledger.sides import as_read, at
from shared.money import display
from shared.settings import settings
from shared.table import Cancelled, update, write
from shared.web.operation import Call

_TRIES = 10
_WHAT = Texts("每日小额免密支付", "for payments without a pay password in one day")
_RESTING_ON = (Account.small_limit, Account.small_day_limit)


class PayPasswordRequired(Problem):
    status = 422
    code = "PAY_PASSWORD_REQUIRED"
    title = Texts("需要支付密码", "Pay password required")
    detail = Texts("提高免密额度需要支付密码。", "To allow more without it takes the pay password.")


class MustAsk(Exception):
    """The payer has to be asked. It does not leave this domain."""


class Allowance(NamedTuple):
    """Minor units that may go out without a question, at once and in a day."""

    at_once: int
    in_a_day: int


class Passing(NamedTuple):
    """How an amount goes out without a question, and what the rules of risk said to it."""

    debit: FromUser
    decision: Decision


def passing(shown: Shown, amount: int) -> Passing:
    """Lets so many minor units go out on a code, as far as can be foreseen.

    Raises MustAsk, LimitExceeded, InsufficientFunds, AccountFrozen; what is refused only when it is
    written raises the same from there.
    """
    allowance = _allowance(shown.payer)
    limit = _limit(shown, allowance)
    decision = _decision(shown, shown.payer, amount, limit)

    def may_pass(account: Account) -> None:
        if account is shown.payer:
            return
        if _allowance(account) != allowance:
            raise MustAsk
        if _decision(shown, account, amount, limit) != decision:
            raise MustAsk

    debit = FromUser(shown.payer, limit=limit, authorize=may_pass, resting_on=_RESTING_ON)
    debit.foresee(amount)
    return Passing(debit, decision)


def small_payments(account: Account | None) -> SmallPaymentsView:
    """What a user allows, and what is left of it today. Raises AccountClosed."""
    if account is None:
        raise AccountClosed
    allowance, most = _allowance(account), _most()
    used = payment_day_limit().part_used_by(account, _part(allowance))
    return SmallPaymentsView(
        per_payment=allowance.at_once,
        per_day=allowance.in_a_day,
        per_payment_at_most=most.at_once,
        per_day_at_most=most.in_a_day,
        used=used,
        remaining=max(0, allowance.in_a_day - used),
        currency="CNY",
    )


def allow(call: Call[SmallPaymentsRequest], account: Account | None) -> SmallPaymentsView:
    """Changes what a user allows.

    Raises PayPasswordRequired and what `pay_password.check` raises when it is more than before;
    AccountClosed, ServiceUnavailable.
    """
    wish, origin = Allowance(call.body.per_payment, call.body.per_day), origin_of(call)
    for attempt in range(_TRIES):
        if account is None:
            raise AccountClosed
        if _is_more(wish, _allowance(account)):
            if call.body.pay_password is None:
                raise PayPasswordRequired(field="pay_password")
            pay_password.check(account, call.body.pay_password, origin=origin)
        if _allowed(account, wish, origin):
            return small_payments(find_account(call.user_id))
        pause(attempt)
        account = find_account(call.user_id)
    raise ServiceUnavailable


def _most() -> Allowance:
    return Allowance(settings().small_payment_limit_minor, settings().small_payment_day_limit_minor)


def _allowance(account: Account) -> Allowance:
    """What the owner allows, as far as the house does."""
    most = _most()
    own, own_day = account.small_limit, account.small_day_limit
    return Allowance(
        most.at_once if own is None else min(int(own), most.at_once),
        most.in_a_day if own_day is None else min(int(own_day), most.in_a_day),
    )


def _is_more(wish: Allowance, before: Allowance) -> bool:
    return wish.at_once > before.at_once or wish.in_a_day > before.in_a_day


def _allowed(account: Account, wish: Allowance, origin: Origin) -> bool:
    """Stores a wish on the account as it was read; False when that has changed."""
    before = _allowance(account)
    if before == wish:
        return True
    condition = as_read(account, Account.proof_failures)
    for attribute in _RESTING_ON:
        condition &= as_read(account, attribute)
    actions = [
        Account.small_limit.set(wish.at_once),
        Account.small_day_limit.set(wish.in_a_day),
    ]
    if _is_more(wish, before):
        # The pay password was right.
        actions.append(Account.proof_failures.set(0))
    changed = record(
        account.account_id,
        Happening.SMALL_PAYMENTS_CHANGED,
        origin=origin,
        details={
            name: f"{display(was)} -> {display(now)}"
            for name, was, now in zip(("per_payment", "per_day"), before, wish, strict=True)
        },
    )
    changing = update(at(account), actions, condition)
    try:
        write(changing, changed)
    except Cancelled as cancelled:
        if not cancelled.failed(changing):
            raise
        return False
    return True


def _part(allowance: Allowance) -> Part:
    return Part(name="small", maximum=allowance.in_a_day, what=_WHAT)


def _limit(shown: Shown, allowance: Allowance) -> Limit:
    return payment_limit("code", Factors.NONE, shown.where, more=(_part(allowance),))


def _decision(shown: Shown, account: Account, amount: int, limit: Limit) -> Decision:
    if amount > _allowance(account).at_once or account.proof_failures or is_new(shown.where):
        raise MustAsk
    try:
        cool_down.check(account, amount, limit=limit)
    except CoolDown as error:
        raise MustAsk from error
    facts = of_money(
        "payment",
        amount,
        account=account,
        limit=limit,
        country=shown.code.country or "",
        seen=shown.where,
    )
    decision = allowed(facts)
    if decision is None:
        raise MustAsk
    return decision
