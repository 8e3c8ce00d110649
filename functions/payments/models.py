"""What merchants and payers send and get."""

from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec

from shared.money import AMOUNT_LIMIT_MINOR, Amount, Currency
from shared.qr import QrText
from shared.settings import settings
from shared.web.body import REQUIRED
from shared.web.fields import Id, Note, PayPassword
from shared.web.pages import PageQuery

_EXPIRES_IN_LIMIT_SECONDS = 7 * 86_400

MerchantReference = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_.:-]{1,64}$(?!\n)",
        description="The merchant's own number: letters, digits and `_ . : -`, 64 at the most",
    ),
]
NotifyUrl = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
PaymentCodeText = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{18}$(?!\n)", description="18 digits")
]
SmallAmount = Annotated[
    int, msgspec.Meta(ge=0, le=AMOUNT_LIMIT_MINOR, description="Minor units (分); 0: nothing")
]
PaymentStatus = Literal[
    "user_confirming", "succeeded", "failed", "reversed", "partially_refunded", "refunded"
]
ChargeFailure = Literal["CHARGE_DECLINED", "CHARGE_TIMED_OUT", "ORDER_CLOSED"]
OrderStatus = Literal["open", "paid", "closed", "expired", "partially_refunded", "refunded"]


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order. expires_in: seconds in which it can be paid. notify_url: where its events go."""

    merchant_order_id: MerchantReference
    amount: Amount
    currency: Currency
    subject: Subject
    expires_in: Annotated[int, msgspec.Meta(ge=60, le=_EXPIRES_IN_LIMIT_SECONDS)] | None = None
    notify_url: NotifyUrl | None = None

    def __post_init__(self) -> None:
        check_subject(self.subject)
        if self.notify_url is not None and (reason := fault_of_url(self.notify_url)):
            raise ValueError(*reason, "notify_url")


class OrderMade(msgspec.Struct, frozen=True, kw_only=True):
    """checkout_url: where the payer goes. qr: what a QR code says that leads there."""

    order_id: str
    checkout_url: str
    qr: str


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    merchant_refund_id: MerchantReference
    amount: Amount
    reason: Note | None = None


class AgentRefundRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """reference: of the case, as the agent names it; the same of an order is the same refund.

    reason: shown to the payer.
    """

    reference: MerchantReference
    amount: Amount
    reason: Subject


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """fee: what of the house's fee went back to the merchant with it."""

    refund_id: str
    merchant_refund_id: str
    status: Literal["succeeded"]
    amount: Amount
    currency: Currency
    fee: int
    reason: str | None
    created_at: str


class MerchantOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its merchant sees it. fee: the house's, before anything was refunded.

    kind: `order` is one that the merchant has made; `static` was paid by its printed code, and has
    the payment's id for a number; `code` was charged at a till. ended_at: when it was closed or
    expired.
    """

    order_id: str
    merchant_order_id: str
    kind: Literal["order", "static", "code"]
    status: OrderStatus
    amount: Amount
    currency: Currency
    subject: str
    created_at: str
    expires_at: str
    payment_id: str | None
    paid_at: str | None
    ended_at: str | None
    fee: int | None
    refunded_amount: int
    refunded_fee: int


class MerchantOrderView(MerchantOrder, frozen=True, kw_only=True):
    """The same with its refunds, the oldest first."""

    refunds: list[RefundView]


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    merchant_id: str
    name: str


class PayerOrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as anybody sees it who may pay it. payment_id: shown to who has paid it."""

    order_id: str
    merchant: Seller
    amount: Amount
    currency: Currency
    subject: str
    status: Literal["open", "paid", "closed", "expired"]
    expires_at: str
    payment_id: str | None


class PaymentRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is paid: an order, by order_id; or a merchant whose printed code was scanned, by
    merchant_id, with the amount that the payer has entered.
    """

    schema_rules: ClassVar[dict[str, Any]] = {
        "oneOf": [
            {"required": ["order_id"], "maxProperties": 2},
            {"required": ["merchant_id", "amount", "currency"], "maxProperties": 4},
        ]
    }
    pay_password: PayPassword
    order_id: Id | None = None
    merchant_id: Id | None = None
    amount: Amount | None = None
    currency: Currency | None = None

    def __post_init__(self) -> None:
        if (self.order_id is None) == (self.merchant_id is None):
            raise ValueError(
                "须且只能给出 order_id 或 merchant_id", "needs either order_id or merchant_id"
            )
        for name in ("amount", "currency"):
            given = getattr(self, name) is not None
            if given and self.order_id is not None:
                raise ValueError("由订单决定，不得给出", "is what the order says", name)
            if not given and self.merchant_id is not None:
                raise ValueError(*REQUIRED, name)


class ScanRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    qr: QrText


class Collector(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for money by a code. amount, note: null where the payer says."""

    user_id: str
    name: str | None
    amount: Amount | None
    currency: Currency
    note: str | None
    expires_at: str | None


