"""What the platforms know us by, and we them: one secret, written when the wallet is deployed."""

import msgspec

from shared.secrets import platforms_secret


class AlipayCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """private_key: of our app; public_key: Alipay's. Both PEM. seller_id: our user id there."""

    app_id: str
    seller_id: str
    private_key: str
    public_key: str
    gateway_url: str = "https://openapi.alipay.com/gateway.do"


class WechatPayCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """private_key: the merchant's, named by `merchant_serial`; public_keys: the platform's, by the
    serial that its signatures name. All PEM. api_v3_key: 32 characters.
    """

    app_id: str
    merchant_id: str
    merchant_serial: str
    private_key: str
    public_keys: dict[str, str]
    api_v3_key: str
    gateway_url: str = "https://api.mch.weixin.qq.com"


class PlatformCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A platform without credentials is not offered.

    notify_url: where the wallet takes notifications, without the name of the platform at its end.
    It stands here because only who has deployed the wallet knows its address.
    """

    notify_url: str = ""
    alipay: AlipayCredentials | None = None
    wechat_pay: WechatPayCredentials | None = None


def platform_credentials() -> PlatformCredentials:
    """Raises msgspec.DecodeError when the operator has stored something else."""
    return msgspec.json.decode(platforms_secret(), type=PlatformCredentials)
