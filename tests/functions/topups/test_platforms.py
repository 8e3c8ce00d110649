"""Top-ups by Alipay and WeChat Pay: credited once, for what was paid, however it becomes known."""

import io
from datetime import datetime

import pytest

from functions.topups.resolution import resolve_due
from shared.ledger.accounts import set_status
from shared.ledger.books import check_books
from shared.money import Money
from shared.platforms import get_platform
from shared.platforms.port import Kind
from shared.sweep import SweepIncomplete
from tests.clock import TestClock
from tests.conftest import empty_tables, stored_platforms
from tests.edge import call
from tests.functions.meanwhile import meanwhile
from tests.functions.topups.platform_payments import (
    PATHS,
    books,
    check_out,
    deliver,
    opened,
    paid,
    shown,
    tell,
    was_taken,
)
from tests.functions.topups.test_top_up import same_answer_again, used_today
from tests.people import PASSWORD, PAY_PASSWORD, Person
from tests.sandbox.platforms import KINDS, RunningPlatforms
from tests.sandbox.running import HTTP

pytestmark = pytest.mark.usefixtures("platforms")
EXPIRY_SECONDS = 300


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


def test_a_top_up_is_paid_on_the_page_of_its_checkout(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock
) -> None:
    answer = check_out(ana, kind)
    made = dict(answer.json)
    checkout = made.pop("checkout")
    assert answer.status == 202
    assert made == {
        "top_up_id": made["top_up_id"],
        "status": "pending",
        "amount": 500,
        "currency": "CNY",
        "source": {"kind": kind},
        "created_at": made["created_at"],
    }
    expires_at = datetime.fromisoformat(checkout["expires_at"]).timestamp()
    assert expires_at == test_clock.seconds + EXPIRY_SECONDS
    assert HTTP.request("GET", checkout["url"]).status in (200, 303)

    platforms.pay(kind, made["top_up_id"])
    assert books(ana) == (0, 500, 0, 0)
    assert was_taken(tell(platforms, kind, made["top_up_id"]), kind)
    assert books(ana) == (500, 500, 0, -500)
    assert shown(ana, made["top_up_id"]) == made | {"status": "succeeded"}
    (entry,) = ana.call("GET", "/v1/wallet/entries").json["items"]
    assert (entry["kind"], entry["direction"], entry["balance_after"]) == ("top_up", "in", 500)
    assert check_books().sound


