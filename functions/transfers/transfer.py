"""From person to person: at once, or later by a hold that a schedule settles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.diagnosis.attempts import Asked, Refusals
from functions.identity import cool_down
from functions.identity.cool_down import CoolDown
from functions.identity.directory import PhoneEntry, directory_key, guessed_user_id
from functions.identity.origin import origin_of, seen
from functions.identity.pay_password import authorize
from functions.identity.step_up import StepUpRequired
from functions.risk.guard import Action, RiskBlocked
from functions.risk.money_guard import MoneyGuard
from functions.risk.payees import is_known, known_payee_key, remembering
from functions.transfers.collecting import OtherAmountAsked, check_terms, code_of
from functions.transfers.models import Arrival, Party, Payee, TransferRequest, TransferView
from functions.wallet.limits import check_transfer_amount, on_device, transfer_day_limit
from shared import clock
from shared.errors import NotFound, Problem, Texts
from shared.ledger import FromUser, Limit, Movement, Posting, ToUser, hold, post, refuse, replay
from shared.ledger.errors import (
    AccountClosed,
    AccountFrozen,
    CreditRefused,
    InsufficientFunds,
    LimitExceeded,
)
from shared.ledger.posting import transfer_id
from shared.ledger.records import (
    CLOSED,
    HELD,
    POSTED,
    REFUSED,
    RELEASED,
    SETTLED,
    Account,
    Transfer,
    account_key,
    transfer_key,
)
from shared.ledger.sides import Authorize
from shared.money import Money
from shared.observability import count, measure_amount
from shared.phone import normalised
from shared.qr import QrExpired
from shared.table import Cancelled, Key, Write, read
from shared.web.idempotency import fingerprint
from shared.web.operation import Call

ARRIVAL = "arrive"
CANCELLED = "cancelled"
SAFETY_DELAY = "SAFETY_DELAY"
_STATUS_WORDS = {POSTED: "succeeded", SETTLED: "succeeded", HELD: "scheduled", REFUSED: "failed"}
_DELAYED: Arrival = "in_2_hours"
_DELAY_SECONDS = {"in_2_hours": 7_200, "next_day": 86_400}
_EXPIRES_AFTER_SECONDS = 7 * 86_400


class SelfTransfer(Problem):
    status = 422
    code = "SELF_TRANSFER"
    title = Texts("不能转账给自己", "Transfer to oneself")
    detail = Texts("付款方和收款方不能是同一个账户。", "Payer and payee are the same account.")


class PayeeNotFound(Problem):
    status = 422
    code = "PAYEE_NOT_FOUND"
    title = Texts("收款方不存在", "Payee not found")
    detail = Texts(
        "没有找到可以收款的账户，请核对手机号或用户编号。",
        "No account that can receive money was found. Check the phone number or the user id.",
    )


_REMEMBERED = (
    SelfTransfer,
    PayeeNotFound,
    QrExpired,
    OtherAmountAsked,
    InsufficientFunds,
    LimitExceeded,
)
_AFTER_PROOF = (*_REMEMBERED, AccountFrozen, CoolDown, RiskBlocked, StepUpRequired)


@dataclass(frozen=True)
class _Named:
    """A party of a transfer that was refused before there were two accounts."""

    account_id: str
    label: str | None = None


def needed(call: Call[TransferRequest]) -> Iterable[Key]:
    """All that a transfer must know, read in the same round trip as the session."""
    yield account_key(call.user_id)
    yield transfer_key(_id_of(call))
    user_id = _named_id(call.body.payee)
    if user_id is None:
        phone = normalised(call.body.payee.phone or "", field="payee.phone")
        yield directory_key(phone)
        user_id = guessed_user_id(phone)
    yield account_key(user_id)
    yield known_payee_key(call.user_id, user_id)


def send(call: Call[TransferRequest]) -> Posting:
    """Does what the call asks for, once. Raises the problem of the rule that it breaks."""
    body, code = call.body, code_of(call.body.payee)
    payer_key, own_key = account_key(call.user_id), transfer_key(_id_of(call))
    payer = call.found.one(Account, payer_key)
    earlier = call.found.one(Transfer, own_key)
    movement = Movement(
        transfer_id=_id_of(call),
        kind="transfer",
        amount=Money(amount=body.amount, currency=body.currency),
        fingerprint=fingerprint(body),
        note=code.terms.note if code and body.note is None else body.note,
    )
    if earlier is not None:
        return replay(earlier, movement.fingerprint)
    if payer is None:
        raise AccountClosed
    _authorize(call, transfer_day_limit())(payer)
    payee: Account | None = None
    try:
        payee, new_payee = _payee(call)
        if code:
            check_terms(code, movement.amount)
        check_transfer_amount(body.amount)
        posting = _sent(call, movement, payer, payee, new_payee)
    except CreditRefused as error:
        raise _refused(movement, PayeeNotFound(), payer, payee) from error
    except _REMEMBERED as problem:
        raise _refused(movement, problem, payer, payee) from problem
    count("TransfersPosted", arrive=body.arrive)
    measure_amount("TransferAmount", body.amount, currency=body.currency)
    return posting


def view(transfer: Transfer, *, first_answer: bool = False) -> TransferView:
    """A transfer as people see it: as it stands now, or as it was first answered."""
    status: Any = _status(transfer)
    if first_answer:
        status = "succeeded" if transfer.expires_at is None else "scheduled"
    ended = not first_answer and transfer.expires_at is not None
    waits = status == "scheduled" and transfer.risk is not None and transfer.risk.get("delayed")
    return TransferView(
        transfer_id=transfer.transfer_id,
        status=status,
        payer=Party(user_id=transfer.debit, name=transfer.debit_label),
        payee=Party(user_id=transfer.credit, name=transfer.credit_label),
        amount=transfer.amount,
        currency="CNY",
        note=transfer.note,
        created_at=transfer.created_at,
        arrives_at=transfer.arrives_at,
        ended_at=transfer.ended_at if ended else None,
        reason=SAFETY_DELAY if waits else transfer.ended_why if ended else None,
    )


def visible(transfer: Transfer | None, user_id: str) -> Transfer:
    """A transfer that this user may see. Raises NotFound for all others, in the same words.

    The payer sees every one of theirs but the refused, the payee what has arrived.
    """
    if transfer is None or transfer.kind != "transfer" or transfer.status == REFUSED:
        raise NotFound
    arrived = transfer.status in (POSTED, SETTLED)
    if transfer.debit == user_id or (transfer.credit == user_id and arrived):
        return transfer
    raise NotFound


def _authorize(call: Call[TransferRequest], limit: Limit) -> Authorize:
    """What must be so for the payer to spend, asked of each state of the account."""
    noting = REFUSALS.noting(call)
    proven = authorize(call.body.pay_password, origin=origin_of(call), noting=noting)

    def may_spend(account: Account) -> None:
        proven(account)
        cool_down.check(account, call.body.amount, limit=limit)

    return may_spend


def _asked(call: Call[TransferRequest], problem: Problem) -> Asked:
    transfer_id = _id_of(call)
    about = {}
    if (code := code_of(call.body.payee)) and code.terms.expires_at:
        about["code_expires_at"] = str(code.terms.expires_at)
    # Before the pay password was proven, nothing may be learned of a payee, now or later.
    if isinstance(problem, _AFTER_PROOF) and (payee_id := _asked_payee(call)):
        about["payee_id"] = payee_id
    amount = call.body.amount
    return Asked(object_id=transfer_id, transfer_id=transfer_id, amount=amount, about=about)


def _asked_payee(call: Call[TransferRequest]) -> str:
    """Who was meant; by a phone that nobody has, who would register with it."""
    try:
        return _payee_id(call)
    except PayeeNotFound:
        return guessed_user_id(normalised(call.body.payee.phone or "", field="payee.phone"))


def _id_of(call: Call[TransferRequest]) -> str:
    return transfer_id(
        account_id=call.user_id, operation="transfer", idempotency_key=call.idempotency_key
    )


def _payee(call: Call[TransferRequest]) -> tuple[Account, bool]:
    """Who gets the money, and whether it is somebody new."""
    user_id = _payee_id(call)
    if user_id == call.user_id:
        raise SelfTransfer
    key, known_key = account_key(user_id), known_payee_key(call.user_id, user_id)
    found = call.found
    if found.get(key) is None and call.body.payee.phone is not None:
        # A phone that its owner did not register with: its account has another id.
        found = read([key, known_key])
    account = found.one(Account, key)
    if account is None or account.status == CLOSED:
        raise PayeeNotFound
    return account, not is_known(found, known_key)


def _named_id(payee: Payee) -> str | None:
    """The id of a payee who is not named by a phone."""
    code = code_of(payee)
    return code.owner_id if code else payee.user_id


def _payee_id(call: Call[TransferRequest]) -> str:
    payee = call.body.payee
    user_id = _named_id(payee)
    if user_id is not None:
        return user_id
    phone = normalised(payee.phone or "", field="payee.phone")
    entry = call.found.one(PhoneEntry, directory_key(phone))
    if entry is None:
        raise PayeeNotFound
    return entry.user_id


def _sent(
    call: Call[TransferRequest], movement: Movement, payer: Account, payee: Account, new_payee: bool
) -> Posting:
    limit = on_device(transfer_day_limit(), seen(call))
    guarded = MoneyGuard(
        "transfer",
        call,
        movement.amount,
        subject=movement.transfer_id,
        payee=payee.account_id,
        account=payer,
        limit=limit,
        authorize=_authorize(call, limit),
        foresee=lambda: FromUser(payer, limit=limit).foresee(movement.amount.amount),
        new_payee=new_payee,
    )
    debit = FromUser(payer, limit=limit, authorize=guarded.authorize)
    delayed = call.body.arrive == "now" and guarded.decision.asks_for(Action.DELAY)
    movement = replace(movement, risk=guarded.decision.to_record(delayed=delayed))
    together_with = guarded.together_with
    arrive = _DELAYED if delayed else call.body.arrive
    if arrive == "now" and new_payee and not guarded.unguarded:
        together_with = [*together_with, remembering(call.user_id, payee.account_id)]
    try:
        return _move(movement, debit, ToUser(payee), arrive, together_with)
    except Cancelled as cancelled:
        raise guarded.refusal(cancelled) from cancelled


def _move(
    movement: Movement,
    debit: FromUser,
    credit: ToUser,
    arrive: Arrival,
    together_with: Sequence[Write],
) -> Posting:
    if arrive == "now":
        return post(movement, debit=debit, credit=credit, together_with=together_with)
    arrives_at = clock.seconds() + _DELAY_SECONDS[arrive]
    return hold(
        movement,
        debit=debit,
        credit=credit,
        expires_at=arrives_at + _EXPIRES_AFTER_SECONDS,
        arrives_at=clock.text_of(arrives_at * 1000),
        due=ARRIVAL,
        due_at=arrives_at,
        together_with=together_with,
    )


def _refused(
    movement: Movement, problem: Problem, payer: Account, payee: Account | None
) -> Problem:
    count("TransfersRefused", reason=problem.code)
    credit = _Named("") if payee is None else _Named(payee.account_id, payee.label)
    return refuse(movement, problem, debit=_Named(payer.account_id, payer.label), credit=credit)


def _status(transfer: Transfer) -> str:
    if transfer.status == RELEASED:
        return "cancelled" if transfer.ended_why == CANCELLED else "failed"
    return _STATUS_WORDS[str(transfer.status)]


REFUSALS = Refusals("transfer", _asked)
