"""What the app sends and gets about identity."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.web.fields import Id, PayPassword, PhoneText

Purpose = Literal["register", "sign_in", "reset_password", "change_phone", "unlock"]
Code = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z", description="Six digits")]
NewPassword = Annotated[str, Meta(min_length=8, max_length=128)]
GivenPassword = Annotated[str, Meta(min_length=1, max_length=128)]
RefreshToken = Annotated[str, Meta(min_length=1, max_length=200)]
DeviceText = Annotated[str, Meta(max_length=100)]


class Device(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a device says of itself; nothing is decided by it."""

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


class SignInRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phone: PhoneText
    password: GivenPassword
    device: Device | None = None


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


class Profile(Struct, frozen=True, kw_only=True):
    """`phone` is masked."""

    user_id: str
    phone: str
    language: Literal["zh", "en"]
    created_at: str
    pay_password_set: bool
