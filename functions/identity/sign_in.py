"""Signing in with phone and password."""

from collections.abc import Sequence

from pynamodb.expressions.update import Action

from functions.identity import passwords
from functions.identity.directory import PhoneEntry, directory_key, guessed_user_id
from functions.identity.models import SignedIn, SignInRequest
from functions.identity.password_proof import WrongCredentials, forgiving, proves
from functions.identity.records import User, user_key
from functions.identity.sessions import Origin, end_surplus, new_session
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.table import Cancelled, Write, read, update, write


def sign_in(request: SignInRequest, *, phone: str, origin: Origin) -> SignedIn:
    """A session for the owner of a phone (E.164). Raises WrongCredentials, AccountLocked."""
    user = _owner(phone)
    if not proves(request.password, phone=phone, user=user) or user is None:
        raise WrongCredentials
    upgraded = None
    if passwords.is_outdated(user.password_hash):
        upgraded = passwords.hash_of(request.password)
    signed_in = start_session(
        user, origin, together_with=[forgiving(phone)], upgraded_hash=upgraded
    )
    count("SignIns")
    return signed_in


def start_session(
    user: User,
    origin: Origin,
    *,
    together_with: Sequence[Write] = (),
    upgraded_hash: str | None = None,
) -> SignedIn:
    """A session for somebody who has proven to be `user`.

    Not when the password was changed since `user` was read: that has ended all sessions, and the
    request may be sent again (ServiceUnavailable).
    upgraded_hash: the same password hashed anew, when it is time for that.
    """
    session = new_session(user.user_id, origin)
    changes: list[Action] = [User.sign_ins.add(1)]
    if upgraded_hash is not None:
        changes.append(User.password_hash.set(upgraded_hash))
    still_same = update(User(user.pk, user.sk), changes, User.password_hash == user.password_hash)
    try:
        write(session.starting, still_same, *together_with)
    except Cancelled as cancelled:
        raise ServiceUnavailable from cancelled
    end_surplus(user.user_id, newest=session.record)
    logger.info("signed_in", extra={"user_id": user.user_id})
    return SignedIn(user_id=user.user_id, tokens=session.tokens)


def _owner(phone: str) -> User | None:
    entry_key, guessed_key = directory_key(phone), user_key(guessed_user_id(phone))
    found = read([entry_key, guessed_key])
    entry = found.one(PhoneEntry, entry_key)
    if entry is None:
        return None
    key = user_key(entry.user_id)
    return (found if key == guessed_key else read([key])).one(User, key)
