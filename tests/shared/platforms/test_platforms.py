"""Both adapters over HTTP, against platforms that sign as the real ones do."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urljoin

import msgspec
import pytest
import urllib3

from shared.bank.notifications import NotificationNotAuthentic
from shared.identifiers import new_id
from shared.money import Money
from shared.platforms import SourceNotAvailable, get_platform
from shared.platforms.credentials import PlatformCredentials
from shared.platforms.port import (
    Kind,
    Payment,
    PaymentUnknown,
    Platform,
    PlatformRefusal,
    PlatformUnavailable,
)
from tests.conftest import stored_platforms
from tests.sandbox.platforms import KINDS, RunningPlatforms
from tests.shared.platforms.conftest import speaker

AMOUNT = Money(amount=1250)
Change = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]


def checkout(platform: Platform, reference: str, *, seconds: int = 300) -> str:
    expires_at = int(time.time()) + seconds
    return platform.create_checkout(
        reference=reference, amount=AMOUNT, expires_at=expires_at, address="203.0.113.7"
    )


def ordered(platform: Platform) -> str:
    """A new order, known to the platform."""
    reference = new_id("tu")
    assert urllib3.request("GET", checkout(platform, reference)).status == 200
    return reference


def paid(platform: Platform, platforms: RunningPlatforms, kind: Kind, **wish: object) -> str:
    reference = ordered(platform)
    platforms.pay(kind, reference, **wish)
    return reference


def test_a_payer_pays_on_the_page_of_the_checkout(
    platform: Platform, platforms: RunningPlatforms, kind: Kind
) -> None:
    reference = new_id("tu")
    url = checkout(platform, reference)
    page = urllib3.request("GET", url)
    assert "¥ 12.50" in page.data.decode()
    assert platform.find(reference) == Payment(
        reference=reference,
        amount=AMOUNT,
        status="open",
        payment_id=platforms.order(kind, reference)["order_id"] if kind == "alipay" else "",
    )

    assert "Paid" in urllib3.request("POST", urljoin(url, page.geturl())).data.decode()
    found = platform.find(reference)
    assert found is not None
    assert (found.status, found.amount) == ("paid", AMOUNT)
    assert found.payment_id == platforms.order(kind, reference)["order_id"]


def test_the_same_order_again_is_the_same_order(platform: Platform) -> None:
    reference = new_id("tu")
    expires_at = int(time.time()) + 300
    wish = {"reference": reference, "amount": AMOUNT, "expires_at": expires_at, "address": "::1"}
    for _ in range(2):
        assert urllib3.request("GET", platform.create_checkout(**wish)).status == 200  # type: ignore[arg-type]


def test_an_order_that_nobody_has_seen_is_not_found(platform: Platform) -> None:
    assert platform.find(new_id("tu")) is None
    assert platform.find_refund(reference=new_id("rf"), payment_reference=new_id("tu")) is None
    platform.close(new_id("tu"))


def test_a_closed_order_is_closed_and_can_be_closed_again(
    platform: Platform, platforms: RunningPlatforms, kind: Kind
) -> None:
    reference = ordered(platform)
    platform.close(reference)
    found = platform.find(reference)
    assert found is not None
    assert found.status == "closed"
    with pytest.raises(AssertionError, match="CLOSED"):
        platforms.pay(kind, reference)


def test_a_paid_order_can_not_be_closed(
    platform: Platform, platforms: RunningPlatforms, kind: Kind
) -> None:
    reference = paid(platform, platforms, kind)
    with pytest.raises(PlatformRefusal):
        platform.close(reference)
    found = platform.find(reference)
    assert found is not None
    assert found.status == "paid"


def test_a_refund_is_made_once_and_found(
    platform: Platform, platforms: RunningPlatforms, kind: Kind
) -> None:
    reference, refund = paid(platform, platforms, kind), new_id("rf")
    for _ in range(2):
        made = platform.refund(reference=refund, payment_reference=reference, amount=AMOUNT)
        assert made.status in ("accepted", "succeeded")
    found = platform.find_refund(reference=refund, payment_reference=reference)
    assert found is not None
    assert (found.reference, found.status) == (refund, "succeeded")
    (only,) = platforms.order(kind, reference)["refunds"]
    assert only["amount"] == AMOUNT.amount


def test_what_was_not_paid_is_not_refunded(platform: Platform) -> None:
    reference = ordered(platform)
    with pytest.raises(PlatformRefusal):
        platform.refund(reference=new_id("rf"), payment_reference=reference, amount=AMOUNT)


@pytest.mark.parametrize("fault", ["lost", "dropped", "silent", "forged"])
def test_an_answer_that_proves_nothing_leaves_it_unknown(
    platform: Platform, platforms: RunningPlatforms, fault: str
) -> None:
    reference = ordered(platform)
    platforms.plan_fault(fault)
    with pytest.raises(PaymentUnknown):
        platform.find(reference)


def test_an_unproven_answer_to_a_query_is_not_taken_for_never_seen(
    platform: Platform, platforms: RunningPlatforms
) -> None:
    platforms.plan_fault("forged")
    with pytest.raises(PaymentUnknown):
        platform.find(new_id("tu"))


def test_a_busy_platform_is_asked_later(platform: Platform, platforms: RunningPlatforms) -> None:
    platforms.plan_fault("unavailable")
    with pytest.raises((PlatformUnavailable, PaymentUnknown)):
        platform.find(new_id("tu"))


def test_nobody_at_the_address_means_that_nothing_was_done(
    kind: Kind, credentials: PlatformCredentials
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(PlatformUnavailable):
        speaker(kind)(at(credentials, url)).find("tu_nobody")


@pytest.mark.parametrize(
    ("path", "status"), [("/health", 200), ("/nowhere", 404), ("/_sandbox/codes/x", 404)]
)
def test_a_page_in_the_place_of_an_answer_proves_nothing(
    kind: Kind,
    credentials: PlatformCredentials,
    platforms: RunningPlatforms,
    path: str,
    status: int,
) -> None:
    strayed = speaker(kind)(at(credentials, f"{platforms.sandbox.url}{path}"))
    with pytest.raises(PaymentUnknown):
        strayed.find("tu_nobody")


def at(credentials: PlatformCredentials, url: str) -> PlatformCredentials:
    """The same keys at another address."""
    assert credentials.alipay is not None
    assert credentials.wechat_pay is not None
    return msgspec.structs.replace(
        credentials,
        alipay=msgspec.structs.replace(credentials.alipay, gateway_url=url),
        wechat_pay=msgspec.structs.replace(credentials.wechat_pay, gateway_url=url),
    )


def test_a_notification_tells_what_was_paid(
    platform: Platform, platforms: RunningPlatforms, kind: Kind
) -> None:
    reference = paid(platform, platforms, kind)
    first = platform.read_notification(*platforms.notification(kind, reference))
    again = platform.read_notification(*platforms.notification(kind, reference))
    assert first == again
    assert first.event_id
    assert first.payment == platform.find(reference)


def test_an_old_or_wrongly_signed_notification_is_refused(
    platform: Platform, platforms: RunningPlatforms, kind: Kind
) -> None:
    reference = paid(platform, platforms, kind)
    for wish in ({"forged": True}, {"age_seconds": 300}, {"age_seconds": -310}):
        with pytest.raises(NotificationNotAuthentic):
            platform.read_notification(*platforms.notification(kind, reference, **wish))
    nearly = platforms.notification(kind, reference, age_seconds=290)
    assert platform.read_notification(*nearly).payment.status == "paid"


def header(name: str, text: str | None) -> Change:
    def changed(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        kept = {key: value for key, value in headers.items() if key != name}
        return (kept if text is None else {**kept, name: text}), body

    return changed


def raw(change: Callable[[bytes], bytes]) -> Change:
    return lambda headers, body: (headers, change(body))


def field(name: str, text: str | None) -> Change:
    """A field of Alipay's form: another, or none."""

    def changed(body: bytes) -> bytes:
        form = dict(parse_qsl(body.decode()))
        form.pop(name)
        return urlencode(form if text is None else form | {name: text}).encode()

    return raw(changed)


