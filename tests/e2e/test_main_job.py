"""The main job of the wallet over real HTTP, from the packaged zip."""

from concurrent.futures import ThreadPoolExecutor

from infra.phone_app import Answer, PhoneApp, new_key
from infra.stack import Addresses
from tests.e2e.conftest import CARD, somebody


def test_money_goes_from_a_card_to_a_friend(addresses: Addresses) -> None:
    ana, bo = somebody(addresses), somebody(addresses)
    card = ana.bind_card(CARD)
    assert (card["last4"], card["status"]) == ("0008", "active")

    assert ana.top_up(card["card_id"], 50_000).json["status"] == "succeeded"
    sent = ana.transfer({"phone": bo.phone}, 12_345, note="午饭 🍜")

    assert (sent.status, sent.json["status"]) == (201, "succeeded")
    assert (ana.available(), bo.available()) == (37_655, 12_345)
    assert [entry["kind"] for entry in ana.entries()] == ["transfer", "top_up"]
    assert bo.entries()[0]["note"] == "午饭 🍜"


def test_twenty_identical_requests_at_once_have_one_effect(addresses: Addresses) -> None:
    ana, bo = somebody(addresses, funds=10_000), somebody(addresses)
    key = new_key()

    def send(_: int) -> Answer:
        return ana.transfer({"phone": bo.phone}, 700, key=key)

    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(send, range(20)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["transfer_id"] for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotency-Replayed") != "true" for answer in answers) == 1
    assert (ana.available(), bo.available()) == (9_300, 700)


def test_nobody_can_spend_the_same_money_twice_at_once(addresses: Addresses) -> None:
    ana, bo = somebody(addresses, funds=1_000), somebody(addresses)

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: ana.transfer({"phone": bo.phone}, 300), range(16)))

    done = [answer for answer in answers if answer.status == 201]
    refused = [answer.json["code"] for answer in answers if answer.status == 422]
    assert len(done) == 3
    assert set(refused) == {"INSUFFICIENT_FUNDS"}
    assert len(done) + len(refused) == 16
    assert (ana.available(), bo.available()) == (100, 900)


def test_a_signed_out_phone_is_out_at_once(addresses: Addresses) -> None:
    app = somebody(addresses)
    assert app.ask("DELETE", "/v1/sessions/current").status == 204

    answer = app.ask("GET", "/v1/wallet")
    assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED")


def test_refreshing_gives_new_tokens_and_ends_the_old_access(addresses: Addresses) -> None:
    app = somebody(addresses)
    before = dict(app.tokens)
    wish = {"refresh_token": before["refresh_token"]}
    app.tokens = {}
    app.tokens = app.must(201, "POST", "/v1/sessions/refresh", wish)["tokens"]

    assert app.ask("GET", "/v1/wallet").status == 200
    app.tokens = before
    assert app.ask("GET", "/v1/wallet").status == 401


def test_texts_and_refusals_follow_the_language(addresses: Addresses) -> None:
    chinese, english = PhoneApp(addresses, language="zh-CN"), PhoneApp(addresses)
    for app in (chinese, english):
        app.register()

    assert "验证码" in chinese.texts()[0]
    assert "code" in english.texts()[0]
    assert chinese.transfer({"phone": english.phone}, 1).json["title"] == "未设置支付密码"
