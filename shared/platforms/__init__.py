"""The platforms that money can be brought in by. Only `get_platform` knows which there are."""

from functools import cache

from shared.errors import Problem, Texts
from shared.platforms.port import Kind, Platform


class SourceNotAvailable(Problem):
    status = 422
    code = "SOURCE_NOT_AVAILABLE"
    title = Texts("充值方式暂不可用", "Source not available")
    detail = Texts(
        "暂不支持此充值方式，请使用其他方式。", "Not offered at present. Please use another one."
    )


@cache
def get_platform(kind: Kind) -> Platform:
    """The platform of this process, with the stored credentials.

    Raises SourceNotAvailable where there are none, ServiceUnavailable.
    """
    from shared.platforms.credentials import platform_credentials

    known = platform_credentials()
    # Only calls to a platform pay for its library.
    if kind == "alipay" and known.alipay is not None:
        from shared.platforms.alipay import Alipay

        return Alipay(known.alipay, notify_url=f"{known.notify_url}/alipay")
    if kind == "wechat_pay" and known.wechat_pay is not None:
        from shared.platforms.wechat_pay import WechatPay

        return WechatPay(known.wechat_pay, notify_url=f"{known.notify_url}/wechat-pay")
    raise SourceNotAvailable
