"""Routes of identity."""

from collections.abc import Iterable
from typing import Any

from functions.identity import challenge, two_factor
from functions.identity.asker import asker, user_and_account
from functions.identity.attempts import attempt
from functions.identity.challenge import ChallengeEnded
from functions.identity.closing import AccountNotEmpty, close
from functions.identity.code_limits import CountryNotServed
from functions.identity.dispute import dispute
from functions.identity.email_change import ask_to_bind, bind
from functions.identity.models import (
    AppVersionQuery,
    AppVersionView,
    ChallengeAnswer,
    ChallengeStarted,
    Closing,
    CodeRequest,
    CodeSent,
    Disputed,
    EmailChange,
    EmailCodeSent,
    EmailConfirmation,
    PasswordChange,
    PasswordProof,
    PasswordReset,
    PayPasswordChange,
    PhoneChange,
    Profile,
    RecoveryCodes,
    Refreshed,
    RefreshRequest,
    RegisterRequest,
    SecurityEventPage,
    SessionPage,
    SignedIn,
    SignInRequest,
    Strength,
    StrengthQuestion,
    TotpConfirmation,
    TotpStarted,
    TwoFactorChoice,
    TwoFactorProof,
    TwoFactorView,
)
from functions.identity.origin import origin_of
from functions.identity.password_change import change_password
from functions.identity.password_proof import AccountLocked, WrongCredentials, WrongPassword
from functions.identity.password_reset import reset_password
from functions.identity.passwords import WeakPassword
from functions.identity.pay_password import (
    PayPasswordLocked,
    WeakPayPassword,
    WrongPayPassword,
    set_pay_password,
)
from functions.identity.phone_change import OldPhoneUnproven, change_phone, send_leaving_code
from functions.identity.profile import profile
from functions.identity.records import PendingEmail, pending_email_key, user_key
from functions.identity.registration import PhoneRegistered, register
from functions.identity.security_events import Happening, list_events, record
from functions.identity.session_check import session_check
from functions.identity.sessions import end, end_others, list_sessions, refresh
from functions.identity.sign_in import sign_in, take_second_step
from functions.identity.step_up import take_step
from functions.identity.strength import strength
from functions.identity.targets import Phone
from functions.identity.tokens import USERS
from functions.identity.two_factor import SecondFactorRequired, TwoFactorEnabled
from functions.identity.verification_code import CodeExpired, WrongCode, send_code
from functions.risk.guard import RiskBlocked
from shared.errors import NotFound
from shared.ledger.errors import AccountClosed, AccountFrozen
from shared.ledger.records import Account, account_key
from shared.phone import normalised
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.app_version import standing
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor, InvalidField, Unauthenticated

_FULL_PROOF = (
    AccountLocked,
    NotFound,
    SecondFactorRequired,
    TooManyRequests,
    WrongCode,
    WrongPassword,
)

api = Api(__name__, session_check)


def _the_user(call: Call[Any]) -> Iterable[Key]:
    yield user_key(call.user_id)


def _user_and_pending_email(call: Call[Any]) -> Iterable[Key]:
    yield user_key(call.user_id)
    yield pending_email_key(call.user_id)