COMMON: dict[str, Change] = {
    "no body": raw(lambda _: b""),
    "no text": raw(lambda _: b"\xff\xfe"),
    "something added": raw(lambda body: body + b"&"),
}
OF_WECHAT_PAY: dict[str, Change] = COMMON | {
    f"{name}: {text}": header(f"wechatpay-{name}", text)
    for name, text in (
        ("signature", None),
        ("signature", ""),
        ("signature", "WECHATPAY/SIGNTEST/abcdef"),
        ("signature", "é"),
        ("serial", None),
        ("serial", "PUB_KEY_ID_OF_NOBODY"),
        ("serial", "7132D72A03E93CDDF8C03BBD1F37EEDF2DD5C6F4"),
        ("timestamp", None),
        ("timestamp", "1700000000"),
        ("timestamp", "-1"),
        ("timestamp", "soon"),
        ("nonce", "another"),
        ("signature-type", None),
        ("signature-type", "WECHATPAY2-SHA256-RSA1024"),
    )
}
OF_ALIPAY: dict[str, Change] = COMMON | {
    f"{name}: {text}": field(name, text)
    for name, text in (
        ("sign", None),
        ("sign", ""),
        ("sign", "A"),
        ("sign", "é"),
        ("sign_type", None),
        ("sign_type", "RSA"),
        ("total_amount", "0.01"),
        ("out_trade_no", "tu_of_another"),
        ("app_id", "1"),
        ("notify_time", "2026-01-01 00:00:00"),
    )
}
OF_ALIPAY["a field twice"] = raw(lambda body: body + b"&total_amount=0.01")


