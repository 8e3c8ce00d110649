"""Payment codes: 18 digits that a signed-in user shows at a till, good once and for a minute.

They are made here, by chance, and kept as a keyed hash: nothing that is stored or that a phone
keeps leads to the next one. Each lives out its time beside a newer one, for a till may read it at
the very moment when the phone changes to the next; and none outlives the session that it was shown
from. All that may be wrong with one is refused in the same words.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from functions.identity import sessions
from functions.identity.origin import Seen, seen
from functions.identity.pay_password import PayPasswordNotSet
from functions.payments.models import PaymentCodeView
from functions.payments.records import PaymentCode, payment_code_key
from shared import clock
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.ledger.errors import AccountClosed, AccountFrozen
from shared.ledger.records import CLOSED, FROZEN, Account, account_key
from shared.observability import count
from shared.rate_limit import Window, take
from shared.settings import settings
from shared.table import Cancelled, Found, Key, Write, put, read, update
from shared.web.operation import Call

# Neither WeChat Pay's (10 to 15) nor Alipay's (25 to 30) nor UnionPay's (62).
PREFIX = "77"
_DIGITS = 16
_TRIES = 3
_KNOWN_SECONDS = 86_400


class PaymentCodeRefused(Problem):
    status = 422
    code = "PAYMENT_CODE_REFUSED"
    title = Texts("付款码无效", "Payment code not valid")
    detail = Texts(
        "付款码错误、已过期或已使用，请让顾客出示新的付款码。",
        "The payment code is wrong, too old or was used before. Ask the customer for a new one.",
    )


@dataclass(frozen=True)
class Shown:
    """A code that can be charged, with the account of who shows it, as both were read."""

    code: PaymentCode
    payer: Account

    @property
    def where(self) -> Seen:
        """Where the session of the code was seen before it was made."""
        code = self.code
        return Seen(code.seen_country or "", code.seen_at, code.device_since)

    def using(self, order_id: str) -> Write:
        """Uses the code up for an order; its condition fails when another has, or time is up."""
        unused = PaymentCode.order_id.does_not_exist() & (PaymentCode.expires_at > clock.seconds())
        own = PaymentCode(self.code.pk, self.code.sk)
        return update(own, [PaymentCode.order_id.set(order_id)], unused)


def make(call: Call[None]) -> PaymentCodeView:
    """A new code for the device that asks, and its only sight.

    Raises AccountClosed, AccountFrozen, PayPasswordNotSet, TooManyRequests, ServiceUnavailable.
    """
    _check(call.found.one(Account, account_key(call.user_id)))
    limits = [
        _codes(call.user_id, settings().payment_codes_per_minute, 60),
        _codes(call.user_id, settings().payment_codes_per_day, 86_400),
    ]
    for _ in range(_TRIES):
        digits = f"{PREFIX}{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        making = put(_new(call, digits))
        try:
            take(limits, together_with=[making])
        except Cancelled as cancelled:
            if not cancelled.failed(making):
                raise
            continue  # somebody has this very code
        count("PaymentCodesMade")
        return PaymentCodeView(code=digits, expires_in=settings().payment_code_seconds)
    raise ServiceUnavailable


def needed(merchant_id: str, digits: str) -> Iterable[Key]:
    """What must be read to know a code that a merchant has read from a phone."""
    yield payment_code_key(digits)
    yield _wrong_codes(merchant_id).key


def shown(merchant_id: str, digits: str, found: Found) -> Shown:
    """What a merchant may charge, by what was found of it.

    A code that there never was is a guess, and counted; many of them end all tries for a while.
    Raises PaymentCodeRefused, TooManyRequests.
    """
    _wrong_codes(merchant_id).check(found)
    code = found.one(PaymentCode, payment_code_key(digits))
    if code is None:
        if digits.startswith(PREFIX):
            take([_wrong_codes(merchant_id)])
        raise PaymentCodeRefused
    if code.order_id or code.expires_at <= clock.seconds():
        raise PaymentCodeRefused
    session, account = sessions.key_of(code.user_id, code.session_id), account_key(code.user_id)
    own = read([session, account])
    payer = own.one(Account, account)
    if payer is None or payer.status == CLOSED or not sessions.is_lasting(session, own):
        raise PaymentCodeRefused
    return Shown(code, payer)


def _check(account: Account | None) -> None:
    if account is None or account.status == CLOSED:
        raise AccountClosed
    if account.status == FROZEN:
        raise AccountFrozen
    if account.proof is None:
        raise PayPasswordNotSet


def _new(call: Call[None], digits: str) -> PaymentCode:
    where = seen(call)
    expires_at = clock.seconds() + settings().payment_code_seconds
    return PaymentCode(
        *payment_code_key(digits)[1:],
        user_id=call.user_id,
        session_id=call.session_id,
        country=call.country or None,
        seen_country=where.country or None,
        seen_at=where.at,
        device_since=where.device_since,
        expires_at=expires_at,
        # Known for longer than it is good: an old code is no guess.
        ttl=expires_at + _KNOWN_SECONDS,
    )


def _codes(user_id: str, maximum: int, seconds: int) -> Window:
    return Window(
        name=f"payment_codes_{seconds}", subject=user_id, maximum=maximum, seconds=seconds
    )


def _wrong_codes(merchant_id: str) -> Window:
    maximum = settings().wrong_payment_codes_per_hour
    return Window(name="wrong_payment_codes", subject=merchant_id, maximum=maximum, seconds=3_600)
