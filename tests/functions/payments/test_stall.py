"""At a stall: a merchant's printed code, by which whoever scans it pays an amount of their own."""

from pathlib import Path
from typing import Any

import pytest

from functions.payments.delivery import deliver_due
from functions.payments.limits import rows
from shared.ledger.accounts import FEES, set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.edge import call
from tests.functions.meanwhile import meanwhile
from tests.ledger_accounts import shards
from tests.people import PAY_PASSWORD, Person, fund, scan
from tests.qr_reader import read_png, read_svg
from tests.shops import Shop, open_shop, operator, pay, pay_at_stall
from tests.soundness import check_sound
from tests.web_shop import web_shop

BASE = "https://pay.u-wallet.example/q"


def printed(shop: Shop, query: str = "") -> Any:
    answer = shop.call("GET", f"/v1/merchant/qr{query}")
    assert answer.status == 200, answer.text
    return answer.json


def static_order(shop: Shop, person: Person, amount: int = 1_000) -> str:
    """The id of the order that a payment at the stall has made."""
    paid = pay_at_stall(person, shop, amount, key="k")
    assert paid.status == 201, paid.text
    return str(paid.json["order_id"])


def test_payer_scans_the_printed_code_and_pays_an_amount_of_their_own(
    shop: Shop, ana: Person
) -> None:
    seen = scan(ana, printed(shop)["qr"])
    assert seen.json["kind"] == "merchant"
    assert seen.json["merchant"] == {"merchant_id": shop.merchant_id, "name": "Kafei"}

    paid = pay_at_stall(ana, shop, 5_000, key="k")

    assert paid.status == 201, paid.text
    assert (paid.json["status"], paid.json["amount"]) == ("succeeded", 5_000)
    assert (ana.available, shop.balance, sum(shards(FEES))) == (5_000, 4_970, 30)
    entry = ana.call("GET", "/v1/wallet/entries?kind=payment").json["items"][0]
    assert (entry["counterparty"]["name"], entry["amount"]) == ("Kafei", 5_000)
    shown = ana.call("GET", f"/v1/payments/{paid.json['payment_id']}").json
    assert (shown["status"], shown["order_id"]) == ("succeeded", paid.json["order_id"])
    check_sound(ledger_items())


