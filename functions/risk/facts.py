"""What is known of an operation, from what it has read anyway."""

from functions.identity.origin import Seen
from functions.risk.decision import Facts
from functions.risk.rules import Kind
from shared import clock
from shared.ledger import Limit
from shared.ledger.records import Account
from shared.settings import settings


def of_money(
    kind: Kind,
    amount: int,
    *,
    account: Account,
    limit: Limit,
    country: str,
    seen: Seen,
    new_payee: bool = False,
) -> Facts:
    """The facts of an operation that moves `amount` minor units and counts them in `limit`.

    country: where it is asked from; seen: where its session was before.
    """
    now = clock.seconds()
    tally = limit.tally(account)
    return Facts(
        kind=kind,
        local_hour=_hour(limit.hour),
        unguarded=tally.day_amount + amount <= settings().unguarded_day_limit_minor,
        amount=amount,
        day_count=tally.day_count,
        day_amount=tally.day_amount,
        hour_count=tally.hour_count,
        hour_amount=tally.hour_amount,
        largest=tally.largest,
        new_payee=new_payee,
        device_age_seconds=now - seen.device_since if seen.device_since else None,
        cool_down=(account.cool_down_until or 0) > now,
        country=country,
        last_country=seen.country,
        away_seconds=now - seen.at,
    )


def of_sign_in(
    *,
    country: str,
    last_country: str,
    last_sign_in_at: int,
    hour_count: int,
    new_device: bool,
    disputed: bool,
) -> Facts:
    """The facts of a sign-in with the right password. last_sign_in_at: seconds since 1970.

    hour_count: how many sign-ins there were before in the present local hour.
    """
    return Facts(
        kind="sign_in",
        local_hour=_hour(clock.local_hour()),
        hour_count=hour_count,
        new_device=new_device,
        disputed=disputed,
        country=country,
        last_country=last_country,
        away_seconds=clock.seconds() - last_sign_in_at,
    )


def _hour(text: str) -> int:
    return int(text[-2:])