@api.operation(
    "POST",
    "/v1/verification-codes",
    body=CodeRequest,
    answers={202: CodeSent},
    problems=(CountryNotServed, TooManyRequests),
    public=True,
)
def create_verification_code(call: Call[CodeRequest]) -> Reply:
    """Sends a code by SMS. Known and unknown phones are answered alike."""
    sent = send_code(
        target=Phone(normalised(call.body.phone)),
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
    with attempt(call.address):
        signed_in = register(
            call.body,
            phone=normalised(call.body.phone),
            origin=origin_of(call, call.body.device, call.body.device_secret),
            language=call.language,
        )
    return Reply(201, signed_in)


@api.operation(
    "POST",
    "/v1/sessions",
    body=SignInRequest,
    answers={201: SignedIn, 202: ChallengeStarted},
    problems=(AccountLocked, RiskBlocked, TooManyRequests, WrongCredentials),
    public=True,
)
def create_session(call: Call[SignInRequest]) -> Reply:
    """Signs in with phone and password."""
    phone = normalised(call.body.phone)
    origin = origin_of(call, call.body.device, call.body.device_secret)
    with attempt(call.address):
        answer = sign_in(call.body, phone=phone, origin=origin, language=call.language)
    return Reply(202 if isinstance(answer, ChallengeStarted) else 201, answer)


@api.operation(
    "POST",
    "/v1/sessions/challenges/{challenge_id}",
    body=ChallengeAnswer,
    answers={201: SignedIn},
    problems=(ChallengeEnded, CodeExpired, TooManyRequests, WrongCode),
    public=True,
)
def answer_sign_in_challenge(call: Call[ChallengeAnswer]) -> Reply:
    """Takes the second step of a sign-in."""
    challenge_id = call.path["challenge_id"]
    with attempt(call.address):
        signed_in = take_second_step(challenge_id, call.body, origin=origin_of(call))
    return Reply(201, signed_in)


@api.operation(
    "POST",
    "/v1/sessions/challenges/{challenge_id}/sms",
    answers={202: None},
    problems=(ChallengeEnded, TooManyRequests),
    public=True,
)
def send_sign_in_code(call: Call[None]) -> Reply:
    """Sends the code of a sign-in challenge by SMS, for who has no authenticator at hand."""
    challenge.send_by_sms(
        call.path["challenge_id"],
        challenge.SIGN_IN,
        origin=origin_of(call),
        language=call.language,
    )
    return Reply(202)


@api.operation(
    "POST",
    "/v1/step-ups/{challenge_id}",
    body=ChallengeAnswer,
    answers={204: None},
    problems=(ChallengeEnded, CodeExpired, TooManyRequests, WrongCode),
)
def pass_step_up(call: Call[ChallengeAnswer]) -> Reply:
    """Passes the challenge that a money operation has asked for."""
    take_step(call.path["challenge_id"], call.body, user_id=call.user_id, origin=origin_of(call))
    return Reply(204)


@api.operation(
    "POST",
    "/v1/step-ups/{challenge_id}/sms",
    answers={202: None},
    problems=(ChallengeEnded, TooManyRequests),
)
def send_step_up_code(call: Call[None]) -> Reply:
    """Sends the code of a step-up by SMS, for who has no authenticator at hand."""
    challenge.send_by_sms(
        call.path["challenge_id"],
        challenge.STEP_UP,
        origin=origin_of(call),
        language=call.language,
        user_id=call.user_id,
    )
    return Reply(202)


@api.operation(
    "POST",
    "/v1/me/two-factor/totp",
    body=PasswordProof,
    answers={201: TotpStarted},
    problems=(AccountLocked, TwoFactorEnabled, WrongPassword),
    reads=_the_user,
)
def begin_totp(call: Call[PasswordProof]) -> Reply:
    """Begins to set up an authenticator; it counts once a code of it was confirmed."""
    return Reply(201, two_factor.begin(asker(call), call.body.password, origin=origin_of(call)))


@api.operation(
    "POST",
    "/v1/me/two-factor/totp/confirm",
    body=TotpConfirmation,
    answers={200: RecoveryCodes},
    problems=(NotFound, TooManyRequests, TwoFactorEnabled, WrongCode),
    reads=_the_user,
)
def confirm_totp(call: Call[TotpConfirmation]) -> Reply:
    """Turns two-factor on and shows the recovery codes, once."""
    return Reply(200, two_factor.confirm(asker(call), call.body.code, origin=origin_of(call)))


@api.operation(
    "DELETE",
    "/v1/me/two-factor/totp",
    body=TwoFactorProof,
    answers={204: None},
    problems=_FULL_PROOF,
    reads=_the_user,
)
def delete_totp(call: Call[TwoFactorProof]) -> Reply:
    """Turns two-factor off, by password and second factor."""
    two_factor.disable(
        asker(call),
        call.body.password,
        call.body.second_factor,
        session_id=call.session_id,
        origin=origin_of(call),
    )
    return Reply(204)


@api.operation(
    "PUT",
    "/v1/me/two-factor",
    body=TwoFactorChoice,
    answers={204: None},
    problems=_FULL_PROOF,
    reads=_the_user,
)
def put_two_factor(call: Call[TwoFactorChoice]) -> Reply:
    """Chooses when a sign-in asks for the second factor: always, or on new devices."""
    two_factor.choose(
        asker(call),
        call.body.password,
        call.body.second_factor,
        always=call.body.ask == "always",
        origin=origin_of(call),
    )
    return Reply(204)


@api.operation("GET", "/v1/me/two-factor", answers={200: TwoFactorView})
def get_two_factor(call: Call[None]) -> Reply:
    """Shows whether two-factor is on, when it is asked, and how many recovery codes are left."""
    return Reply(200, two_factor.shown(call.user_id))


@api.operation(
    "POST",
    "/v1/me/two-factor/recovery-codes",
    body=TwoFactorProof,
    answers={201: RecoveryCodes},
    problems=_FULL_PROOF,
    reads=_the_user,
)
def create_recovery_codes(call: Call[TwoFactorProof]) -> Reply:
    """Makes ten new recovery codes, shown once; the old ones are no longer good."""
    codes = two_factor.renew_recovery_codes(
        asker(call), call.body.password, call.body.second_factor, origin=origin_of(call)
    )
    return Reply(201, codes)


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
    origin = origin_of(call)
    tokens = refresh(
        call.body.refresh_token,
        USERS,
        reused=lambda user_id: record(user_id, Happening.REFRESH_TOKEN_REUSED, origin=origin),
    )
    return Reply(201, Refreshed(tokens=tokens))


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


@api.operation("DELETE", "/v1/sessions", answers={204: None})
def delete_other_sessions(call: Call[None]) -> Reply:
    """Signs all other devices out at once."""
    end_others(call.user_id, call.session_id, origin=origin_of(call))
    return Reply(204)


@api.operation("DELETE", "/v1/sessions/{session_id}", answers={204: None}, problems=(NotFound,))
def delete_session(call: Call[None]) -> Reply:
    """Signs a device out at once; `current` is the one that asks."""
    asked = call.path["session_id"]
    ended = call.session_id if asked == "current" else asked
    event = record(
        call.user_id,
        Happening.SESSION_ENDED,
        origin=origin_of(call),
        details={"session_id": ended},
    )
    end(call.user_id, ended, event=event)
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
    change_password(asker(call), call.body, session_id=call.session_id, origin=origin_of(call))
    return Reply(204)


@api.operation(
    "POST",
    "/v1/password-resets",
    body=PasswordReset,
    answers={204: None},
    problems=(CodeExpired, SecondFactorRequired, TooManyRequests, WeakPassword, WrongCode),
    public=True,
)
def create_password_reset(call: Call[PasswordReset]) -> Reply:
    """Sets a new password by a code to the phone, ends a lock, and signs all devices out."""
    origin = origin_of(call, call.body.device, call.body.device_secret)
    with attempt(call.address):
        reset_password(call.body, phone=normalised(call.body.phone), origin=origin)
    return Reply(204)


@api.operation(
    "POST",
    "/v1/password-strength",
    body=StrengthQuestion,
    answers={200: Strength},
    problems=(TooManyRequests,),
    public=True,
)
def assess_password(call: Call[StrengthQuestion]) -> Reply:
    """Estimates how hard a password is to guess, with advice. The password is not kept."""
    return Reply(200, strength(call.body, language=call.language, address=call.address))


@api.operation(
    "PUT",
    "/v1/me/email",
    body=EmailChange,
    answers={202: EmailCodeSent},
    problems=(AccountLocked, TooManyRequests, WrongPassword),
    reads=_the_user,
)
def put_email(call: Call[EmailChange]) -> Reply:
    """Sends a code to a mail address, which it takes to bind the address to the account."""
    sent = ask_to_bind(asker(call), call.body, language=call.language, origin=origin_of(call))
    return Reply(202, sent)


@api.operation(
    "POST",
    "/v1/me/email/confirm",
    body=EmailConfirmation,
    answers={204: None},
    problems=(CodeExpired, TooManyRequests, WrongCode),
    reads=_user_and_pending_email,
)
def confirm_email(call: Call[EmailConfirmation]) -> Reply:
    """Binds the mail address that the code was sent to."""
    pending = call.found.one(PendingEmail, pending_email_key(call.user_id))
    bind(asker(call), pending, call.body.code, origin=origin_of(call))
    return Reply(204)


@api.operation(
    "POST",
    "/v1/me/phone/codes",
    answers={202: CodeSent},
    problems=(TooManyRequests,),
    reads=_the_user,
)
def create_leaving_code(call: Call[None]) -> Reply:
    """Sends a code to the phone of the account, which proves it before it is changed."""
    sent = send_leaving_code(asker(call), language=call.language, address=call.address)
    return Reply(202, sent)


@api.operation(
    "PUT",
    "/v1/me/phone",
    body=PhoneChange,
    answers={204: None},
    problems=(
        AccountLocked,
        CodeExpired,
        OldPhoneUnproven,
        PhoneRegistered,
        SecondFactorRequired,
        TooManyRequests,
        WrongCode,
        WrongPassword,
    ),
    reads=_the_user,
)
def put_phone(call: Call[PhoneChange]) -> Reply:
    """Moves the account to another phone and signs all other devices out."""
    change_phone(
        asker(call),
        call.body,
        phone=normalised(call.body.phone),
        session_id=call.session_id,
        origin=origin_of(call),
    )
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
    set_pay_password(
        asker(call),
        password=call.body.password,
        pay_password=call.body.pay_password,
        origin=origin_of(call),
    )
    return Reply(204)


@api.operation(
    "GET",
    "/v1/me/security-events",
    query=PageQuery,
    answers={200: SecurityEventPage},
    problems=(InvalidCursor,),
)
def get_security_events(call: Call[None]) -> Reply:
    """Lists what happened to the account, the newest first."""
    return Reply(200, list_events(call.user_id, call.query))


@api.operation(
    "POST",
    "/v1/me/security-events/{event_id}/dispute",
    answers={202: Disputed},
    problems=(AccountClosed, NotFound),
)
def dispute_security_event(call: Call[None]) -> Reply:
    """Says "this wasn't me": freezes the account, ends all sessions and opens a report."""
    disputed = dispute(
        call.user_id,
        call.path["event_id"],
        origin=origin_of(call),
        language=call.language,
    )
    return Reply(202, disputed)


@api.operation(
    "GET", "/v1/me", answers={200: Profile}, problems=(NotFound,), reads=user_and_account
)
def get_me(call: Call[None]) -> Reply:
    """Shows who is signed in."""
    account = call.found.one(Account, account_key(call.user_id))
    return Reply(200, profile(asker(call), account))


@api.operation(
    "DELETE",
    "/v1/me",
    body=Closing,
    answers={204: None},
    problems=(
        AccountClosed,
        AccountFrozen,
        AccountLocked,
        AccountNotEmpty,
        InvalidField,
        PayPasswordLocked,
        SecondFactorRequired,
        WrongCode,
        WrongPassword,
        WrongPayPassword,
    ),
    reads=user_and_account,
)
def delete_me(call: Call[Closing]) -> Reply:
    """Closes the empty account for good, and frees the phone."""
    account = call.found.one(Account, account_key(call.user_id))
    close(asker(call), account, call.body, origin=origin_of(call))
    return Reply(204)


@api.operation(
    "GET",
    "/v1/app-versions",
    query=AppVersionQuery,
    answers={200: AppVersionView},
    public=True,
)
def get_app_versions(call: Call[None]) -> Reply:
    """Tells whether a version of the app may be used, and which is the latest."""
    found = standing(call.query.platform, call.query.version)
    view = AppVersionView(status=found.status, latest=found.latest, minimum=found.minimum)
    return Reply(200, view)