def test_merchant_hears_of_the_order_that_was_made_and_sees_it(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_PRIVATE_ADDRESSES", "on")
    settings.cache_clear()
    with web_shop() as web:
        shop = open_shop(notify_url=web.url)
        paid = pay_at_stall(ana, shop, 5_000, key="k").json
        assert deliver_due() == 1
    monkeypatch.undo()
    settings.cache_clear()

    shown = shop.shown(paid["order_id"])
    assert (shown["kind"], shown["status"], shown["fee"]) == ("static", "paid", 30)
    assert shown["merchant_order_id"] == shown["payment_id"] == paid["payment_id"]
    assert b'"type":"payment.succeeded"' in web.got[0][1]
    assert b'"kind":"static","status":"paid","amount":5000' in web.got[0][1]


def test_merchant_gives_back_what_was_paid_at_the_stall(shop: Shop, ana: Person) -> None:
    order_id = static_order(shop, ana)

    assert shop.refund(order_id, 1_000, number="r1").status == 201

    assert (ana.available, shop.balance) == (10_000, 0)
    assert shop.shown(order_id)["status"] == "refunded"
    check_sound(ledger_items())


def test_replay_gives_the_first_answer_and_pays_nothing(shop: Shop, ana: Person) -> None:
    first = pay_at_stall(ana, shop, 5_000, key="k")

    again = pay_at_stall(ana, shop, 5_000, key="k")

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (ana.available, shop.balance) == (5_000, 4_970)


def test_two_payments_of_the_same_amount_are_two_orders(shop: Shop, ana: Person) -> None:
    paid = [pay_at_stall(ana, shop, 500, key=key).json["order_id"] for key in ("k1", "k2")]

    assert len(set(paid)) == 2
    assert ana.available == 9_000


def test_same_key_for_another_amount_merchant_or_order_is_refused(shop: Shop, ana: Person) -> None:
    pay_at_stall(ana, shop, 500, key="k")

    others = (
        pay_at_stall(ana, shop, 501, key="k"),
        pay_at_stall(ana, open_shop("Other"), 500, key="k"),
        pay(ana, shop.order(500), key="k"),
    )

    assert [each.code for each in others] == ["IDEMPOTENCY_KEY_REUSED"] * 3
    assert ana.available == 9_500


def test_two_requests_with_the_same_key_at_once_pay_once(shop: Shop, ana: Person) -> None:
    with meanwhile(lambda: pay_at_stall(ana, shop, 500, key="k")) as first:
        second = pay_at_stall(ana, shop, 500, key="k")

    assert (first[0].status, second.status, second.json) == (201, 201, first[0].json)
    assert (ana.available, shop.balance) == (9_500, 497)


ORDER: dict[str, object] = {"order_id": "o_1"}
STALL: dict[str, object] = {"merchant_id": "m_1", "amount": 1, "currency": "CNY"}


MIXTURES: list[tuple[dict[str, object], str]] = [
    ({}, "body"),
    (ORDER | STALL, "body"),
    (ORDER | {"amount": 1}, "amount"),
    (ORDER | {"currency": "CNY"}, "currency"),
    ({"amount": 1, "currency": "CNY"}, "body"),
    ({"merchant_id": "m_1", "currency": "CNY"}, "amount"),
    ({"merchant_id": "m_1", "amount": 1}, "currency"),
    (STALL | {"amount": 0}, "amount"),
    (STALL | {"amount": "1"}, "amount"),
    (STALL | {"amount": True}, "amount"),
    (STALL | {"currency": "USD"}, "currency"),
    (STALL | {"merchant_id": "m 1"}, "merchant_id"),
]


def test_mixtures_and_halves_of_the_two_ways_to_pay_are_refused(ana: Person) -> None:
    for body, field in MIXTURES:
        refused = ana.call("POST", "/v1/payments", body | {"pay_password": PAY_PASSWORD}, key="k")

        assert (refused.status, refused.json["field"]) == (400, field), body


def test_merchant_that_is_not_there_is_not_found(ana: Person) -> None:
    nobody = Shop("m_nobody", "")

    assert pay_at_stall(ana, nobody, 500, key="k").status == 404
    assert scan(ana, f"{BASE}/1/m/m_nobody").status == 404
    assert ana.available == 10_000


def test_diagnosis_of_a_payment_at_a_stall_says_what_stood_in_the_way_and_whether_it_does(
    shop: Shop, ana: Person
) -> None:
    fund(ana.user_id, 200_000)
    pay_at_stall(ana, shop, 40_000, key="k1")
    english = {"Accept-Language": "en"}

    over = pay_at_stall(ana, shop, 10_001, key="k2").json["diagnosis"]
    gone = pay_at_stall(ana, Shop("m_nobody", ""), 500, key="k3").json["diagnosis"]

    facts = over["facts"]
    assert (facts["which"], facts["left"]) == ("payment_static_day", 10_000)
    for about in (over["about"], gone["about"]):
        path = f"/v1/payments/{about['id']}/diagnosis"
        shown = ana.call("GET", path, headers=english).json
        assert shown["would_pass_now"] is False, shown
    assert "no such merchant" in shown["diagnosis"]["cause"]


def test_disabled_merchant_is_not_paid_and_the_app_knows_before(shop: Shop, ana: Person) -> None:
    qr = printed(shop)["qr"]
    operator("disable", merchant_id=shop.merchant_id)

    assert scan(ana, qr).code == "MERCHANT_NOT_ACTIVE"
    assert pay_at_stall(ana, shop, 500, key="k").code == "MERCHANT_NOT_ACTIVE"
    assert ana.available == 10_000


def test_refusal_for_funds_is_remembered_and_makes_no_order(shop: Shop, ana: Person) -> None:
    refused = pay_at_stall(ana, shop, 10_001, key="k")
    fund(ana.user_id, 10_000)

    again = pay_at_stall(ana, shop, 10_001, key="k")

    assert (refused.code, again.code) == ("INSUFFICIENT_FUNDS", "INSUFFICIENT_FUNDS")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (ana.available, shop.balance) == (20_000, 0)
    assert shop.call("GET", "/v1/merchant/events").json["items"] == []


def test_wrong_pay_password_and_frozen_payer_pay_nothing(shop: Shop, ana: Person) -> None:
    wrong = pay_at_stall(ana, shop, 500, key="k", pay_password="000001")
    set_status(ana.user_id, "frozen")

    assert (wrong.code, pay_at_stall(ana, shop, 500, key="k").code) == (
        "WRONG_PAY_PASSWORD", "ACCOUNT_FROZEN",
    )  # fmt: skip
    assert shop.balance == 0


def test_printed_codes_together_take_no_more_than_500_yuan_a_day(
    shop: Shop, ana: Person, test_clock: TestClock
) -> None:
    fund(ana.user_id, 200_000)
    assert pay_at_stall(ana, shop, 49_999, key="k1").status == 201

    refused = pay_at_stall(ana, open_shop("Other"), 2, key="k2")

    assert (refused.status, refused.code) == (422, "LIMIT_EXCEEDED")
    assert "500.00 CNY" in refused.json["detail"]
    assert pay_at_stall(ana, shop, 1, key="k3").status == 201
    assert pay(ana, shop.order(2_000), key="k4").status == 201
    test_clock.move(hours=12)
    assert pay_at_stall(ana.signed_in_again(), shop, 50_000, key="k5").status == 201
    assert ana.signed_in_again().available == 210_000 - 102_000


def test_step_that_was_taken_is_good_for_the_merchant_under_any_key(
    shop: Shop, ana: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_cap = tmp_path / "limits.json"
    no_cap.write_text('{"version": "1", "limits": []}')
    monkeypatch.setenv("PAYMENT_LIMITS", str(no_cap))
    settings.cache_clear()
    rows.cache_clear()
    fund(ana.user_id, 2_000_000)
    refused = pay_at_stall(ana, shop, 1_000_000, key="k1")
    assert refused.code == "STEP_UP_REQUIRED"
    headers = {"Step-Up": ana.step_taken(refused)}
    body = {"merchant_id": shop.merchant_id, "amount": 1_000_000, "currency": "CNY"}

    paid = ana.call(
        "POST", "/v1/payments", body | {"pay_password": PAY_PASSWORD}, key="k2", headers=headers
    )

    assert paid.status == 201, paid.text
    monkeypatch.undo()
    settings.cache_clear()
    rows.cache_clear()


def test_code_is_drawn_as_svg_and_as_png_and_says_the_same(shop: Shop) -> None:
    qr = printed(shop)["qr"]
    assert qr == f"{BASE}/1/m/{shop.merchant_id}"
    assert printed(shop) == {"qr": qr, "svg": None, "png": None}

    assert read_svg(printed(shop, "?image=svg")["svg"]) == qr
    assert read_png(printed(shop, "?image=png")["png"]) == qr
    assert shop.call("GET", "/v1/merchant/qr?image=gif").code == "INVALID_FIELD"


def test_order_has_a_code_that_leads_to_it(shop: Shop, ana: Person) -> None:
    made = shop.place(1_000).json
    path = f"/v1/merchant/orders/{made['order_id']}/qr"

    shown = shop.call("GET", f"{path}?image=svg").json
    assert read_svg(shown["svg"]) == shown["qr"] == made["qr"]
    seen = scan(ana, made["qr"]).json
    assert (seen["kind"], seen["merchant"], seen["person"]) == ("order", None, None)
    assert seen["order"] == ana.call("GET", f"/v1/orders/{made['order_id']}").json
    assert open_shop("Other").call("GET", path).status == 404


def test_paid_order_says_so_when_its_code_is_scanned(shop: Shop, ana: Person, bo: Person) -> None:
    made = shop.place(1_000).json
    pay(ana, made["order_id"], key="k")

    assert scan(bo, made["qr"]).json["order"]["status"] == "paid"


def test_operator_gets_the_code_of_a_merchant_to_print(shop: Shop) -> None:
    made = operator("qr", merchant_id=shop.merchant_id)

    assert read_svg(made["svg"]) == made["qr"] == printed(shop)["qr"]
    assert operator("qr", merchant_id="m_nobody") == "NOT_FOUND"


NOT_OURS = [
    ("6922021234567", "QR_UNKNOWN"),
    ("https://qr.alipay.com/fkx1", "QR_UNKNOWN"),
    (f"{BASE}/2/m/m_1", "QR_UNKNOWN"),
    (f"{BASE}/1/x/m_1", "QR_UNKNOWN"),
    (f"{BASE}/1/m/", "QR_UNKNOWN"),
    (f"{BASE}/1/m/m_1\n", "QR_UNKNOWN"),
    (f"{BASE}.evil.example/1/m/m_1", "QR_UNKNOWN"),
    ("http://pay.u-wallet.example/q/1/m/m_1", "QR_UNKNOWN"),
    (f"{BASE}/1/m/m_1?a=100&c=CNY", "QR_FORGED"),
    (f"{BASE}/1/o/o_1?", "QR_FORGED"),
    (f"{BASE}/1/o/o_1", "NOT_FOUND"),
    ("", "INVALID_FIELD"),
    ("x" * 1_001, "INVALID_FIELD"),
]


def test_what_is_no_code_of_ours_is_refused(ana: Person) -> None:
    assert [(qr, scan(ana, qr).code) for qr, _ in NOT_OURS] == NOT_OURS


def test_nobody_scans_or_prints_without_proof_of_who_they_are(shop: Shop) -> None:
    assert call("POST", "/v1/qr/resolve", {"qr": printed(shop)["qr"]}).status == 401
    assert call("GET", "/v1/merchant/qr").status == 401
