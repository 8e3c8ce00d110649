"""The records of withdrawals.

Keys in the table `records`:

| record        | pk                           | sk                           |
|---------------|------------------------------|------------------------------|
| Withdrawal    | `WITHDRAWAL#<withdrawal id>` | `WITHDRAWAL`                 |
| Listing       | `WITHDRAWALS#<owner id>`     | `MADE#<time>#<withdrawal id>` |
| FreeAllowance | `WITHDRAWALS#<user id>`      | `FREE#<month>`               |

A withdrawal stands by itself, for the bank knows it by its id alone. That of a merchant is a
settlement: the same record, without a user.
"""

from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from shared import clock
from shared.errors import NotFound
from shared.identifiers import derived_id
from shared.money import Money
from shared.table import DomainRecord, IntegerAttribute, Key, read

PENDING, SUBMITTED, UNKNOWN = "pending", "submitted", "unknown"
PAID, FAILED, CANCELLED, REVERSED = "paid", "failed", "cancelled", "reversed"
ACCEPTED, REJECTED = "accepted", "rejected"  # words of the bank, as PAID and REVERSED are
RESOLVING = "withdrawal"
LISTING_PREFIX = "MADE#"


class Withdrawal(DomainRecord):
    """Money from the wallet to a bank card. All amounts are minor units.

    It is of the user `user_id`, or of the merchant `merchant_id`; then `asked_by` says whether the
    merchant itself asked, under its own `merchant_settlement_id`, a schedule or an operator.

    `amount` arrives; `fee` is on top of it, and both are held by the transfer `hold_id`. So much of
    `amount` as `free_amount` was free of charge, and counts in the free allowance of `free_month`.
    `card_token` is the token as it was at first, so that the bank is told the same each time; it
    knows the withdrawal by its id, and calls it `payout_id`.

    `status` changes only under a condition on it, and each change adds to `history`, a list of
    `{"status", "at"}`. Nothing is sent to the bank before `not_before` (seconds). From
    `sending_since` on it may be at the bank, and cannot be cancelled any more. `reason` is the
    bank's code, or the wallet's own, for a withdrawal that failed or came back. `expected_by` is
    what the user was told at first, and stays.

    `word` is the last that the bank has said of it, one of its four words, or our own `rejected`
    where the bank will never have it. `status` follows in the write that books the money.

    While it is on its way: `submissions` counts how often it was sent to the bank, `requested_at`
    (seconds) is when it last was, unless that surely had no effect, and `missed` is there when the
    bank had not seen it since. `asks` counts how often the bank was asked what became of it,
    `task_token` is what its state machine waits under. A sweeper looks at it at `due_at`, some time
    after the state machine should have. `risk` is what was decided on the request.

    `told` is the last status that the owner was told of. `overdue_at` and `stuck_at` (seconds) are
    when it was found to be late, and when its state machine gave up.
    """

    withdrawal_id = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    merchant_id = UnicodeAttribute(null=True)
    merchant_settlement_id = UnicodeAttribute(null=True)
    asked_by = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    history: Any = ListAttribute()
    amount = IntegerAttribute()
    fee = IntegerAttribute(default=0)
    currency = UnicodeAttribute()
    free_amount = IntegerAttribute(default=0)
    free_month = UnicodeAttribute(null=True)
    hold_id = UnicodeAttribute()
    card_id = UnicodeAttribute(null=True)
    card_token = UnicodeAttribute()
    bank = UnicodeAttribute()
    last4 = UnicodeAttribute()
    created_at = UnicodeAttribute()
    expected_by = UnicodeAttribute()
    not_before = IntegerAttribute(null=True)
    sending_since = UnicodeAttribute(null=True)
    payout_id = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    word = UnicodeAttribute(null=True)
    submissions = IntegerAttribute(default=0)
    requested_at = IntegerAttribute(null=True)
    asks = IntegerAttribute(default=0)
    missed = BooleanAttribute(null=True)
    task_token = UnicodeAttribute(null=True)
    told = UnicodeAttribute(null=True)
    overdue_at = IntegerAttribute(null=True)
    stuck_at = IntegerAttribute(null=True)
    risk: Any = JSONAttribute(null=True)

    @property
    def owner_id(self) -> str:
        """Whose money it is: the id of a user or of a merchant."""
        return str(self.user_id or self.merchant_id)

    @property
    def money(self) -> Money:
        """What the bank is to pay out."""
        return Money(amount=self.amount, currency=self.currency)

    @property
    def total(self) -> Money:
        """What leaves the wallet: amount and fee."""
        return Money(amount=self.amount + self.fee, currency=self.currency)

    @property
    def card_label(self) -> str:
        """How the card is called where the money is shown."""
        return f"{self.bank} {self.last4}"


class Listing(DomainRecord):
    """Where a withdrawal stands in the list of its owner."""

    withdrawal_id = UnicodeAttribute()


class FreeAllowance(DomainRecord):
    """How much a user has withdrawn free of charge in one local month, in minor units."""

    used = IntegerAttribute()


def withdrawal_key(withdrawal_id: str) -> Key:
    return Key(Withdrawal, f"WITHDRAWAL#{withdrawal_id}", "WITHDRAWAL")


def free_allowance_key(user_id: str, month: str) -> Key:
    """month: `2026-11`."""
    return Key(FreeAllowance, _of_owner(user_id), f"FREE#{month}")


def listing_key(owner_id: str, created_at: str, withdrawal_id: str) -> Key:
    return Key(Listing, _of_owner(owner_id), f"{LISTING_PREFIX}{created_at}#{withdrawal_id}")


def hold_id_of(withdrawal_id: str) -> str:
    """The id of the transfer that holds the money of a withdrawal, and settles it."""
    return derived_id("t", withdrawal_id)


def listing(withdrawal: Withdrawal) -> Listing:
    """The line of a withdrawal in the list of its owner, not yet written."""
    key = listing_key(withdrawal.owner_id, withdrawal.created_at, withdrawal.withdrawal_id)
    return Listing(key.pk, key.sk, withdrawal_id=withdrawal.withdrawal_id)


def at(withdrawal: Withdrawal) -> Withdrawal:
    """A bare record with the key of `withdrawal`, to write conditions and changes against."""
    return Withdrawal(withdrawal.pk, withdrawal.sk)


def becoming(status: str) -> list[Action]:
    """What gives a withdrawal another status, with its line in the history."""
    step = {"status": status, "at": clock.now_text()}
    return [
        Withdrawal.status.set(status),
        Withdrawal.history.set(Withdrawal.history.append([step])),
    ]


def find_withdrawal(withdrawal_id: str) -> Withdrawal | None:
    """A withdrawal as it stands now, strongly consistent."""
    key = withdrawal_key(withdrawal_id)
    return read([key]).one(Withdrawal, key)


def current(withdrawal: Withdrawal) -> Withdrawal:
    """The record of `withdrawal` as it stands now. Records of withdrawals are never deleted."""
    found = find_withdrawal(withdrawal.withdrawal_id)
    if found is None:
        raise NotFound
    return found


def _of_owner(owner_id: str) -> str:
    return f"WITHDRAWALS#{owner_id}"
