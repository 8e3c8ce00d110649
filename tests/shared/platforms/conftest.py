from collections.abc import Callable, Iterator

import msgspec
import pytest

from shared.platforms.alipay import Alipay
from shared.platforms.carrier import Carrier
from shared.platforms.credentials import PlatformCredentials
from shared.platforms.port import Kind, Platform
from shared.platforms.wechat_pay import WechatPay
from tests.sandbox.platforms import KINDS, RunningPlatforms
from tests.sandbox.running import running_bank

Speaker = Callable[[PlatformCredentials], Platform]


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatforms]:
    directory = tmp_path_factory.mktemp("platforms")
    with running_bank(directory, "--hold-seconds", "0.4") as running:
        yield RunningPlatforms(running)


@pytest.fixture(scope="session")
def credentials(platforms: RunningPlatforms) -> PlatformCredentials:
    return msgspec.convert(platforms.credentials(), PlatformCredentials)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def platform(kind: Kind, credentials: PlatformCredentials, platforms: RunningPlatforms) -> Platform:
    """The wallet's side, which gives up on a silent platform sooner than in earnest."""
    platforms.forget_faults()
    return speaker(kind)(credentials)


def speaker(kind: Kind) -> Speaker:
    def speaks(known: PlatformCredentials) -> Platform:
        carrier = Carrier(read_timeout_seconds=0.3)
        # Nobody listens there: these tests take notifications from the operator.
        url = "http://127.0.0.1:9/notifications"
        if kind == "alipay":
            assert known.alipay is not None
            return Alipay(known.alipay, notify_url=url, carrier=carrier)
        assert known.wechat_pay is not None
        return WechatPay(known.wechat_pay, notify_url=url, carrier=carrier)

    return speaks
