"""What social networks ask in the address of a webhook. They may add to it, so all is taken."""

from typing import Annotated

from msgspec import Meta, Struct, field

Word = Annotated[str, Meta(max_length=500)]


class WechatQuery(Struct, frozen=True, kw_only=True):
    signature: Word = ""
    msg_signature: Word = ""
    timestamp: Word = ""
    nonce: Word = ""
    echostr: Word = ""
    encrypt_type: Word = ""
    openid: Word = ""


class MetaQuery(Struct, frozen=True, kw_only=True):
    mode: Word = field(name="hub.mode", default="")
    verify_token: Word = field(name="hub.verify_token", default="")
    challenge: Word = field(name="hub.challenge", default="")
