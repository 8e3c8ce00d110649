"""Where a user is reached: phone and mail address, which are kept sealed in `User`."""

from functions.identity.records import User, user_key
from functions.identity.sealed import open_sealed, place, seal


def phone_of(user: User) -> str:
    """In E.164. Raises SealBroken, ServiceUnavailable."""
    return open_sealed(user.phone, of=_place(user.user_id, "phone"))


def email_of(user: User) -> str | None:
    """None when none is bound. Raises SealBroken, ServiceUnavailable."""
    return user.email and open_sealed(user.email, of=_place(user.user_id, "email"))


def sealed_phone(user_id: str, phone: str) -> str:
    """What `User.phone` keeps of a phone (E.164). Raises ServiceUnavailable."""
    return seal(phone, of=_place(user_id, "phone"))


def sealed_email(user_id: str, email: str) -> str:
    """What `User.email` keeps of a mail address. Raises ServiceUnavailable."""
    return seal(email, of=_place(user_id, "email"))


def _place(user_id: str, field: str) -> str:
    return place(user_key(user_id), field)
