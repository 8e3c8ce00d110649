"""What users and agents say and see of calls that we make."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from functions.wallet.models import MomentText, milliseconds_in
from shared.web.fields import PhoneText

CallbackState = Literal["waiting", "taken", "done", "given_up"]


class CallbackWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`phone`: without one, the registered one. `not_before`: else as soon as somebody is there."""

    topic: Annotated[str, Meta(min_length=1, max_length=200)]
    phone: PhoneText | None = None
    not_before: MomentText | None = None

    def __post_init__(self) -> None:
        milliseconds_in("not_before", self.not_before)


class CallbackBooked(Struct, frozen=True, kw_only=True):
    """`phone` is masked; `not_before` is in business hours."""

    callback_id: str
    ticket_id: str
    phone: str
    not_before: str


class CallbackView(Struct, frozen=True, kw_only=True):
    """`registered`: it is the user's own phone. Facts are told to no other. `tries`: calls that
    nobody answered. `due_at`: when somebody should call, or call again.
    """

    callback_id: str
    ticket_id: str
    user_id: str | None
    phone: str
    registered: bool
    topic: str
    language: str
    state: CallbackState
    tries: int
    due_at: str | None
    created_at: str


class CallbacksView(Struct, frozen=True, kw_only=True):
    items: list[CallbackView]


class CallbackTaken(Struct, frozen=True, kw_only=True):
    """`phone`: the number to dial, in full."""

    phone: str
    callback: CallbackView


class CallbackOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outcome: Literal["reached", "no_answer"]
