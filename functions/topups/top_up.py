"""A top-up: a bank takes the money from a card, or somebody pays at a platform; then the ledger
books it.

Each step can be the last one before the process dies. So the record comes first, with the day's
allowance counted in the same write; then the bank or the platform is asked under the record's id,
as often as need be, for it charges once; then the posting ends the record. Whoever finds a record
without an end goes on from there: the same request sent again, a notification, or the sweeper.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn, cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.diagnosis.attempts import Asked, Refusals
from functions.identity.origin import origin_of
from functions.identity.pay_password import authorize
from functions.risk.money_guard import MoneyGuard
from functions.topups.ending import booking_id, conclude, expire, fail
from functions.topups.models import AlipaySource, CardSource, TopUpRequest
from functions.topups.records import (
    CARD,
    FAILED,
    PENDING,
    RESOLVING,
    SUCCEEDED,
    TopUp,
    at,
    current,
    listing,
    top_up_key,
)
from functions.topups.refusals import CheckoutDeclined, ProviderUnavailable, refusal_of
from functions.wallet.cards import key_of_card, usable_card
from functions.wallet.limits import check_top_up_amount, top_up_day_limit
from shared import clock
from shared.bank import get_bank
from shared.bank.port import BankRefusal, BankUnavailable, OutcomeUnknown
from shared.errors import (
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    Problem,
)
from shared.identifiers import derived_id
from shared.ledger import Limit
from shared.ledger.allowance import foresee, use
from shared.ledger.errors import AccountClosed, LimitExceeded
from shared.ledger.records import Account, account_key
from shared.ledger.sides import Authorize
from shared.observability import count
from shared.platforms import get_platform
from shared.platforms.port import Kind, PaymentUnknown, PlatformRefusal, PlatformUnavailable
from shared.settings import settings
from shared.table import Cancelled, Key, change, due_shard, put, put_new
from shared.web.idempotency import fingerprint
from shared.web.operation import Call

_CREATED, _ACCEPTED = 201, 202
_FIRST_LOOK_SECONDS = 60


class Outcome(NamedTuple):
    """What a request is answered: `status` is HTTP's, `replayed` whether it was answered before."""

    top_up: TopUp
    status: int
    replayed: bool = False


def needed(call: Call[TopUpRequest]) -> Iterable[Key]:
    """All that a top-up must know, read in the same round trip as the session."""
    yield account_key(call.user_id)
    yield _key(call)
    if isinstance(call.body.source, CardSource):
        yield key_of_card(call.user_id, call.body.source.card_id)


def top_up(call: Call[TopUpRequest]) -> Outcome:
    """Does what the call asks for, once. Raises the problem of the rule that it breaks."""
    account = call.found.one(Account, account_key(call.user_id))
    if account is None:
        raise AccountClosed
    earlier = call.found.one(TopUp, _key(call))
    if earlier is not None:
        return _again(call, earlier, account)
    limit = top_up_day_limit()
    made = _record(call, limit)
    noting = REFUSALS.noting(call)
    may_use = authorize(call.body.pay_password, origin=origin_of(call), noting=noting)
    may_use(account)
    standing = _create(call, made, account, limit, may_use)
    if standing is not None:
        return _again(call, standing, account)
    return _carry_out(call, made, account)


def _again(call: Call[TopUpRequest], earlier: TopUp, account: Account) -> Outcome:
    """The first answer again; or, when there was none and nobody is at work, the work goes on."""
    if earlier.fingerprint != fingerprint(call.body):
        raise IdempotencyKeyReused
    if earlier.first_answer or earlier.status != PENDING:
        return _answer(earlier, replayed=True)
    if not _taken_over(earlier):
        raise IdempotencyKeyInUse
    return _carry_out(call, earlier, account)


def _carry_out(call: Call[TopUpRequest], made: TopUp, account: Account) -> Outcome:
    if made.platform is None:
        return _charge(made, account)
    return _check_out(made, made.platform, address=call.address)


def _charge(made: TopUp, account: Account) -> Outcome:
    try:
        charge = get_bank().charge(
            reference=made.top_up_id, card_token=made.card_token, amount=made.money
        )
    except BankRefusal as refusal:
        return _answer(fail(made, refusal_of(refusal, bank=made.bank, last4=made.last4)))
    except BankUnavailable as error:
        # Surely not done.
        _try_again(made, error)
    except OutcomeUnknown:
        return _answer_pending(made, TopUp.due_at.set(clock.seconds()))
    ended = conclude(made, charge, account)
    if ended.status != PENDING:
        return _answer(ended)
    return _answer_pending(ended, TopUp.due_at.set(clock.seconds()))


def _check_out(made: TopUp, platform: Kind, *, address: str) -> Outcome:
    """Nobody can pay before this has been answered, for nobody knows where."""
    if clock.seconds() >= made.expires_at:
        return _answer(expire(made))
    try:
        url = get_platform(platform).create_checkout(
            reference=made.top_up_id,
            amount=made.money,
            expires_at=made.expires_at,
            address=address,
        )
    except PlatformRefusal as refusal:
        return _answer(fail(made, CheckoutDeclined(diagnosis={"platform_code": refusal.code})))
    except (PlatformUnavailable, PaymentUnknown) as error:
        _try_again(made, error)
    made.checkout_url = url
    look = TopUp.due_at.set(clock.seconds() + _FIRST_LOOK_SECONDS)
    return _answer_pending(made, TopUp.checkout_url.set(url), look)


