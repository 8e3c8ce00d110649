"""What a locked user sends, and what agents see and say about it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from functions.identity.models import Code, EmailText
from shared.web.fields import Id, PhoneText

Fact = Literal["registered", "card", "movement", "balance", "device", "place"]
Heard = Literal["confirmed", "wrong", "not_asked"]
State = Literal["open", "proposed", "unlocked", "refused", "expired"]
MailState = Literal["proven", "not_proven", "none_bound"]


class UnlockWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`verification_id` and `code`: of the purpose `unlock`. `email`: the bound address; without
    one bound it is left out. `report_id`: the number from "this wasn't me".
    """

    phone: PhoneText
    verification_id: Id
    code: Code
    email: EmailText | None = None
    report_id: Id | None = None


class UnlockAsked(Struct, frozen=True, kw_only=True):
    """`email_code_sent`: that a mail went to the address that was given; only if that is the bound
    one, it holds a code. `expires_in`: seconds.
    """

    request_id: str
    email_code_sent: bool
    expires_in: int


class MailProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code


class UnlockLineView(Struct, frozen=True, kw_only=True):
    request_id: str
    user_id: str
    ticket_id: str
    phone: str
    email: MailState
    state: State
    created_at: str
    expires_at: str


class UnlockPage(Struct, frozen=True, kw_only=True):
    items: list[UnlockLineView]
    next_cursor: str | None


class Question(Struct, frozen=True, kw_only=True):
    """What the agent asks, what the right answer is, and what was heard so far."""

    fact: Fact
    question: str
    answer: str
    heard: Heard


class AccountStanding(Struct, frozen=True, kw_only=True):
    """`disputed`: the owner has said "this wasn't me". `report`: whether the number that was given
    is of such a report that is still open; none was given: null.
    """

    status: str
    disputed: bool
    second_factor: bool
    report: Literal["open", "unknown"] | None


class UnlockView(Struct, frozen=True, kw_only=True):
    """`confirmations_needed`: so many facts must be confirmed. `proposable_at`: not before that.
    `earlier`: requests of the same user that came before.
    """

    request_id: str
    user_id: str
    ticket_id: str
    phone: str
    email: MailState
    state: State
    account: AccountStanding
    questions: list[Question]
    confirmations_needed: int
    proposable_at: str
    second_factor_removable: bool
    approval_id: str | None
    earlier: list[UnlockLineView]
    created_at: str
    expires_at: str


class FactsHeard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    facts: dict[Fact, Heard]


class UnlockProposal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`remove_second_factor`: for who has lost the authenticator and the recovery codes."""

    remove_second_factor: bool = False
    note: Annotated[str, Meta(max_length=500)] = ""


class UnlockProposed(Struct, frozen=True, kw_only=True):
    approval_id: str


class Refusal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
