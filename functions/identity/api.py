"""Routes of identity."""

from collections.abc import Iterable
from typing import Any

from functions.identity.models import (
    CodeRequest,
    CodeSent,
    Device,
    PasswordChange,
    PayPasswordChange,
    Profile,
    Refreshed,
    RefreshRequest,
    RegisterRequest,
    SessionPage,
    SignedIn,
    SignInRequest,
)
from functions.identity.password_change import change_password
from functions.identity.password_proof import AccountLocked, WrongCredentials, WrongPassword
from functions.identity.passwords import WeakPassword
from functions.identity.pay_password import WeakPayPassword, set_pay_password
from functions.identity.profile import profile
from functions.identity.records import User, user_key
from functions.identity.registration import PhoneRegistered, register
from functions.identity.session_check import session_check
from functions.identity.sessions import Origin, end, list_sessions, refresh
from functions.identity.sign_in import sign_in
from functions.identity.verification_code import CodeExpired, WrongCode, send_code
from shared.errors import NotFound
from shared.ledger.records import Account, account_key
from shared.phone import normalised
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor, Unauthenticated

api = Api(__name__, session_check)


def _the_user(call: Call[Any]) -> Iterable[Key]:
    yield user_key(call.user_id)


def _user_and_account(call: Call[Any]) -> Iterable[Key]:
    yield user_key(call.user_id)
    yield account_key(call.user_id)


@api.operation(
    "POST",
    "/v1/verification-codes",
    body=CodeRequest,
    answers={202: CodeSent},
    problems=(TooManyRequests,),
    public=True,
)
def create_verification_code(call: Call[CodeRequest]) -> Reply:
    """Sends a code by SMS. Known and unknown phones are answered alike."""
    sent = send_code(
        phone=normalised(call.body.phone),
        purpose=call.body.purpose,
        language=call.language,
        address=call.address,
    )
    return Reply(202, sent)


@api.operation(
    "POST",
    "/v1/users",
    body=RegisterRequest,
    answers={201: SignedIn},
    problems=(CodeExpired, PhoneRegistered, TooManyRequests, WeakPassword, WrongCode),
    public=True,
)
def create_user(call: Call[RegisterRequest]) -> Reply:
    """Registers whoever holds a phone, and signs them in."""
    signed_in = register(
        call.body,
        phone=normalised(call.body.phone),
        origin=_origin(call, call.body.device),
        language=call.language,
    )
    return Reply(201, signed_in)


@api.operation(
    "POST",
    "/v1/sessions",
    body=SignInRequest,
    answers={201: SignedIn},
    problems=(AccountLocked, WrongCredentials),
    public=True,
)
def create_session(call: Call[SignInRequest]) -> Reply:
    """Signs in with phone and password."""
    phone = normalised(call.body.phone)
    return Reply(201, sign_in(call.body, phone=phone, origin=_origin(call, call.body.device)))


@api.operation(
    "POST",
    "/v1/sessions/refresh",
    body=RefreshRequest,
    answers={201: Refreshed},
    problems=(Unauthenticated,),
    public=True,
)
def refresh_session(call: Call[RefreshRequest]) -> Reply:
    """Changes a refresh token for new tokens."""
    return Reply(201, Refreshed(tokens=refresh(call.body.refresh_token)))


@api.operation(
    "GET",
    "/v1/sessions",
    query=PageQuery,
    answers={200: SessionPage},
    problems=(InvalidCursor,),
)
def get_sessions(call: Call[None]) -> Reply:
    """Lists the signed-in devices, the last used first."""
    return Reply(200, list_sessions(call.user_id, call.session_id, call.query))


@api.operation("DELETE", "/v1/sessions/{session_id}", answers={204: None}, problems=(NotFound,))
def delete_session(call: Call[None]) -> Reply:
    """Signs a device out at once; `current` is the one that asks."""
    asked = call.path["session_id"]
    end(call.user_id, call.session_id if asked == "current" else asked)
    return Reply(204)


@api.operation(
    "PUT",
    "/v1/me/password",
    body=PasswordChange,
    answers={204: None},
    problems=(AccountLocked, WeakPassword, WrongPassword),
    reads=_the_user,
)
def put_password(call: Call[PasswordChange]) -> Reply:
    """Changes the password for signing in and signs all other devices out."""
    change_password(_user(call), call.body, session_id=call.session_id)
    return Reply(204)


@api.operation(
    "PUT",
    "/v1/me/pay-password",
    body=PayPasswordChange,
    answers={204: None},
    problems=(AccountLocked, WeakPayPassword, WrongPassword),
    reads=_the_user,
)
def put_pay_password(call: Call[PayPasswordChange]) -> Reply:
    """Sets or replaces the pay password, which also ends a lock of payments."""
    set_pay_password(_user(call), password=call.body.password, pay_password=call.body.pay_password)
    return Reply(204)


@api.operation("GET", "/v1/me", answers={200: Profile}, reads=_user_and_account)
def get_me(call: Call[None]) -> Reply:
    """Shows who is signed in."""
    account = call.found.one(Account, account_key(call.user_id))
    return Reply(200, profile(_user(call), account))


def _user(call: Call[Any]) -> User:
    user = call.found.one(User, user_key(call.user_id))
    if user is None:
        raise Unauthenticated
    return user


def _origin(call: Call[Any], device: Device | None) -> Origin:
    return Origin(device, call.address, call.country)
