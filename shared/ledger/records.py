"""The three records of the ledger: account, transfer, entry.

Keys in the table `ledger`:

| record   | pk                             | sk                        |
|----------|--------------------------------|---------------------------|
| Account  | `ACCOUNT#<account id>[#shard]` | `ACCOUNT`                 |
| Entry    | `ACCOUNT#<account id>[#shard]` | `ENTRY#<time>#<sequence>` |
| Transfer | `TRANSFER#<transfer id>`       | `TRANSFER`                |
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from shared.money import Money
from shared.table import IntegerAttribute, Key, LedgerRecord

USER, MERCHANT, SYSTEM = "user", "merchant", "system"
ACTIVE, FROZEN, CLOSED = "active", "frozen", "closed"
# Of a merchant who is to sell nothing more: nothing comes in, refunds and settlements go out.
PAYING_ONLY = "paying_only"
POSTED, HELD, SETTLED, RELEASED, REFUSED = "posted", "held", "settled", "released", "refused"
OUT, IN = "out", "in"


class Account(LedgerRecord):
    """What somebody has: `available` to spend plus `held` for transfers that may still happen.

    All amounts are minor units. `entries` counts the entries and is the sequence of the newest;
    `last_entry_at` is its time in milliseconds. `label` is how others see the owner, masked.
    `proof` is a keyed hash that the owner must match to spend, `proof_failures` how often in a row
    somebody did not, `proof_failed_at` when last (seconds). A daily allowance that has been used is
    in `<name>_period` and `<name>_used`, how often in `<name>_count`; the same of an hour in
    `<name>_hour...`, and the most at once ever in `<name>_largest`; what of it counts in a part
    with a maximum of its own is in `<name>_of_<part>`. Until
    `cool_down_until` (seconds) its owner, who has just changed what he proves himself by, sends
    less. `frozen_at` is when it was frozen last, also when it has been opened since.
    `small_limit` and `small_day_limit` are what the owner lets go out without a
    question, at once and in a day, where that is less than what is configured.
    """

    account_id = UnicodeAttribute()
    owner_kind = UnicodeAttribute()
    currency = UnicodeAttribute()
    status = UnicodeAttribute()
    available = IntegerAttribute(default=0)
    held = IntegerAttribute(default=0)
    entries = IntegerAttribute(default=0)
    last_entry_at = IntegerAttribute(default=0)
    label = UnicodeAttribute(null=True)
    proof = UnicodeAttribute(null=True)
    proof_failures = IntegerAttribute(default=0)
    proof_failed_at = IntegerAttribute(default=0)
    transfer_period = UnicodeAttribute(null=True)
    transfer_used = IntegerAttribute(default=0)
    transfer_count = IntegerAttribute(null=True)
    transfer_hour = UnicodeAttribute(null=True)
    transfer_hour_count = IntegerAttribute(null=True)
    transfer_hour_used = IntegerAttribute(null=True)
    transfer_largest = IntegerAttribute(null=True)
    top_up_period = UnicodeAttribute(null=True)
    top_up_used = IntegerAttribute(default=0)
    top_up_count = IntegerAttribute(null=True)
    top_up_hour = UnicodeAttribute(null=True)
    top_up_hour_count = IntegerAttribute(null=True)
    top_up_hour_used = IntegerAttribute(null=True)
    top_up_largest = IntegerAttribute(null=True)
    withdrawal_period = UnicodeAttribute(null=True)
    withdrawal_used = IntegerAttribute(null=True)
    withdrawal_count = IntegerAttribute(null=True)
    withdrawal_hour = UnicodeAttribute(null=True)
    withdrawal_hour_count = IntegerAttribute(null=True)
    withdrawal_hour_used = IntegerAttribute(null=True)
    withdrawal_largest = IntegerAttribute(null=True)
    payment_period = UnicodeAttribute(null=True)
    payment_used = IntegerAttribute(null=True)
    payment_count = IntegerAttribute(null=True)
    payment_hour = UnicodeAttribute(null=True)
    payment_hour_count = IntegerAttribute(null=True)
    payment_hour_used = IntegerAttribute(null=True)
    payment_largest = IntegerAttribute(null=True)
    payment_of_static = IntegerAttribute(null=True)
    payment_of_weak = IntegerAttribute(null=True)
    payment_of_code = IntegerAttribute(null=True)
    payment_of_small = IntegerAttribute(null=True)
    cool_down_until = IntegerAttribute(null=True)
    frozen_at = UnicodeAttribute(null=True)
    small_limit = IntegerAttribute(null=True)
    small_day_limit = IntegerAttribute(null=True)
    opened_at = UnicodeAttribute()

    @property
    def balance(self) -> int:
        """All that the owner has, in minor units."""
        return self.available + self.held


class Transfer(LedgerRecord):
    """One movement of money, never edited but for what became of it.

    `debit` and `credit` are account ids, the labels how each is shown to the other. `fingerprint`
    is of the request that asked for it. `reverses` points to the transfer that this one corrects;
    `reversed_amount` on that one is how much of it has been. A refused request leaves a transfer in
    status `refused`, with the problem in `refusal`, that touched no account. `risk` is what was
    decided on the request before it was done. `limit_amount` is how much of a hold was counted
    against a limit, when that was not all. `fee_amount` is what was settled beside it as a fee, by
    the transfer that `fee_transfer_id` names. `merchant_fee` is the part that went to the house and
    not to the merchant who is paid; in a reversal, what the house gave back of it. `parts` is how
    much of a hold each shard of a split account has given, by the number of the shard.
    """

    transfer_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    status = UnicodeAttribute()
    debit = UnicodeAttribute()
    credit = UnicodeAttribute()
    debit_label = UnicodeAttribute(null=True)
    credit_label = UnicodeAttribute(null=True)
    amount = IntegerAttribute()
    currency = UnicodeAttribute()
    created_at = UnicodeAttribute()
    fingerprint = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    reference = UnicodeAttribute(null=True)
    limit_name = UnicodeAttribute(null=True)
    limit_period = UnicodeAttribute(null=True)
    limit_amount = IntegerAttribute(null=True)
    settled_amount = IntegerAttribute(null=True)
    fee_amount = IntegerAttribute(null=True)
    merchant_fee = IntegerAttribute(null=True)
    parts: Any = JSONAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    ended_why = UnicodeAttribute(null=True)
    arrives_at = UnicodeAttribute(null=True)
    expires_at = IntegerAttribute(null=True)
    reverses = UnicodeAttribute(null=True)
    reversed_amount = IntegerAttribute(default=0)
    refusal = JSONAttribute(null=True)
    risk: Any = JSONAttribute(null=True)

    @property
    def money(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)


class Entry(LedgerRecord):
    """One line of a statement. `balance_after` is available plus held after it, in minor units.

    An account that is split into shards has no order among its entries, and so no balance there.
    """

    sequence = IntegerAttribute()
    kind = UnicodeAttribute()
    direction = UnicodeAttribute()
    amount = IntegerAttribute()
    currency = UnicodeAttribute()
    balance_after = IntegerAttribute(null=True)
    counterparty = UnicodeAttribute(null=True)
    counterparty_label = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    transfer_id = UnicodeAttribute()
    reference = UnicodeAttribute(null=True)


def account_key(account_id: str, shard: int | None = None) -> Key:
    suffix = "" if shard is None else f"#{shard}"
    return Key(Account, f"ACCOUNT#{account_id}{suffix}", "ACCOUNT")


def transfer_key(transfer_id: str) -> Key:
    return Key(Transfer, f"TRANSFER#{transfer_id}", "TRANSFER")


def entry_sort_key(time_ms: int, sequence: int) -> str:
    """Sorts as time does, and within one millisecond as the entries were made."""
    return f"ENTRY#{time_ms:013d}#{sequence:010d}"