def test_a_replay_gives_the_same_checkout_also_after_it_was_paid(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    first = check_out(ana, kind)
    assert same_answer_again(first, check_out(ana, kind))
    assert check_out(ana, kind, 501).code == "IDEMPOTENCY_KEY_REUSED"
    HTTP.request("GET", first.json["checkout"]["url"])
    platforms.pay(kind, first.json["top_up_id"])
    tell(platforms, kind, first.json["top_up_id"])

    assert same_answer_again(first, check_out(ana, kind))
    assert books(ana) == (500, 500, 0, -500)


def test_a_notification_that_comes_again_changes_nothing(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    top_up_id = paid(ana, platforms, kind)
    once = platforms.notification(kind, top_up_id)
    for told in (once, once, platforms.notification(kind, top_up_id)):
        assert was_taken(deliver(kind, *told), kind)
    assert books(ana) == (500, 500, 0, -500)


def test_two_notifications_at_once_credit_once(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    top_up_id = paid(ana, platforms, kind)
    with meanwhile(lambda: tell(platforms, kind, top_up_id)) as others:
        assert was_taken(tell(platforms, kind, top_up_id), kind)
    assert was_taken(others[0], kind)
    assert books(ana) == (500, 500, 0, -500)


def test_notifications_come_in_any_order(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    first, second = (paid(ana, platforms, kind, key=f"k{number}") for number in range(2))
    for top_up_id in (second, first):
        assert was_taken(tell(platforms, kind, top_up_id), kind)
    assert books(ana) == (1_000, 1_000, 0, -1_000)


def test_without_a_notification_the_platform_is_asked(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock
) -> None:
    top_up_id = paid(ana, platforms, kind)
    test_clock.move(seconds=59)
    assert resolve_due() == 0
    test_clock.move(seconds=1)
    assert resolve_due() == 1

    assert books(ana) == (500, 500, 0, -500)
    assert was_taken(tell(platforms, kind, top_up_id), kind)
    assert resolve_due() == 0
    assert books(ana) == (500, 500, 0, -500)


def test_what_nobody_paid_is_closed_at_the_platform_and_expires(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock
) -> None:
    top_up_id = opened(ana, kind)
    test_clock.move(seconds=EXPIRY_SECONDS + 59)
    resolve_due()
    assert shown(ana, top_up_id)["status"] == "pending"
    test_clock.move(seconds=1)
    assert resolve_due() == 1

    ended = shown(ana, top_up_id)
    assert (ended["status"], ended["reason"]) == ("expired", "TOP_UP_EXPIRED")
    assert "checkout" not in ended
    assert platforms.order(kind, top_up_id)["status"] == "closed"
    assert books(ana) == (0, 0, 0, 0)


def test_what_nobody_opened_expires_as_well(ana: Person, kind: Kind, test_clock: TestClock) -> None:
    top_up_id = check_out(ana, kind).json["top_up_id"]
    test_clock.move(minutes=10)
    assert resolve_due() == 1
    assert shown(ana, top_up_id)["status"] == "expired"
    assert books(ana) == (0, 0, 0, 0)


def test_what_is_paid_at_the_last_moment_is_credited(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock
) -> None:
    top_up_id = opened(ana, kind)
    test_clock.move(minutes=10)
    platforms.pay(kind, top_up_id)
    assert resolve_due() == 1
    assert shown(ana, top_up_id)["status"] == "succeeded"


def test_money_that_comes_after_the_expiry_is_credited_all_the_same(
    ana: Person, platforms: RunningPlatforms, test_clock: TestClock
) -> None:
    """Alipay did not know the order when it expired, and was paid on a page opened before."""
    top_up_id = check_out(ana, "alipay").json["top_up_id"]
    url = shown(ana, top_up_id)["checkout"]["url"]
    test_clock.move(minutes=10)
    assert resolve_due() == 1
    HTTP.request("GET", url)
    platforms.pay("alipay", top_up_id)

    assert was_taken(tell(platforms, "alipay", top_up_id), "alipay")
    assert shown(ana, top_up_id)["status"] == "succeeded"
    assert books(ana) == (500, 0, 0, -500)


@pytest.mark.parametrize("fault", ["unavailable", "lost", "dropped", "forged"])
def test_an_answer_that_proves_nothing_leaves_it_pending(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock, fault: str
) -> None:
    top_up_id = paid(ana, platforms, kind)
    test_clock.move(minutes=10)
    platforms.plan_fault(fault)
    assert resolve_due() == 1
    assert shown(ana, top_up_id)["status"] == "pending"

    test_clock.move(minutes=2)
    assert resolve_due() == 1
    assert shown(ana, top_up_id)["status"] == "succeeded"


@pytest.mark.parametrize("fault", ["unavailable", "lost", "dropped", "forged"])
def test_a_checkout_that_could_not_be_made_is_a_503_and_the_same_request_goes_on(
    ana: Person, platforms: RunningPlatforms, fault: str
) -> None:
    platforms.plan_fault(fault)
    away = check_out(ana, "wechat_pay")
    assert (away.status, away.code) == (503, "SERVICE_UNAVAILABLE")
    assert used_today(ana) == 500

    answer = check_out(ana, "wechat_pay")
    assert answer.status == 202
    assert "Idempotency-Replayed" not in answer.headers
    assert used_today(ana) == 500


def test_a_checkout_that_is_asked_for_again_too_late_has_expired(
    ana: Person, platforms: RunningPlatforms, test_clock: TestClock
) -> None:
    platforms.plan_fault("lost")
    assert check_out(ana, "wechat_pay").status == 503
    test_clock.move(seconds=EXPIRY_SECONDS)
    late = check_out(ana, "wechat_pay")

    assert (late.status, late.code) == (422, "TOP_UP_EXPIRED")
    assert same_answer_again(late, check_out(ana, "wechat_pay"))
    assert used_today(ana) == 0


def test_an_order_that_the_platform_refuses_is_refused_and_costs_no_allowance(
    ana: Person, platforms: RunningPlatforms
) -> None:
    known = platforms.credentials()
    known["wechat_pay"]["app_id"] = "another"
    with stored_platforms(known | {"notify_url": "http://127.0.0.1:9"}):
        refused = check_out(ana, "wechat_pay")
        assert (refused.status, refused.code) == (422, "CHECKOUT_DECLINED")
        assert refused.json["diagnosis"]["platform_code"] == "APPID_MCHID_NOT_MATCH"
        assert same_answer_again(refused, check_out(ana, "wechat_pay"))
    assert used_today(ana) == 0


def test_a_platform_without_keys_is_not_offered(ana: Person, kind: Kind) -> None:
    with stored_platforms({}):
        answer = check_out(ana, kind)
        assert (answer.status, answer.code) == (422, "SOURCE_NOT_AVAILABLE")
        assert call("POST", PATHS[kind], raw="x").status == 422
    assert check_out(ana, kind).status == 202


def test_pay_password_and_limits_hold_as_for_cards(ana: Person, kind: Kind) -> None:
    body = {"amount": 500, "currency": "CNY", "source": {"kind": kind}, "pay_password": "111222"}
    assert ana.call("POST", "/v1/top-ups", body, key="k").code == "WRONG_PAY_PASSWORD"
    assert check_out(ana, kind, 5_000_001, key="k2").code == "LIMIT_EXCEEDED"
    for number in range(4):
        assert check_out(ana, kind, 5_000_000, key=f"full{number}").status == 202
    assert check_out(ana, kind, 1, key="k3").code == "LIMIT_EXCEEDED"


# What comes from the future comes nearer while it is on its way.
@pytest.mark.parametrize("wish", [{"forged": True}, {"age_seconds": 301}, {"age_seconds": -360}])
def test_a_forged_or_old_notification_moves_nothing(
    ana: Person, platforms: RunningPlatforms, kind: Kind, wish: dict[str, object]
) -> None:
    top_up_id = paid(ana, platforms, kind)
    refused = tell(platforms, kind, top_up_id, **wish)

    assert refused.status == 401
    expected = "FAIL" if kind == "wechat_pay" else "NOTIFICATION_NOT_AUTHENTIC"
    assert refused.code == expected
    assert books(ana) == (0, 500, 0, 0)
    assert was_taken(tell(platforms, kind, top_up_id), kind)


def test_wechat_pay_is_refused_in_its_own_form() -> None:
    refused = call("POST", PATHS["wechat_pay"], raw="{}")
    assert (refused.status, refused.json) == (401, {"code": "FAIL", "message": "失败"})


def test_a_notification_for_another_app_moves_nothing(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    top_up_id = paid(ana, platforms, kind)
    told = platforms.notification(kind, top_up_id)
    known = platforms.credentials()
    known[kind]["app_id"] = "another"
    with stored_platforms(known):
        assert deliver(kind, *told).status == 401
    assert books(ana) == (0, 500, 0, 0)


def test_a_notification_at_the_door_of_the_other_platform_moves_nothing(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    other: Kind = "alipay" if kind == "wechat_pay" else "wechat_pay"
    told = platforms.notification(kind, paid(ana, platforms, kind))
    assert deliver(other, *told).status == 401
    assert books(ana) == (0, 500, 0, 0)


def test_a_platform_can_not_tell_of_the_top_up_of_another(
    ana: Person, platforms: RunningPlatforms, kind: Kind, test_clock: TestClock
) -> None:
    other: Kind = "alipay" if kind == "wechat_pay" else "wechat_pay"
    top_up_id = opened(ana, kind)
    page = get_platform(other).create_checkout(
        reference=top_up_id,
        amount=Money(amount=500),
        expires_at=int(test_clock.seconds) + EXPIRY_SECONDS,
        address="203.0.113.7",
    )
    HTTP.request("GET", page)
    platforms.pay(other, top_up_id)

    assert tell(platforms, other, top_up_id).status == 404
    assert books(ana) == (0, 500, 0, 0)


def test_a_signed_notification_of_what_was_never_asked_for_is_not_taken(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    top_up_id = paid(ana, platforms, kind)
    told = platforms.notification(kind, top_up_id)
    empty_tables()
    assert deliver(kind, *told).status == 404


def test_a_platform_that_neither_closes_nor_tells_is_an_alarm(
    ana: Person, platforms: RunningPlatforms, test_clock: TestClock
) -> None:
    """Its keys were taken away meanwhile."""
    top_up_id = opened(ana, "wechat_pay")
    test_clock.move(minutes=10)
    known = platforms.credentials()
    known["wechat_pay"] = None
    with stored_platforms(known), pytest.raises(SweepIncomplete):
        resolve_due()
    assert shown(ana, top_up_id)["status"] == "pending"


def test_a_frozen_account_still_gets_what_was_paid(
    ana: Person, platforms: RunningPlatforms, kind: Kind
) -> None:
    top_up_id = paid(ana, platforms, kind)
    set_status(ana.user_id, "frozen")
    assert was_taken(tell(platforms, kind, top_up_id), kind)
    assert shown(ana, top_up_id)["status"] == "succeeded"


def test_the_list_shows_top_ups_of_every_kind_to_their_owner_only(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    made = []
    for kind in KINDS:
        made.append(check_out(ana, kind, key=kind).json)
        test_clock.move(seconds=1)
    assert ana.call("GET", "/v1/top-ups").json["items"] == made[::-1]
    for one in made:
        assert bo.call("GET", f"/v1/top-ups/{one['top_up_id']}").status == 404


def test_an_account_with_an_open_checkout_is_not_closed(ana: Person) -> None:
    check_out(ana, "alipay")
    body = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
    refused = ana.call("DELETE", "/v1/me", body)
    assert refused.json["diagnosis"]["top_up_pending"] is True


def test_no_key_and_no_signature_is_logged(
    ana: Person, platforms: RunningPlatforms, kind: Kind, log_text: io.StringIO
) -> None:
    top_up_id = paid(ana, platforms, kind)
    headers, body = platforms.notification(kind, top_up_id)
    deliver(kind, headers, body)
    tell(platforms, kind, top_up_id, forged=True)

    logged = log_text.getvalue()
    assert '"notified"' in logged
    known = platforms.credentials()[kind]
    for secret in (known["private_key"].splitlines()[1], known.get("api_v3_key", "-----BEGIN")):
        assert secret not in logged
    assert body.decode() not in logged
