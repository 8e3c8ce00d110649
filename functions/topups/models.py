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


class CardUsed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="card"):
    card_id: str
    bank: str
    last4: str


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """Where to pay, and until when."""

    url: str
    expires_at: str


class TopUpView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`reason` is there when the wallet got no money: the bank's code, or the wallet's own.

    `checkout` is there while the top-up can be paid at a platform. `refund` is there when money
    came that the wallet could not take: how far it is on its way back.
    """

    top_up_id: str
    status: Literal["pending", "succeeded", "failed", "expired"]
    amount: Amount
    currency: Currency
    source: CardUsed | AlipaySource | WechatPaySource
    created_at: str
    checkout: Checkout | None = None
    reason: str | None = None
    refund: Literal["pending", "succeeded", "failed"] | None = None


class NotHeard(msgspec.Struct, frozen=True, kw_only=True):
    """What WeChat Pay wants to hear when it shall tell the same again."""

    code: Literal["FAIL"] = "FAIL"
    message: Literal["失败"] = "失败"


class TopUpsView(msgspec.Struct, frozen=True, kw_only=True):
    items: list[TopUpView]
    next_cursor: str | None
