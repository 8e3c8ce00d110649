"""How much may be sent, paid, topped up and withdrawn: at once, and in one local day.

The amount of one transfer is checked here. The day is a condition of the write that moves the
money: it takes a `Limit` from here.
"""

from dataclasses import replace

from functions.identity.origin import Seen
from shared import clock
from shared.errors import Texts
from shared.ledger import Limit
from shared.ledger.errors import LimitExceeded
from shared.money import display
from shared.settings import settings


def transfer_day_limit() -> Limit:
    """What a user may send to others in the present local day."""
    return Limit(
        name="transfer",
        period=clock.local_day(),
        maximum=settings().transfer_day_limit_minor,
        what=Texts("每日转账", "for transfers in one day"),
    )


def top_up_day_limit() -> Limit:
    """What a user may top up in the present local day."""
    return Limit(
        name="top_up",
        period=clock.local_day(),
        maximum=settings().top_up_day_limit_minor,
        what=Texts("每日充值", "for top-ups in one day"),
    )


def payment_day_limit() -> Limit:
    """What a user may pay to merchants in the present local day."""
    return Limit(
        name="payment",
        period=clock.local_day(),
        maximum=settings().payment_day_limit_minor,
        what=Texts("每日支付", "for payments in one day"),
    )


def on_device(limit: Limit, seen: Seen) -> Limit:
    """The same limit as it holds for what leaves the wallet from the device that asks.

    While that is new, less may leave in a day; never less than what goes without a question.
    seen: of the session (`origin.seen`).
    """
    if seen.device_since + settings().new_device_seconds <= clock.seconds():
        return limit
    least = settings().unguarded_day_limit_minor
    maximum = min(limit.maximum, max(least, settings().new_device_day_limit_minor))
    what = Texts(f"新设备{limit.what.zh}", f"{limit.what.en} from a new device")
    return replace(limit, maximum=maximum, what=what)


def withdrawal_day_limit() -> Limit:
    """What a user may withdraw in the present local day, fees not counted."""
    return Limit(
        name="withdrawal",
        period=clock.local_day(),
        maximum=settings().withdrawal_day_limit_minor,
        what=Texts("每日提现", "for withdrawals in one day"),
    )


def check_transfer_amount(amount: int) -> None:
    """Raises LimitExceeded when one transfer may not be for so many minor units."""
    if amount > settings().transfer_limit_minor:
        raise _exceeded(
            "transfer", settings().transfer_limit_minor, Texts("单笔转账", "per transfer")
        )


def check_top_up_amount(amount: int) -> None:
    """Raises LimitExceeded when one top-up may not be for so many minor units."""
    if amount > settings().top_up_limit_minor:
        raise _exceeded("top_up", settings().top_up_limit_minor, Texts("单笔充值", "per top-up"))


def check_withdrawal_amount(amount: int) -> None:
    """Raises LimitExceeded when one withdrawal may not be for so many minor units."""
    if amount > settings().withdrawal_limit_minor:
        raise _exceeded(
            "withdrawal", settings().withdrawal_limit_minor, Texts("单笔提现", "per withdrawal")
        )


def check_payment_amount(amount: int) -> None:
    """Raises LimitExceeded when one payment may not be for so many minor units."""
    if amount > settings().payment_limit_minor:
        raise _exceeded("payment", settings().payment_limit_minor, Texts("单笔支付", "per payment"))


def _exceeded(name: str, maximum: int, what: Texts) -> LimitExceeded:
    return LimitExceeded(
        what_zh=what.zh,
        what_en=what.en,
        limit_display=display(maximum),
        which=f"{name}_once",
        limit=maximum,
    )