@pytest.mark.parametrize(
    ("kind", "change"),
    [("wechat_pay", change) for change in OF_WECHAT_PAY]
    + [("alipay", change) for change in OF_ALIPAY],
)
def test_a_changed_notification_is_refused(
    credentials: PlatformCredentials, platforms: RunningPlatforms, kind: Kind, change: str
) -> None:
    platform = speaker(kind)(credentials)
    reference = paid(platform, platforms, kind)
    changes = OF_ALIPAY if kind == "alipay" else OF_WECHAT_PAY
    changed = changes[change](*platforms.notification(kind, reference))
    with pytest.raises(NotificationNotAuthentic):
        platform.read_notification(*changed)


def test_a_notification_for_another_app_or_merchant_is_refused(
    credentials: PlatformCredentials, platforms: RunningPlatforms, kind: Kind
) -> None:
    platform = speaker(kind)(credentials)
    told = platforms.notification(kind, paid(platform, platforms, kind))
    assert credentials.alipay is not None
    assert credentials.wechat_pay is not None
    for name in ("app_id", "seller_id" if kind == "alipay" else "merchant_id"):
        known = credentials.alipay if kind == "alipay" else credentials.wechat_pay
        other = msgspec.structs.replace(known, **{name: "somebody else"})
        another = speaker(kind)(msgspec.structs.replace(credentials, **{kind: other}))
        with pytest.raises(NotificationNotAuthentic):
            another.read_notification(*told)


def test_a_notification_sealed_with_another_key_is_refused(
    credentials: PlatformCredentials, platforms: RunningPlatforms
) -> None:
    reference = paid(speaker("wechat_pay")(credentials), platforms, "wechat_pay")
    assert credentials.wechat_pay is not None
    other = msgspec.structs.replace(credentials.wechat_pay, api_v3_key="0" * 32)
    another = speaker("wechat_pay")(msgspec.structs.replace(credentials, wechat_pay=other))
    with pytest.raises(NotificationNotAuthentic):
        another.read_notification(*platforms.notification("wechat_pay", reference))


def test_times_are_beijing_s_whatever_the_zone_of_the_machine(
    credentials: PlatformCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        url = checkout(speaker("alipay")(credentials), "tu_0001", seconds=0)
    finally:
        monkeypatch.undo()
        time.tzset()
    sent = dict(parse_qsl(url.partition("?")[2]))
    hours = (time.time() + 8 * 3600) % 86_400 // 3600
    assert int(sent["timestamp"][11:13]) == hours
    assert json.loads(sent["biz_content"])["time_expire"][:13] == sent["timestamp"][:13]


@pytest.mark.usefixtures("cloud")
def test_a_platform_is_offered_when_its_keys_are_stored(platforms: RunningPlatforms) -> None:
    for kind in KINDS:
        with pytest.raises(SourceNotAvailable):
            get_platform(kind)
    with stored_platforms(platforms.credentials() | {"notify_url": "http://127.0.0.1:9"}):
        for kind in KINDS:
            assert get_platform(kind).find(new_id("tu")) is None
            assert get_platform(kind) is get_platform(kind)


def test_import_costs_no_library() -> None:
    check = (
        "import sys, shared.platforms, shared.platforms.port;"
        "sys.exit(bool({'alipay', 'wechatpayv3', 'urllib3', 'cryptography'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
