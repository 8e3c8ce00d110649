"""The records of payments, in the table `records`.

| record       | pk                              | sk                           |
|--------------|---------------------------------|------------------------------|
| Merchant     | `MERCHANT#<merchant id>`        | `MERCHANT`                   |
| MerchantLine | `MERCHANTS`                     | `<merchant id>`              |
| Nonce        | `NONCE#<merchant id>#<nonce>`   | `NONCE`                      |
| Order        | `ORDER#<order id>`              | `ORDER`                      |
| Refund       | `ORDER#<order id>`              | `REFUND#<refund id>`         |
| Event        | `EVENT#<event id>`              | `EVENT`                      |
| Delivery     | `EVENT#<event id>`              | `DELIVERY#<milliseconds>`    |
| EventLine    | `EVENTS#<merchant id>`          | `<created at>#<event id>`    |
| PaymentCode  | `PAYMENT_CODE#<keyed hash>`     | `PAYMENT_CODE`               |
| WaitingCharge | `CHARGES#<user id>`            | `<created at>#<order id>`    |

A payment is a transfer of the ledger, of kind `payment`: its id is the payment's, its `reference`
the order's, its `credit` the merchant's.
"""

from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from shared.ledger import FromMerchant, ToMerchant
from shared.money import Money
from shared.secrets import keyed_hash
from shared.table import DomainRecord, IntegerAttribute, Key

ACTIVE, DISABLED = "active", "disabled"
OPEN, PAID, CLOSED, EXPIRED = "open", "paid", "closed", "expired"
ORDER, STATIC, CODE = "order", "static", "code"
WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
PAYMENT, REFUND, REVERSAL = "payment", "refund", "reversal"
DECLINED, REVERSED = "declined", "reversed"
EXPIRY, DELIVERY, SETTLEMENT = "order", "event", "settlement"
REFUND_PREFIX, DELIVERY_PREFIX = "REFUND#", "DELIVERY#"


class Merchant(DomainRecord):
    """Who is paid. Its account in the ledger has its id.

    `secrets` are what it signs with and we sign to it with, the newest first: `{key_id, sealed,
    created_at}`, sealed for the place of the merchant and the key's id; two at the most.
    `fee_basis_points` is of its own where it was agreed, else the configured one counts.
    `notify_url` hears of orders that name no other, and of settlements. `settlement_card` is what
    its balance is paid out to: `{card_token, bank, last4}`. `settlement_at` (`03:30` by the local
    clock, or `off`), `settlement_minimum` and `settlement_reserve` (minor units) are of its own
    where they were agreed, else the configured ones count. With a card it waits in the index `due`
    for its next settlement (seconds), or for one that an operator wishes now: `settlement_wish` is
    that one's own key. `version` counts the changes.
    """

    merchant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    status = UnicodeAttribute()
    secrets: Any = JSONAttribute()
    fee_basis_points = IntegerAttribute(null=True)
    notify_url = UnicodeAttribute(null=True)
    settlement_card: Any = JSONAttribute(null=True)
    settlement_at = UnicodeAttribute(null=True)
    settlement_minimum = IntegerAttribute(null=True)
    settlement_reserve = IntegerAttribute(null=True)
    settlement_wish = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)
    created_at = UnicodeAttribute()


class MerchantLine(DomainRecord):
    """Where a merchant stands in the list of all."""


class Nonce(DomainRecord):
    """That a merchant's nonce was used; `used_by` tells two requests with it apart."""

    used_by = UnicodeAttribute()


class Order(DomainRecord):
    """What somebody is to pay a merchant for, and what became of it. Amounts are minor units.

    `kind` says how it came to be: `order` by a merchant's request, `static` by a printed code,
    `code` by a payment code that was charged; that one only its `payer_id` can pay. All that a
    payment needs of its merchant stands here as it was then: `merchant_name`, `fee_basis_points`,
    `notify_url`. `fingerprint` is of the request. An open one waits in the index `due` for
    `expires_at` (seconds). Once paid it has `payment_id`, `payer_id`, `paid_at` and `fee`;
    `refunded_amount`, `refunded_fee` and `refunds` are the sums and the number of what went back.
    `ended_why` says of a charge that its payer declined it, or that its merchant reversed it,
    before it was paid or after.
    """

    order_id = UnicodeAttribute()
    merchant_id = UnicodeAttribute()
    merchant_order_id = UnicodeAttribute()
    merchant_name = UnicodeAttribute()
    kind = UnicodeAttribute(default=ORDER)
    status = UnicodeAttribute(default=OPEN)
    amount = IntegerAttribute()
    currency = UnicodeAttribute()
    subject = UnicodeAttribute()
    fee_basis_points = IntegerAttribute()
    notify_url = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    expires_at = IntegerAttribute()
    payment_id = UnicodeAttribute(null=True)
    payer_id = UnicodeAttribute(null=True)
    paid_at = UnicodeAttribute(null=True)
    fee = IntegerAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    ended_why = UnicodeAttribute(null=True)
    refunded_amount = IntegerAttribute(default=0)
    refunded_fee = IntegerAttribute(default=0)
    refunds = IntegerAttribute(default=0)

    @property
    def money(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)

    @property
    def as_payee(self) -> ToMerchant:
        """Its merchant as the side of the ledger that is paid."""
        return ToMerchant(self.merchant_id, label=self.merchant_name)

    @property
    def as_payer(self) -> FromMerchant:
        """Its merchant as the side of the ledger that gives back."""
        return FromMerchant(self.merchant_id, label=self.merchant_name)


