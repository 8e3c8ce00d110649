"""What the wallet asks of a bank, whichever bank it is."""

from typing import Literal, Protocol

import msgspec

from shared.money import Money

# A bank refuses a request that is older than this, so a charge whose last request is older, and
# which the bank does not know, will never happen.
REQUEST_LIFETIME_SECONDS = 300


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A card that waits for the code which the bank has sent to its phone."""

    binding_id: str
    expires_in_seconds: int


class BoundCard(msgspec.Struct, frozen=True, kw_only=True):
    card_token: str
    bank: str
    last4: str
    kind: Literal["debit", "credit"]


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """Money taken from a card (`succeeded`), not taken (`declined`, with a reason), or on its way.

    The reason is the bank's code, such as `INSUFFICIENT_FUNDS`.
    """

    charge_id: str
    reference: str
    amount: Money
    status: Literal["succeeded", "declined", "pending"]
    reason: str | None = None


class BankUnavailable(Exception):
    """This call did nothing and may be made again.

    It says nothing of an earlier call with the same reference: what was unknown stays unknown.
    """


class OutcomeUnknown(Exception):
    """The call may have taken effect or not: ask later, and never guess."""


class BankRefusal(Exception):
    """The bank understood and said no. `code` is the bank's, such as `WRONG_CARD_NUMBER`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Bank(Protocol):
    """Each call raises BankUnavailable, OutcomeUnknown or BankRefusal when it returns no answer.

    A reference is the wallet's own id: 1 to 64 letters, digits, `_`, `.`, `:` and `-`. The same
    call with the same reference has one effect, and gives the first answer again.
    """

    def start_binding(
        self, *, reference: str, number: str, holder_name: str, phone: str
    ) -> Binding:
        """The bank sends a code to the card's phone (E.164). Refused: `WRONG_CARD_NUMBER`."""

    def confirm_binding(self, *, binding_id: str, code: str) -> BoundCard:
        """Refused: `WRONG_CODE`, `CODE_EXPIRED`, `VERIFICATION_FAILED`, `BINDING_NOT_FOUND`."""

    def unbind(self, card_token: str) -> None:
        """The token is worth nothing from now on; an unknown one is no error."""

    def charge(self, *, reference: str, card_token: str, amount: Money) -> Charge:
        """Takes money from the card. Refused: `CARD_NOT_BOUND`, `CURRENCY_NOT_SUPPORTED`."""

    def find_charge(self, reference: str) -> Charge | None:
        """None: the bank has not seen it so far. See REQUEST_LIFETIME_SECONDS for when it won't."""
