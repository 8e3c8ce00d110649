"""How many codes are sent, and into which countries.

A message costs money, and whoever owns a number in a far country may be paid for each one that is
sent there. So strangers can have codes sent into the configured countries only, and so many to a
phone, to the numbers that share its beginning, from an address, and by the whole service in a day.

What goes to the own phone of somebody who has proven more already is counted by itself and sent
into any country: strangers can't use that up, and its users are the only ones who cause it.
"""

import secrets

from functions.identity.models import AnyPurpose
from functions.identity.targets import Phone, Target
from shared import phone, rate_limit
from shared.errors import Problem, Texts
from shared.rate_limit import Interval, RateLimit, Window
from shared.settings import settings

_DAY_SECONDS = 86_400
_HOUR_SECONDS = 3_600
_FOR_OWNERS = frozenset({"leave_phone", "second_step"})
# So much of a number at least is left out of its beginning, which becomes part of a key.
_DIGITS_NOT_KEPT = 4


class CountryNotServed(Problem):
    status = 422
    code = "COUNTRY_NOT_SERVED"
    title = Texts("暂不支持该国家或地区", "Country not served")
    detail = Texts(
        "暂不向该国家或地区的手机号发送验证码。已有账户的用户仍可用密码登录，或联系客服。",
        "No codes are sent to phones of this country. Who has an account can still sign in by "
        "password, or ask support.",
    )


def check_country(target: Target, purpose: AnyPurpose) -> None:
    """Raises CountryNotServed for a phone that strangers may not have codes sent to."""
    if not isinstance(target, Phone) or purpose in _FOR_OWNERS:
        return
    if phone.country(target.address) not in settings().codes_countries.split(","):
        raise CountryNotServed(field="phone")


def sending_limits(
    target: Target, purpose: AnyPurpose, *, address: str | None, asked_by: str | None
) -> list[RateLimit]:
    """What one more code counts against. asked_by: the signed-in user who asks, if one does."""
    for_owner = purpose in _FOR_OWNERS
    limits: list[RateLimit] = [
        Interval(
            name="code_resend",
            # For each purpose by itself: who has just registered may forget the password at once.
            subject=f"{purpose}#{target.digest}",
            seconds=settings().code_resend_seconds,
        ),
        _in_a_day(
            "codes_per_phone",
            f"{purpose}#{target.digest}" if for_owner else target.digest,
            settings().codes_per_phone_per_day,
        ),
    ]
    if address is not None:
        network = rate_limit.network_of(address)
        maximum = settings().codes_per_address_per_hour
        limits.append(_in_an_hour("codes_per_address", network, maximum))
    if asked_by is not None:
        limits.append(_in_a_day("codes_per_user", asked_by, settings().codes_per_user_per_day))
    if isinstance(target, Phone) and not for_owner:
        beginning = _beginning(target.address)
        limits += [
            _in_an_hour("codes_per_prefix_hour", beginning, settings().codes_per_prefix_per_hour),
            _in_a_day("codes_per_prefix_day", beginning, settings().codes_per_prefix_per_day),
            _in_all(),
        ]
    return limits


def _in_all() -> Window:
    """A share of what the whole service sends in a day: one counter would be too busy."""
    shards = settings().codes_in_all_shards
    share = -(-settings().codes_in_all_per_day // shards)
    return _in_a_day("codes_in_all", str(secrets.randbelow(shards)), share)


def _beginning(address: str) -> str:
    """`8613800` of +8613800000001."""
    digits = address.removeprefix("+")
    return digits[: min(settings().code_prefix_digits, len(digits) - _DIGITS_NOT_KEPT)]


def _in_a_day(name: str, subject: str, maximum: int) -> Window:
    return Window(name=name, subject=subject, maximum=maximum, seconds=_DAY_SECONDS)


def _in_an_hour(name: str, subject: str, maximum: int) -> Window:
    return Window(name=name, subject=subject, maximum=maximum, seconds=_HOUR_SECONDS)
