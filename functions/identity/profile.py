"""What a user sees of oneself."""

from functions.identity.models import PasswordAge, Profile
from functions.identity.records import User
from shared import clock
from shared.errors import NotFound
from shared.ledger.records import Account
from shared.settings import settings


def profile(user: User, account: Account | None) -> Profile:
    """Raises NotFound. The masked phone is the label of the account, so that nothing is opened."""
    if account is None:
        raise NotFound
    return Profile(
        user_id=user.user_id,
        phone=str(account.label),
        language="en" if user.language == "en" else "zh",
        created_at=user.created_at,
        pay_password_set=account.proof is not None,
        email_bound=user.email is not None,
        password=_password_age(user),
        cool_down_until=_cool_down_end(user),
    )


def _password_age(user: User) -> PasswordAge:
    changed_at = user.password_changed_at or clock.seconds_of(user.created_at)
    return PasswordAge(
        changed_at=clock.text_of(changed_at * 1000),
        renew_advised=clock.seconds() - changed_at >= settings().password_renew_seconds,
    )


def _cool_down_end(user: User) -> str | None:
    until = user.cool_down_until or 0
    return clock.text_of(until * 1000) if until > clock.seconds() else None
