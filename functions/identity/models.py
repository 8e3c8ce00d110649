"""What the app sends and gets about identity."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.web.app_version import Platform, Status, Version
from shared.web.fields import Id, PayPassword, PhoneText

Purpose = Literal["register", "sign_in", "reset_password", "change_phone", "unlock"]
# The second line: what nobody can ask for but by the operation that needs it.
AnyPurpose = Literal[
    Purpose, "leave_phone", "confirm_email", "second_step", "unlock_email", "hotline"
]
Code = Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)", description="Six digits")]
NewPassword = Annotated[str, Meta(min_length=8, max_length=128)]
GivenPassword = Annotated[str, Meta(min_length=1, max_length=128)]
RefreshToken = Annotated[str, Meta(min_length=1, max_length=200)]
EmailText = Annotated[str, Meta(min_length=3, max_length=254)]
DeviceText = Annotated[str, Meta(max_length=100)]
DeviceSecret = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{43,100}$(?!\n)",
        description="256 random bits or more in base64url, made and kept by the app on a device "
        "with an id: by it the device is known again, and has tries of its own",
    ),
]


class Device(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a device says of itself, which proves nothing."""

    id: DeviceText | None = None
    name: DeviceText | None = None
    platform: DeviceText | None = None
    app_version: DeviceText | None = None


class CodeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phone: PhoneText
    purpose: Purpose


class CodeSent(Struct, frozen=True, kw_only=True):
    """Durations are seconds."""

    verification_id: str
    expires_in: int
    resend_after: int


class RegisterRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phone: PhoneText
    verification_id: Id
    code: Code
    password: NewPassword
    device: Device | None = None
    device_secret: DeviceSecret | None = None


class SignInRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phone: PhoneText
    password: GivenPassword
    device: Device | None = None
    device_secret: DeviceSecret | None = None


class RefreshRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    refresh_token: RefreshToken


class Tokens(Struct, frozen=True, kw_only=True):
    """`expires_in`: seconds for which the access token is good."""

    access_token: str
    refresh_token: str
    expires_in: int


class SignedIn(Struct, frozen=True, kw_only=True):
    user_id: str
    tokens: Tokens


class Refreshed(Struct, frozen=True, kw_only=True):
    tokens: Tokens


class SessionView(Struct, frozen=True, kw_only=True):
    """A signed-in device. `current`: the one that asks."""

    session_id: str
    current: bool
    device: Device | None
    address: str | None
    country: str | None
    created_at: str
    last_used_at: str


class SessionPage(Struct, frozen=True, kw_only=True):
    items: list[SessionView]
    next_cursor: str | None


class PasswordChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    current_password: GivenPassword
    new_password: NewPassword


class PayPasswordChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`password` is the one for signing in."""

    password: GivenPassword
    pay_password: PayPassword


class SecurityEventView(Struct, frozen=True, kw_only=True):
    """Something that happened to the account. `disputed`: its owner said "this wasn't me"."""

    event_id: str
    kind: str
    created_at: str
    device: Device | None
    address: str | None
    country: str | None
    details: dict[str, str]
    disputed: bool


class SecurityEventPage(Struct, frozen=True, kw_only=True):
    items: list[SecurityEventView]
    next_cursor: str | None


class Disputed(Struct, frozen=True, kw_only=True):
    """What was done at once. `signed_out`: every session has ended, this one too."""

    report_id: str
    report_status: Literal["open"]
    account_status: Literal["frozen"]
    signed_out: Literal[True]
    next_step: str


class SecondFactor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Proof beside the password."""

    method: Literal["totp", "sms", "recovery"]
    code: Annotated[str, Meta(min_length=6, max_length=32)]


class PasswordReset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`device` with its `device_secret`: is known from then on, as by a second step."""

    phone: PhoneText
    verification_id: Id
    code: Code
    new_password: NewPassword
    second_factor: SecondFactor | None = None
    device: Device | None = None
    device_secret: DeviceSecret | None = None


class EmailChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: EmailText
    password: GivenPassword


class EmailCodeSent(Struct, frozen=True, kw_only=True):
    """`email` is masked; durations are seconds."""

    email: str
    expires_in: int
    resend_after: int


class EmailConfirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code


class OldPhoneProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code that was sent to the phone of the account."""

    verification_id: Id
    code: Code


class PhoneChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`verification_id` and `code` are of the new phone, asked for with purpose `change_phone`.

    `old_phone` proves the present one; where two-factor is on, `second_factor` does in its place.
    """

    phone: PhoneText
    verification_id: Id
    code: Code
    password: GivenPassword
    old_phone: OldPhoneProof | None = None
    second_factor: SecondFactor | None = None


class StrengthQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`phone`: of whom the password will be, as it must not be part of it."""

    password: GivenPassword
    phone: PhoneText | None = None


class Strength(Struct, frozen=True, kw_only=True):
    """How hard a password is to guess: `score` 0 (at once) to 4 (very hard).

    `accepted`: whether the wallet takes it. `advice`: how to make it better, the most urgent first.
    """

    score: Literal[0, 1, 2, 3, 4]
    accepted: bool
    advice: list[str]


class PasswordAge(Struct, frozen=True, kw_only=True):
    """`renew_advised`: it is old enough to think of a new one; nothing depends on it."""

    changed_at: str
    renew_advised: bool


class Profile(Struct, frozen=True, kw_only=True):
    """`phone` is masked. `cool_down_until`: till then only small amounts can be sent."""

    user_id: str
    phone: str
    language: Literal["zh", "en"]
    created_at: str
    pay_password_set: bool
    email_bound: bool
    password: PasswordAge
    cool_down_until: str | None


class PasswordProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: GivenPassword


class TotpStarted(Struct, frozen=True, kw_only=True):
    """`secret` in base32, and the same as an `otpauth:` URI for a QR code."""

    secret: str
    otpauth_uri: str


class TotpConfirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code


class RecoveryCodes(Struct, frozen=True, kw_only=True):
    """Ten codes, each good once, for when the authenticator is lost. They are shown only here."""

    recovery_codes: list[str]


class TwoFactorProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The full proof: the password, and a code of the authenticator or a recovery code."""

    password: GivenPassword
    second_factor: SecondFactor | None = None


class TwoFactorChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a sign-in asks for the second factor, with the full proof."""

    ask: Literal["always", "new_device"]
    password: GivenPassword
    second_factor: SecondFactor | None = None


class TwoFactorView(Struct, frozen=True, kw_only=True):
    """`ask`: when a sign-in asks for it; null while it is off."""

    enabled: bool
    ask: Literal["always", "new_device"] | None
    recovery_codes_left: int


class ChallengeStarted(Struct, frozen=True, kw_only=True):
    challenge_id: str
    methods: list[Literal["totp", "recovery", "sms"]]


class ChallengeAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    method: Literal["totp", "sms", "recovery"]
    code: Annotated[str, Meta(min_length=6, max_length=20)]


class AppVersionQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    platform: Platform
    version: Version


class AppVersionView(Struct, frozen=True, kw_only=True):
    """`latest` and `minimum` are of the platform."""

    status: Status
    latest: str
    minimum: str


class Closing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The full proof: the password, and beside it the second factor where that is on, else the pay
    password where one was set.
    """

    password: GivenPassword
    pay_password: PayPassword | None = None
    second_factor: SecondFactor | None = None


class KnownDeviceView(Struct, frozen=True, kw_only=True):
    """A device that the user has signed in from. `first_seen_at`: null for the very first."""

    name: str | None
    first_seen_at: str | None