class ScannedView(msgspec.Struct, frozen=True, kw_only=True):
    """What was scanned. order, merchant and person: the one that `kind` says, the others null.

    An order and a merchant are paid by `POST /v1/payments`, a person by `POST /v1/transfers`.
    """

    kind: Literal["order", "merchant", "person"]
    order: PayerOrderView | None = None
    merchant: Seller | None = None
    person: Collector | None = None


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as its payer sees it. reason: why it failed.

    payment_id: of a charge that is not paid, the id of its order. expires_at: until when a charge
    waits for the payer, while it does.
    """

    payment_id: str
    status: PaymentStatus
    order_id: str | None
    merchant: Seller
    amount: Amount
    currency: Currency
    subject: str | None
    refunded_amount: int
    created_at: str
    expires_at: str | None
    reason: str | None


class ChargesView(msgspec.Struct, frozen=True, kw_only=True):
    """Charges that wait for the user's word. All of them: there is never a next page."""

    items: list[PaymentView]
    next_cursor: str | None


class PaymentCodeView(msgspec.Struct, frozen=True, kw_only=True):
    """code: to show as a barcode or QR code. expires_in: seconds for which it is good."""

    code: PaymentCodeText
    expires_in: int


class ChargeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """payment_code: as the till has read it from the phone."""

    payment_code: PaymentCodeText
    merchant_order_id: MerchantReference
    amount: Amount
    currency: Currency
    subject: Subject

    def __post_init__(self) -> None:
        check_subject(self.subject)


class ChargeView(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as its merchant sees it. expires_at: until when the payer may confirm it.

    reason: why it failed. fee: the house's, before anything went back.
    """

    order_id: str
    merchant_order_id: str
    payment_id: str | None
    status: PaymentStatus
    amount: Amount
    currency: Currency
    subject: str
    created_at: str
    expires_at: str
    paid_at: str | None
    fee: int | None
    reason: ChargeFailure | None


class ReversalRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    merchant_order_id: MerchantReference


class ReversalView(msgspec.Struct, frozen=True, kw_only=True):
    """returned_amount: what went back to the payer; 0 where nothing was paid."""

    order_id: str
    merchant_order_id: str
    status: Literal["reversed"]
    returned_amount: int
    currency: Currency


class SmallPaymentsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Minor units that may go out at a till without a question; 0 switches it off.

    pay_password: needed to allow more than before.
    """

    per_payment: SmallAmount
    per_day: SmallAmount
    pay_password: PayPassword | None = None


class SmallPaymentsView(msgspec.Struct, frozen=True, kw_only=True):
    """What is allowed, at most, and what is used and left of it in the present day: minor units."""

    per_payment: int
    per_day: int
    per_payment_at_most: int
    per_day_at_most: int
    used: int
    remaining: int
    currency: Currency


class EventsQuery(PageQuery, frozen=True, kw_only=True):
    """A page of events, the newest first."""


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event about an order or a settlement. tries: attempts to deliver it since it was made, or
    replayed last.
    """

    event_id: str
    type: str
    order_id: str | None
    settlement_id: str | None
    url: str
    status: Literal["waiting", "delivered", "failed"]
    tries: int
    next_try_at: str | None
    created_at: str


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """status: what the shop answered; failure: why it did not."""

    at: str
    status: int | None
    failure: str | None
    duration_ms: int


class EventDetailView(EventView, frozen=True, kw_only=True):
    """body: what is sent. deliveries: the latest first."""

    body: dict[str, Any]
    deliveries: list[DeliveryView]


class EventsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[EventView]
    next_cursor: str | None


AskedBy = Literal["merchant", "schedule", "operator"]


class CardShown(msgspec.Struct, frozen=True, kw_only=True):
    """A card as people know it."""

    bank: str
    last4: str


class SettlementCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bank card that a merchant's balance is paid out to; the bank's token stands for it."""

    card_token: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    bank: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    last4: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}$(?!\n)")]

    def shown(self) -> "CardShown":
        return CardShown(bank=self.bank, last4=self.last4)

    def stored(self) -> dict[str, str]:
        return {"card_token": self.card_token, "bank": self.bank, "last4": self.last4}


class MerchantView(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant as operators see it. fee_basis_points: null where the configured ones count.

    settlement_...: as they count now, agreed or configured.
    """

    merchant_id: str
    name: str
    status: Literal["active", "disabled"]
    keys: list[str]
    fee_basis_points: int | None
    notify_url: str | None
    settlement_card: CardShown | None
    settlement_at: str
    settlement_minimum: int
    settlement_reserve: int
    balance: int
    created_at: str


def check_subject(subject: str) -> None:
    """Raises ValueError for one that nobody could read."""
    if not subject.strip():
        raise ValueError("不能为空白", "must not be blank", "subject")


def fault_of_url(url: str) -> tuple[str, str] | None:
    """Why we would never send to an address, in Chinese and in English; None where we would."""
    schemes = ("https", "http") if settings().notify_private_addresses == "on" else ("https",)
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not (good and url.isascii() and url.isprintable() and " " not in url):
        return "须为 https 地址", "must be an https address"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "不得含有用户名或片段", "must have neither a user name nor a fragment"
    return None