def _try_again(made: TopUp, error: Exception) -> NoReturn:
    """The same request may be sent again at once."""
    change(at(made), [TopUp.lease_until.set(clock.seconds())], _still_ours(made))
    raise ProviderUnavailable(provider=made.platform or "bank") from error


def _answer_pending(made: TopUp, *more: Action) -> Outcome:
    """Says that it is not known yet, and remembers having said so."""
    answered = [TopUp.first_answer.set(_ACCEPTED), *more]
    if change(at(made), answered, _still_ours(made)):
        count("TopUps", outcome=PENDING)
        return Outcome(made, _ACCEPTED)
    return _answer(current(made))


def _answer(ended: TopUp, *, replayed: bool = False) -> Outcome:
    """The answer that a top-up has had or will have from now on."""
    if ended.first_answer:
        return Outcome(ended, ended.first_answer, replayed)
    if ended.status == SUCCEEDED:
        return Outcome(ended, _CREATED, replayed)
    if ended.status == PENDING:
        raise IdempotencyKeyInUse
    refusal = Problem.from_record(ended.refusal)
    refusal.replayed = replayed
    raise refusal


def _record(call: Call[TopUpRequest], limit: Limit) -> TopUp:
    """A top-up that is not yet written. Raises SourceNotAvailable, NotFound, CardNotActive,
    ServiceUnavailable.
    """
    body = call.body
    key = _key(call)
    now = clock.seconds()
    lease_until = now + settings().top_up_lease_seconds
    return TopUp(
        key.pk,
        key.sk,
        top_up_id=_id_of(call),
        user_id=call.user_id,
        status=PENDING,
        amount=body.amount,
        currency=body.currency,
        created_at=clock.now_text(),
        fingerprint=fingerprint(body),
        limit_period=limit.period,
        lease_until=lease_until,
        due_shard=due_shard(RESOLVING, _id_of(call)),
        due_at=lease_until,
        **_source(call, now),
    )


def _source(call: Call[TopUpRequest], now: int) -> dict[str, Any]:
    """What a record says of where the money is to come from, and until when it may."""
    source = call.body.source
    if not isinstance(source, CardSource):
        kind: Kind = "alipay" if isinstance(source, AlipaySource) else "wechat_pay"
        get_platform(kind)
        return {"kind": kind, "expires_at": now + settings().checkout_seconds}
    card = usable_card(call.found, key_of_card(call.user_id, source.card_id))
    return {
        "kind": CARD,
        "card_id": card.card_id,
        "card_token": card.card_token,
        "bank": card.bank,
        "last4": card.last4,
        "expires_at": now + settings().top_up_expires_seconds,
    }


def _create(
    call: Call[TopUpRequest], made: TopUp, account: Account, limit: Limit, may_use: Authorize
) -> TopUp | None:
    """Writes the record and counts the allowance. Gives the one that was there before, if any."""
    try:
        check_top_up_amount(made.amount)
        guarded = MoneyGuard(
            "top_up",
            call,
            made.money,
            subject=made.top_up_id,
            payee=made.card_id or made.kind,
            account=account,
            limit=limit,
            authorize=may_use,
            foresee=lambda: foresee(account, made.amount, limit=limit),
        )
        made.risk = guarded.decision.to_record()
        return _written(made, account, limit, guarded)
    except LimitExceeded as refusal:
        _remember(made, refusal)
        raise


def _written(made: TopUp, account: Account, limit: Limit, guarded: MoneyGuard) -> TopUp | None:
    own = put(made)
    try:
        use(
            account,
            made.amount,
            limit=limit,
            authorize=guarded.authorize,
            together_with=[own, put(listing(made)), *guarded.together_with],
        )
    except Cancelled as cancelled:
        if not cancelled.failed(own):
            raise guarded.refusal(cancelled) from cancelled
        return cast(TopUp, cancelled.standing(own))
    return None


def _remember(made: TopUp, refusal: Problem) -> None:
    """Keeps a refusal, so that a replay gets the same. It is in no list: nothing has begun."""
    made.status, made.refusal = FAILED, refusal.to_record()
    made.due_shard = made.due_at = None
    made.ttl = clock.seconds() + settings().refusal_kept_seconds
    put_new(made)
    count("TopUpsRefused", reason=refusal.code)


def _taken_over(earlier: TopUp) -> bool:
    """Takes the lease, if it is over; nobody else has it then."""
    now = clock.seconds()
    lease_until = now + settings().top_up_lease_seconds
    if earlier.lease_until > now:
        return False
    return change(
        earlier,
        [TopUp.lease_until.set(lease_until), TopUp.due_at.set(lease_until)],
        _still_ours(earlier),
    )


def _still_ours(made: TopUp) -> Condition:
    condition: Condition = TopUp.first_answer.does_not_exist()
    condition &= TopUp.status == PENDING
    condition &= TopUp.lease_until == made.lease_until
    return condition


def _asked(call: Call[TopUpRequest], problem: Problem) -> Asked:
    top_up_id, source = _id_of(call), call.body.source
    return Asked(
        object_id=top_up_id,
        transfer_id=booking_id(top_up_id),
        amount=call.body.amount,
        about={"card_id": source.card_id} if isinstance(source, CardSource) else {},
    )


def _key(call: Call[TopUpRequest]) -> Key:
    return top_up_key(_id_of(call))


def _id_of(call: Call[TopUpRequest]) -> str:
    return derived_id("tu", call.user_id, "top_up", call.idempotency_key)


REFUSALS = Refusals("top_up", _asked)
