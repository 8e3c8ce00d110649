"""Requests of merchants: signed by them, just now, once; all else is refused in the same words."""

from typing import Any

from infra.merchant_client import authorization
from shared import clock
from tests.clock import TestClock
from tests.edge import Answer, call
from tests.people import Person
from tests.shops import Shop, open_shop, operator

PATH = "/v1/merchant/events"


def ask(header: str, *, method: str = "GET", path: str = PATH, raw: str | None = None) -> Answer:
    return call(method, path, raw=raw, headers={"Authorization": header})


def signed(shop: Shop, **other: Any) -> str:
    asked = {"method": "GET", "target": PATH, "body": b"", "timestamp": clock.seconds()}
    return authorization(shop.merchant_id, shop.secret, **{**asked, **other})


def forgeries(shop: Shop, other: Shop) -> dict[str, str]:
    """Headers that prove nothing, by what is wrong with them."""
    good, now = signed(shop), clock.seconds()
    return {
        "none": "",
        "bearer": f"Bearer {shop.secret}",
        "no form": f"HMAC-SHA256 merchant_id={shop.merchant_id}",
        "wrong secret": signed(Shop(shop.merchant_id, other.secret)),
        "another merchant": good.replace(shop.merchant_id, other.merchant_id),
        "unknown merchant": signed(Shop("m_" + "a" * 26, shop.secret)),
        "another method": signed(shop, method="POST"),
        "another path": signed(shop, target="/v1/merchant/orders"),
        "another query": signed(shop, target=f"{PATH}?limit=1"),
        "another body": signed(shop, body=b"{}"),
        "too old": signed(shop, timestamp=now - 300),
        "from the future": signed(shop, timestamp=now + 300),
        "changed time": good.replace(f"timestamp={now}", f"timestamp={now - 1}"),
        "short nonce": signed(shop, nonce="short"),
    }


def test_anything_wrong_is_refused_in_the_same_words(shop: Shop) -> None:
    for what, header in forgeries(shop, open_shop("Other")).items():
        refused = ask(header)
        assert (refused.status, refused.code) == (401, "UNAUTHENTICATED"), what
        assert refused.json["detail"] == "请求签名缺失、错误、过期或已使用过。"
        assert refused.headers["WWW-Authenticate"] == "HMAC-SHA256"


def test_signature_is_good_for_almost_five_minutes_and_once(
    shop: Shop, test_clock: TestClock
) -> None:
    header = signed(shop)
    test_clock.move(seconds=299)

    assert ask(header).status == 200
    again = ask(header)
    assert (again.status, again.code) == (401, "UNAUTHENTICATED")


def test_nonces_of_two_merchants_have_nothing_to_do_with_each_other(shop: Shop) -> None:
    nonce = "n" * 16
    assert ask(signed(shop, nonce=nonce)).status == 200
    assert ask(signed(open_shop("Other"), nonce=nonce)).status == 200


def test_query_is_signed_in_one_form_however_it_comes(shop: Shop) -> None:
    header = signed(shop, target=f"{PATH}?cursor=a%20b&limit=5")

    refused = ask(header, path=f"{PATH}?limit=5&cursor=a+b")

    assert (refused.status, refused.code) == (400, "INVALID_CURSOR")


def test_query_of_a_signed_request_cannot_be_changed(shop: Shop) -> None:
    header = signed(shop, target=f"{PATH}?limit=5")

    assert ask(header, path=f"{PATH}?limit=50").status == 401


def test_body_of_a_signed_request_cannot_be_changed(shop: Shop) -> None:
    raw = '{"merchant_order_id":"1","amount":100,"currency":"CNY","subject":"x"}'
    header = signed(shop, method="POST", target="/v1/merchant/orders", body=raw.encode())

    refused = ask(header, method="POST", path="/v1/merchant/orders", raw=raw.replace("100", "101"))

    assert refused.status == 401


def test_two_keys_are_good_at_a_time_until_the_old_one_is_revoked(shop: Shop) -> None:
    (old,) = operator("list")["merchants"][0]["keys"]
    made = operator("make_key", merchant_id=shop.merchant_id)
    renewed = Shop(shop.merchant_id, made["secret"])
    assert (shop.call("GET", PATH).status, renewed.call("GET", PATH).status) == (200, 200)
    assert operator("make_key", merchant_id=shop.merchant_id) == "TOO_MANY_KEYS"

    operator("revoke_key", merchant_id=shop.merchant_id, key_id=old)

    assert (shop.call("GET", PATH).status, renewed.call("GET", PATH).status) == (401, 200)
    last = {"merchant_id": shop.merchant_id, "key_id": made["key_id"]}
    assert operator("revoke_key", **last) == "LAST_KEY"


def test_signatures_of_a_disabled_merchant_count_no_more(shop: Shop) -> None:
    operator("disable", merchant_id=shop.merchant_id)
    assert shop.call("GET", PATH).status == 401

    operator("enable", merchant_id=shop.merchant_id)
    assert shop.call("GET", PATH).status == 200


def test_nobody_but_a_merchant_makes_orders_and_no_merchant_pays(shop: Shop, ana: Person) -> None:
    body = {"merchant_order_id": "1", "amount": 100, "currency": "CNY", "subject": "x"}
    assert ana.call("POST", "/v1/merchant/orders", body).status == 401
    assert shop.call("GET", "/v1/wallet").status == 401
