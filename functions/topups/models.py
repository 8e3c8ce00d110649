"""What the app sends and gets about top-ups."""

from typing import Literal

import msgspec

from shared.money import Amount, Currency
from shared.web.fields import Id, PayPassword


class CardSource(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="card",
):
    card_id: Id


class AlipaySource(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="alipay"
):
    pass


class WechatPaySource(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="wechat_pay"
):
    pass


class TopUpRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    amount: Amount
    currency: Currency
    source: CardSource | AlipaySource | WechatPaySource
    pay_password: PayPassword


class CardUsed(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["card"] = "card"
    card_id: str
    bank: str
    last4: str


class TopUpView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`reason` is there when no money came: the bank's code, or the wallet's own."""

    top_up_id: str
    status: Literal["pending", "succeeded", "failed", "expired"]
    amount: Amount
    currency: Currency
    source: CardUsed
    created_at: str
    reason: str | None = None


class TopUpsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[TopUpView]
    next_cursor: str | None
