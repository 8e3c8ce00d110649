"""What a merchant hears: every event, signed, until its shop has taken it, for three days."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.payments.delivery import WAITS_SECONDS, deliver_due
from functions.payments.orders import expire_due
from infra.merchant_client import is_from_wallet
from shared import clock
from shared.settings import settings
from tests.clock import TestClock
from tests.people import Person
from tests.shops import Shop, open_shop, operator, pay
from tests.web_shop import WebShop, web_shop

DAYS_3 = 3 * 86_400


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebShop]:
    monkeypatch.setenv("NOTIFY_PRIVATE_ADDRESSES", "on")
    settings.cache_clear()
    with web_shop() as opened:
        yield opened
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def shop(web: WebShop) -> Shop:
    return open_shop(notify_url=web.url)


def told(web: WebShop) -> list[Any]:
    return [json.loads(body) for _, body in web.got]


def events(shop: Shop, query: str = "") -> Any:
    return shop.call("GET", f"/v1/merchant/events{query}").json


def test_shop_hears_of_a_payment_and_can_tell_that_it_is_from_us(
    shop: Shop, web: WebShop, ana: Person
) -> None:
    order_id = shop.order(5_000, number="2026-1")
    payment_id = pay(ana, order_id, key="k").json["payment_id"]

    assert deliver_due() == 1

    ((headers, body),) = web.got
    event = json.loads(body)
    assert (event["type"], event["merchant_id"]) == ("payment.succeeded", shop.merchant_id)
    order = event["order"]
    assert (order["order_id"], order["merchant_order_id"]) == (order_id, "2026-1")
    assert (order["status"], order["amount"], order["fee"]) == ("paid", 5_000, 30)
    assert order["payment_id"] == payment_id
    assert headers["U-Wallet-Event"] == event["event_id"]
    mark = headers["U-Wallet-Signature"]
    assert is_from_wallet(mark, body, secret=shop.secret, now=clock.seconds())
    assert not is_from_wallet(mark, body + b" ", secret=shop.secret, now=clock.seconds())
    assert not is_from_wallet(mark, body, secret="another", now=clock.seconds())
    assert not is_from_wallet(mark, body, secret=shop.secret, now=clock.seconds() + 301)
    assert ana.user_id not in body.decode()


def test_shop_hears_of_refunds_closings_and_expiries(
    shop: Shop, web: WebShop, ana: Person, test_clock: TestClock
) -> None:
    paid, closed, expired = shop.order(), shop.order(), shop.order()
    pay(ana, paid, key="k")
    shop.refund(paid, 400, number="r1")
    shop.call("POST", f"/v1/merchant/orders/{closed}/close")
    test_clock.move(minutes=15)
    expire_due()

    deliver_due()

    by_type = {event["type"]: event for event in told(web)}
    assert len(web.got) == 4
    assert by_type["refund.succeeded"]["refund"]["amount"] == 400
    assert by_type["refund.succeeded"]["order"]["refunded_amount"] == 400
    assert by_type["order.closed"]["order"]["order_id"] == closed
    assert by_type["order.expired"]["order"]["order_id"] == expired


def test_order_may_name_an_address_of_its_own(web: WebShop, ana: Person) -> None:
    quiet = open_shop(notify_url=None)
    silent, named = quiet.order(), quiet.order(notify_url=web.url)
    pay(ana, silent, key="k1")
    pay(ana, named, key="k2")

    assert deliver_due() == 1

    assert [event["order"]["order_id"] for event in told(web)] == [named]


def test_delivered_event_is_not_sent_again(shop: Shop, web: WebShop, ana: Person) -> None:
    pay(ana, shop.order(), key="k")

    assert (deliver_due(), deliver_due(), len(web.got)) == (1, 0, 1)


@pytest.mark.parametrize("status", [301, 307, 404, 500])
def test_all_but_a_success_is_tried_again_later_with_the_same_body(
    shop: Shop, web: WebShop, ana: Person, test_clock: TestClock, status: int
) -> None:
    web.answers = [status]
    pay(ana, shop.order(), key="k")
    deliver_due()
    assert (deliver_due(), len(web.got)) == (0, 1)
    test_clock.move(seconds=WAITS_SECONDS[0])

    assert deliver_due() == 1

    (_, first), (_, second) = web.got
    assert first == second
    (event,) = events(shop)["items"]
    assert (event["status"], event["tries"], event["next_try_at"]) == ("delivered", 2, None)
    attempts = shop.call("GET", f"/v1/merchant/events/{event['event_id']}").json["deliveries"]
    assert [one["status"] for one in attempts] == [204, status]
    assert all(one["duration_ms"] >= 0 and one["failure"] is None for one in attempts)


def test_attempts_go_on_for_three_days_and_a_replay_begins_them_anew(
    shop: Shop, web: WebShop, ana: Person, test_clock: TestClock
) -> None:
    web.answers = [503] * (len(WAITS_SECONDS) + 1)
    pay(ana, shop.order(), key="k")
    begun = clock.seconds()
    for wait in WAITS_SECONDS:
        assert deliver_due() == 1
        test_clock.move(seconds=wait)
    assert (deliver_due(), clock.seconds() - begun) == (1, DAYS_3)
    (event,) = events(shop)["items"]
    assert (event["status"], event["next_try_at"]) == ("failed", None)
    test_clock.move(hours=24)
    assert deliver_due() == 0

    again = shop.call("POST", f"/v1/merchant/events/{event['event_id']}/replay")

    assert (again.status, again.json["status"], again.json["tries"]) == (202, "waiting", 0)
    assert deliver_due() == 1
    assert (told(web)[-1]["event_id"], len(events(shop)["items"])) == (event["event_id"], 1)
    assert events(shop)["items"][0]["status"] == "delivered"


def test_shop_that_is_down_holds_up_no_other(
    shop: Shop, web: WebShop, ana: Person, test_clock: TestClock
) -> None:
    with web_shop() as closing:
        gone = closing.url
    down = open_shop("Down", notify_url=gone)
    for number, each in enumerate((down, shop, down)):
        pay(ana, each.order(), key=f"k{number}")

    assert deliver_due() == 3

    assert len(web.got) == 1
    waiting = events(down)["items"]
    assert {event["status"] for event in waiting} == {"waiting"}
    paths = [f"/v1/merchant/events/{event['event_id']}" for event in waiting]
    attempts = [one for path in paths for one in down.call("GET", path).json["deliveries"]]
    # The second is tried only when it does not know of the first yet.
    assert len(attempts) in (1, 2)
    for attempt in attempts:
        assert (attempt["status"], attempt["failure"]) == (None, "NO_CONNECTION")


def test_events_are_signed_with_both_keys_while_there_are_two(
    shop: Shop, web: WebShop, ana: Person
) -> None:
    made = operator("make_key", merchant_id=shop.merchant_id)
    pay(ana, shop.order(), key="k")
    deliver_due()

    ((headers, body),) = web.got
    for secret in (shop.secret, made["secret"]):
        mark = headers["U-Wallet-Signature"]
        assert is_from_wallet(mark, body, secret=secret, now=clock.seconds())


def test_events_are_listed_newest_first_a_page_at_a_time_and_only_to_their_merchant(
    shop: Shop, web: WebShop, ana: Person, test_clock: TestClock
) -> None:
    for number in range(3):
        pay(ana, shop.order(), key=f"k{number}")
        deliver_due()
        test_clock.move(seconds=1)

    first = events(shop, "?limit=2")
    rest = events(shop, f"?cursor={first['next_cursor']}&limit=2")

    listed = [event["event_id"] for event in [*first["items"], *rest["items"]]]
    assert listed == [event["event_id"] for event in reversed(told(web))]
    assert rest["next_cursor"] is None
    other = open_shop("Other")
    assert events(other)["items"] == []
    assert other.call("GET", f"/v1/merchant/events/{listed[0]}").status == 404
    assert other.call("POST", f"/v1/merchant/events/{listed[0]}/replay").status == 404
