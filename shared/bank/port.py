"""What the wallet asks of a bank, whichever bank it is."""

from collections.abc import Iterator
from typing import Literal, Protocol

import msgspec

from shared.money import Money


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


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """Money sent to a card.

    `accepted`: on its way. `paid`: the card has it. `rejected`: it never had it. `reversed`: it was
    paid and came back, even days later. Nothing else follows `rejected` or `reversed`. The reason
    of these two is the bank's code, such as `ACCOUNT_CLOSED`.
    """

    payout_id: str
    reference: str
    amount: Money
    status: Literal["accepted", "paid", "rejected", "reversed"]
    reason: str | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a charge sent back to its card: `accepted` is on its way, `failed` has a reason."""

    refund_id: str
    reference: str
    amount: Money
    status: Literal["accepted", "succeeded", "failed"]
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
    call with the same reference has one effect, and gives what it led to as it stands.

    A bank refuses requests that are older than the setting `bank_request_lifetime_seconds`. So what
    the bank does not know, and whose last request is older than that, will never happen; until then
    a `None` of the find_ calls means only that the bank has not seen it so far.
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

    def find_charge(self, reference: str) -> Charge | None: ...

    def pay_out(self, *, reference: str, card_token: str, amount: Money) -> Payout:
        """Sends money to the card. Refused: `CARD_NOT_BOUND`, `CARD_KIND_NOT_ALLOWED`."""

    def find_payout(self, reference: str) -> Payout | None: ...

    def refund_charge(self, *, reference: str, charge_reference: str, amount: Money) -> Refund:
        """Sends money of a charge back, also to a card that is not bound any more.

        Refused: `CHARGE_NOT_FOUND`, `CHARGE_NOT_SUCCEEDED`, `REFUND_EXCEEDS_CHARGE`.
        """

    def find_refund(self, reference: str) -> Refund | None: ...

    def settlement_file(self, day: str) -> Iterator[bytes]:
        """The CSV of all money that moved on a day of the bank (`2026-11-22`), piece by piece.

        Nothing is asked before the first piece is taken, and the whole is proven only by a normal
        end: forget all pieces when an error comes after some. Columns: bank_id, reference, kind
        (`charge`, `payout`, `reversal` of a payout, `refund`), amount (minor units, above zero),
        currency, time (RFC 3339). The last line is `total`, the day, the number of lines before it
        without the head, and the sum of their amounts. Refused: `SETTLEMENT_FILE_NOT_FOUND`.
        """