class Refund(DomainRecord):
    """Money of a paid order that went back to its payer, by a reversal of the payment.

    `fee` is what the house gave back of its fee. `fingerprint` is of the request.
    """

    refund_id = UnicodeAttribute()
    merchant_refund_id = UnicodeAttribute()
    amount = IntegerAttribute()
    fee = IntegerAttribute()
    reason = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute()
    created_at = UnicodeAttribute()


class Event(DomainRecord):
    """Something that a merchant is to hear, written together with what it tells of.

    `body` is what is sent each time. `tries` counts the attempts since it was made or replayed
    (`since`, seconds). While it waits it stands in the index `due`. It is about an order, or about
    a settlement.
    """

    event_id = UnicodeAttribute()
    merchant_id = UnicodeAttribute()
    type = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)
    settlement_id = UnicodeAttribute(null=True)
    url = UnicodeAttribute()
    body = UnicodeAttribute()
    status = UnicodeAttribute(default=WAITING)
    tries = IntegerAttribute(default=0)
    since = IntegerAttribute()
    created_at = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)


class Delivery(DomainRecord):
    """One attempt to deliver an event: `status` is what was answered, if anything was; `failure`
    says why nothing was.
    """

    at = UnicodeAttribute()
    status = IntegerAttribute(null=True)
    failure = UnicodeAttribute(null=True)
    duration_ms = IntegerAttribute()


class EventLine(DomainRecord):
    """Where an event stands in the list of its merchant, from the first attempt on."""

    event_id = UnicodeAttribute()


class PaymentCode(DomainRecord):
    """What a user has to show at a till, found by a keyed hash of its digits.

    `country` is where it was asked for; `seen_country`, `seen_at` and `device_since` are of its
    session (`origin.Seen`). Times are seconds. Once charged it has the `order_id`.
    """

    user_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    country = UnicodeAttribute(null=True)
    seen_country = UnicodeAttribute(null=True)
    seen_at = IntegerAttribute()
    device_since = IntegerAttribute()
    expires_at = IntegerAttribute()
    order_id = UnicodeAttribute(null=True)


class WaitingCharge(DomainRecord):
    """That a charge was made which waits for the word of its payer."""

    order_id = UnicodeAttribute()


def merchant_key(merchant_id: str) -> Key:
    return Key(Merchant, f"MERCHANT#{merchant_id}", "MERCHANT")


def merchant_line_key(merchant_id: str) -> Key:
    return Key(MerchantLine, "MERCHANTS", merchant_id)


def nonce_key(merchant_id: str, nonce: str) -> Key:
    return Key(Nonce, f"NONCE#{merchant_id}#{nonce}", "NONCE")


def order_key(order_id: str) -> Key:
    return Key(Order, f"ORDER#{order_id}", "ORDER")


def refund_key(order_id: str, refund_id: str) -> Key:
    return Key(Refund, f"ORDER#{order_id}", f"{REFUND_PREFIX}{refund_id}")


def event_key(event_id: str) -> Key:
    return Key(Event, f"EVENT#{event_id}", "EVENT")


def delivery_key(event_id: str, time_ms: int) -> Key:
    return Key(Delivery, f"EVENT#{event_id}", f"{DELIVERY_PREFIX}{time_ms:013d}")


def event_line_key(merchant_id: str, created_at: str, event_id: str) -> Key:
    return Key(EventLine, f"EVENTS#{merchant_id}", f"{created_at}#{event_id}")


def payment_code_key(code: str) -> Key:
    return Key(PaymentCode, f"PAYMENT_CODE#{keyed_hash('payment_code', code)}", "PAYMENT_CODE")


def waiting_charge_key(user_id: str, created_at: str, order_id: str) -> Key:
    return Key(WaitingCharge, f"CHARGES#{user_id}", f"{created_at}#{order_id}")
