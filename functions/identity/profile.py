"""What a user sees of oneself."""

from functions.identity.models import Profile
from functions.identity.records import User
from shared.ledger.records import Account
from shared.phone import masked


def profile(user: User, account: Account | None) -> Profile:
    return Profile(
        user_id=user.user_id,
        phone=masked(user.phone),
        language="en" if user.language == "en" else "zh",
        created_at=user.created_at,
        pay_password_set=account is not None and account.proof is not None,
    )
