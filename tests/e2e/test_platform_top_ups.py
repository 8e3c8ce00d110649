"""Top-ups by Alipay and WeChat Pay on the running stack: paid on the page, told by the platform."""

import time
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
import urllib3

from infra.phone_app import PhoneApp
from infra.stack import Addresses
from tests.e2e.conftest import somebody

PATIENCE_SECONDS = 300
KINDS = ("alipay", "wechat_pay")


def plan(addresses: Addresses, fault: str) -> None:
    """A fault of the next notification."""
    url = f"{addresses.sandbox_url}/_sandbox/platforms/notification-faults"
    answer = urllib3.request("POST", url, json={"fault": fault}, retries=False, timeout=10)
    assert answer.status == 204, answer.data


def pay(app: PhoneApp, kind: str, amount: int) -> str:
    """The id of a top-up that its owner has paid on the page."""
    made = app.check_out(kind, amount)
    assert (made.status, made.json["status"]) == (202, "pending"), made.json
    url = made.json["checkout"]["url"]
    page = urllib3.request("GET", url, timeout=10)
    assert "Pay" in page.data.decode()
    paid = urllib3.request("POST", urljoin(url, page.geturl()), timeout=10)
    assert "Paid" in paid.data.decode()
    return str(made.json["top_up_id"])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)


def has_status(app: PhoneApp, top_up_id: str, status: str) -> bool:
    return bool(app.ask("GET", f"/v1/top-ups/{top_up_id}").json["status"] == status)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_paid_at_a_platform_is_in_the_wallet(addresses: Addresses, kind: str) -> None:
    app = somebody(addresses)
    top_up_id = pay(app, kind, 12_345)
    wait_for(lambda: has_status(app, top_up_id, "succeeded"))

    assert app.available() == 12_345
    (entry,) = app.entries()
    assert (entry["kind"], entry["reference"]) == ("top_up", top_up_id)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["forged", "duplicate", "reordered"])
def test_whatever_befalls_its_notifications(addresses: Addresses, kind: str, fault: str) -> None:
    app = somebody(addresses)
    plan(addresses, fault)
    made = [pay(app, kind, amount) for amount in (700, 77)]
    wait_for(lambda: all(has_status(app, top_up_id, "succeeded") for top_up_id in made))
    assert app.available() == 777
