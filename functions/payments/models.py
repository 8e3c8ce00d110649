"""What merchants and payers send and get."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from shared.money import Amount, Currency
from shared.settings import settings
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
        if not self.subject.strip():
            raise ValueError("不能为空白", "must not be blank", "subject")
        if self.notify_url is not None and (reason := fault_of_url(self.notify_url)):
            raise ValueError(*reason, "notify_url")


class OrderMade(msgspec.Struct, frozen=True, kw_only=True):
    """checkout_url: where the payer goes. qr: the text of a QR code that leads there."""

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

    ended_at: when it was closed or expired.
    """

    order_id: str
    merchant_order_id: str
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


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    order_id: Id
    pay_password: PayPassword


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as its payer sees it. reason: why it failed."""

    payment_id: str
    status: Literal[
        "user_confirming", "succeeded", "failed", "reversed", "partially_refunded", "refunded"
    ]
    order_id: str | None
    merchant: Seller
    amount: Amount
    currency: Currency
    subject: str | None
    refunded_amount: int
    created_at: str
    reason: str | None


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
