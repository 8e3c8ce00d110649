"""Where and how often a user signs in, and what the rules of risk say to a sign-in from here.

It stands in the user, who is read and written at every sign-in anyway.
"""

from pynamodb.expressions.update import Action as Change

from functions.identity.origin import Origin
from functions.identity.records import User
from functions.risk.facts import of_sign_in
from functions.risk.guard import Decision, guard
from shared import clock


def decided(user: User, origin: Origin, *, new_device: bool) -> Decision:
    """What follows from where this sign-in comes from. Raises RiskBlocked, ServiceUnavailable."""
    facts = of_sign_in(
        country=origin.country,
        last_country=user.last_country or "",
        last_sign_in_at=user.last_sign_in_at or 0,
        hour_count=_hour_sign_ins(user),
        new_device=new_device,
        disputed=user.disputed_at is not None,
    )
    return guard(facts, user_id=user.user_id, subject="sign_in", origin=origin)


def signing_in(user: User, origin: Origin) -> list[Change]:
    """What a sign-in changes in the user."""
    country = User.last_country
    return [
        User.last_sign_in_at.set(clock.seconds()),
        country.set(origin.country) if origin.country else country.remove(),
        User.sign_in_hour.set(clock.local_hour()),
        User.hour_sign_ins.set(_hour_sign_ins(user) + 1),
    ]


def _hour_sign_ins(user: User) -> int:
    return user.hour_sign_ins if user.sign_in_hour == clock.local_hour() else 0
