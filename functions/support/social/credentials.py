"""What social networks know us by, and we them: one secret, written by the operator."""

import msgspec

from shared.secrets import social_secret


class WechatCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """Of an official account. token: what its webhooks are signed by. aes_key: the 43 characters of
    `EncodingAESKey`; with it, messages that are not encrypted are refused.
    """

    app_id: str
    app_secret: str
    token: str
    aes_key: str = ""
    api_url: str = "https://api.weixin.qq.com"


class MetaCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """app_secret: what webhooks are signed by. page_token, whatsapp_token: what answers are sent
    with. Messenger or WhatsApp is left out where its id is empty.
    """

    app_secret: str
    verify_token: str
    page_id: str = ""
    page_token: str = ""
    phone_number_id: str = ""
    whatsapp_token: str = ""
    api_url: str = "https://graph.facebook.com/v21.0"


class SocialCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A network without credentials is not there."""

    wechat: WechatCredentials | None = None
    meta: MetaCredentials | None = None


def social_credentials() -> SocialCredentials:
    """Raises msgspec.DecodeError when the operator has stored something else."""
    return msgspec.json.decode(social_secret(), type=SocialCredentials)
