"""Nothing that is secret is found in tables, files, logs, errors, answers or messages."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from functions.payments.delivery import deliver_due
from infra.state_picture import DEFINITION
from shared import clock
from shared.observability import logger
from shared.settings import settings
from tests.agents import PASSWORD as AGENT_PASSWORD
from tests.agents import at_work, confirmed, hired, invited, opened
from tests.chatting import Device, gateway_of_tests
from tests.clock import TestClock
from tests.conftest import stored_social
from tests.edge import Answer, call
from tests.faults import Attempt, intercepted, watched
from tests.functions.bank_cards import bind, card_body, start_binding, top_up, unused_phone
from tests.functions.bank_cards import confirm as confirm_card
from tests.functions.identity import second_factor
from tests.functions.identity.asking import ask_code, refresh, registration, sign_in, stored, wrong
from tests.functions.notifications.hearing import bind_email, told
from tests.functions.statements import files as statements
from tests.functions.support import locked_out
from tests.functions.support.networks import MetaServer, WechatServer
from tests.functions.topups.platform_payments import check_out, paid, tell
from tests.functions.withdrawals.asking import withdraw
from tests.functions.withdrawals.notifying import notify, payout
from tests.functions.withdrawals.step_functions import StepFunctions, definition_of, served
from tests.people import PASSWORD, PAY_PASSWORD, Person, code_in_last_sms, fund, register
from tests.sandbox.platforms import KINDS, RunningPlatforms
from tests.sandbox.running import BINDING_FAILS, KEY, ORDINARY, RunningBank
from tests.seeded_secrets import Edge, Seeds, files, items, messages, search, written_to_aws
from tests.shops import Shop, open_shop, operator, pay, pay_at_stall, payment_code
from tests.web_shop import WebShop, web_shop

DEVICE = {"device": {"id": "d-1"}, "device_secret": "seeded-device-secret-" + "x" * 40}
NEW_PASSWORD = "another secret phrase"
WRONG_PASSWORD = "a wrong but secret one"
NEW_PAY_PASSWORD, WRONG_PAY_PASSWORD = "314159", "271828"
DECLINED = "6222021234500030006"
WRITES = {"TransactWriteItems", "PutItem", "UpdateItem"}
CVV = "the three digits on its back"
KINDS_SEEDED = {
    "password", "pay password", "card number", "typed code", "sent code", "token", "typed token",
    "device secret", "TOTP secret", "recovery code", "invitation secret", "merchant secret",
    "signature", "key of the house", "payment code", "token of a network",
}  # fmt: skip


@pytest.fixture
def seeds() -> Seeds:
    return Seeds()


@pytest.fixture
def edge(seeds: Seeds, monkeypatch: pytest.MonkeyPatch) -> Edge:
    standing_in = Edge(seeds)
    monkeypatch.setattr("tests.edge.app", standing_in)
    return standing_in


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebShop]:
    monkeypatch.setenv("NOTIFY_PRIVATE_ADDRESSES", "on")
    settings.cache_clear()
    with web_shop() as listening:
        yield listening
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def all_logged(log_text: io.StringIO) -> Iterator[io.StringIO]:
    """What the wallet logs down to DEBUG, which holds INFO too."""
    before = logger.log_level
    logger.setLevel(logging.DEBUG)
    yield log_text
    logger.setLevel(before)


@pytest.mark.usefixtures("statement_places")
def test_no_secret_is_left_anywhere(
    platforms: RunningPlatforms,
    bank: RunningBank,
    web: WebShop,
    test_clock: TestClock,
    seeds: Seeds,
    edge: Edge,
    all_logged: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    networks = bank.operator("GET", "/social/credentials")
    seed_keys(seeds, platforms, networks)
    with stored_social(networks), watched() as attempts:
        pay_in_by_platforms(platforms)
        use_cards(bank, test_clock)
        sell(seeds, web)
        settle(bank)
        live_with_an_account(test_clock)
        forget_the_password(test_clock)
        be_unlocked(test_clock)
        work_as_agents()
        ask_support(bank)
        write_from_networks(networks)
        say_it_wrong()
        break_down(bank)

    seeded = seeds.settle(messages())
    places = {
        "items": items(),
        "writes to AWS": written_to_aws(attempts),
        "log": all_logged.getvalue().splitlines(),
        "log of libraries": [record.getMessage() for record in caplog.records],
        "output": "".join(capsys.readouterr()).splitlines(),
        "answers": edge.answers,
        "messages": messages(),
        "files": files(),
        "webhooks": [f"{headers} {body.decode()}" for headers, body in web.got],
    }
    print({kind: len(secrets) for kind, secrets in seeded.items()})
    print({place: len(texts) for place, texts in places.items()})
    assert {kind for kind, secrets in seeded.items() if secrets} == KINDS_SEEDED
    assert [place for place, texts in places.items() if not texts] == []
    assert "request_failed" in all_logged.getvalue()
    found = search(seeded, places)
    print(*found, sep="\n")
    assert [(one.kind, one.place) for one in found] == []


def test_a_phone_is_kept_and_logged_nowhere_in_clear(all_logged: io.StringIO, edge: Edge) -> None:
    phone = unused_phone()
    register(phone)
    sign_in(phone, WRONG_PASSWORD)

    assert [item["sk"]["S"] for item in stored() if phone[-8:] in str(item)] == []
    assert "registered" in all_logged.getvalue()
    assert phone[-8:] not in all_logged.getvalue()


def took(answer: Answer, status: int, code: str | None = None) -> Answer:
    assert answer.status == status, answer.text
    assert code is None or answer.code == code, answer.text
    return answer


def seed_keys(seeds: Seeds, platforms: RunningPlatforms, networks: dict[str, Any]) -> None:
    """What only the operator and the function know."""
    seeds.add("key of the house", "0123456789abcdef" * 4, KEY.hex(), KEY.decode("latin-1"))
    for credentials in platforms.credentials().values():
        seeds.add("key of the house", credentials["private_key"].splitlines()[2])
        seeds.add("key of the house", *filter(None, [credentials.get("api_v3_key")]))
    for credentials in networks.values():
        for name in (
            "app_secret",
            "token",
            "aes_key",
            "verify_token",
            "page_token",
            "whatsapp_token",
        ):
            seeds.add("key of the house", *filter(None, [credentials.get(name)]))
    seeds.add("token of a network", "sandbox-access-token")


def pay_in_by_platforms(platforms: RunningPlatforms) -> None:
    ana = register(unused_phone())
    for kind in KINDS:
        top_up_id = paid(ana, platforms, kind, key=kind)
        tell(platforms, kind, top_up_id, forged=True)
        assert tell(platforms, kind, top_up_id).status in (200, 204)
        took(check_out(ana, kind, 10**12, key="too much"), 400)


def use_cards(bank: RunningBank, clock: TestClock) -> None:
    """Binds, fails to bind, tops up, is declined, sends with a step up, withdraws."""
    ana, bo = register(unused_phone(), funds=10_000_000), register(unused_phone())
    card_id, verification_id = start_binding(ana)
    code = bank.code_of(verification_id)
    took(confirm_card(ana, card_id, wrong(code)), 422, "WRONG_CODE")
    took(confirm_card(ana, card_id, code), 200)
    failing, verification_id = start_binding(ana, BINDING_FAILS)
    took(confirm_card(ana, failing, bank.code_of(verification_id)), 422)
    declined = bind(ana, bank, " ".join(DECLINED[start : start + 4] for start in range(0, 19, 4)))
    with told():
        took(top_up(ana, card_id, 500, key="1"), 201)
        took(top_up(ana, declined, 500, key="2"), 422)
        took(top_up(ana, card_id, 500, key="3", pay_password=WRONG_PAY_PASSWORD), 403)
        took(ana.send(bo, 500, key="4"), 201)
        took(ana.send(bo, 500, key="5", pay_password=WRONG_PAY_PASSWORD), 403)
        took(ana.send_with_step(bo, 1_000_000, key="6"), 201)
    machine = StepFunctions(definition_of(DEFINITION), clock)
    with served(machine):
        taken = took(withdraw(ana, card_id, 500, key="7"), 202).json["withdrawal_id"]
        took(withdraw(ana, card_id, 500, key="8", pay_password=WRONG_PAY_PASSWORD), 403)
        machine.run()
        took(notify(payout(taken, 500, "paid"), key=bytes(32)), 401)
        took(notify(payout(taken, 500, "paid")), 204)
        machine.run()
    statements.made(bo.signed_in_again())


def sell(seeds: Seeds, web: WebShop) -> None:
    """Orders, a payment, a refund, a webhook; and what is signed by another secret."""
    ana, shop = register(unused_phone(), funds=10_000), open_shop(notify_url=web.url)
    seeds.add("merchant secret", shop.secret)
    order_id = shop.order(5_000)
    took(pay(ana, order_id, key="1", pay_password=WRONG_PAY_PASSWORD), 403)
    took(pay(ana, order_id, key="2"), 201)
    took(pay_at_stall(ana, shop, 500, key="3", pay_password=WRONG_PAY_PASSWORD), 403)
    took(pay_at_stall(ana, shop, 500, key="4"), 201)
    took(shop.refund(order_id, 500, number="r-1"), 201)
    other = Shop(shop.merchant_id, "the secret of somebody else, as long as need be")
    seeds.add("merchant secret", other.secret)
    took(other.place(), 401)
    code = payment_code(ana)
    took(shop.charge(code, 500), 201)
    took(shop.charge(code, 500), 422)
    took(shop.charge(payment_code(ana), 30_000, number="asked"), 202)
    took(shop.reverse("asked"), 200)
    assert deliver_due() > 0


def settle(bank: RunningBank) -> None:
    """The card that a shop is settled to, typed by an operator, with a wrong code too."""
    shop = open_shop()
    merchant = {"merchant_id": shop.merchant_id}
    begun = operator("bind_card", **merchant, **card_body())
    code = {"binding_id": begun["binding_id"], "code": bank.code_of(begun["binding_id"])}
    wrong_code = code | {"code": wrong(code["code"])}
    assert operator("confirm_card", **merchant, **wrong_code) == "SETTLEMENT_CARD_REFUSED"
    assert operator("confirm_card", **merchant, **code)["last4"] == ORDINARY[-4:]
    took(shop.call("POST", "/v1/merchant/settlements", {"merchant_settlement_id": "s"}), 422)


def live_with_an_account(clock: TestClock) -> None:
    """From a registration with all its mistakes to "this wasn't me"."""
    ana = register_with_mistakes(unused_phone())
    clock.move(seconds=settings().code_resend_seconds)
    took(sign_in(ana.phone, WRONG_PASSWORD), 401)
    took(call("POST", "/v1/sessions", {"phone": ana.phone, "password": PASSWORD} | DEVICE), 201)
    took(call("POST", "/v1/password-strength", {"password": NEW_PASSWORD}), 200)
    for password in (PAY_PASSWORD, NEW_PAY_PASSWORD):
        body = {"password": PASSWORD, "pay_password": password}
        took(ana.call("PUT", "/v1/me/pay-password", body), 204)
    bind_email(ana, "ana@post.example")
    took(ana.call("POST", "/v1/me/email/confirm", {"code": "135790"}), 422)
    authenticator = second_factor.turn_on(ana)
    code = authenticator.code()
    for given in (wrong(code), code, authenticator.recovery_codes[0]):
        way = second_factor.totp if len(given) == 6 else second_factor.recovery
        begun = took(sign_in(ana.phone), 202).json["challenge_id"]
        second_factor.answer(begun, way(given))
    took(ana.call("POST", "/v1/me/export", {"password": PASSWORD}), 200)
    took(ana.call("POST", "/v1/me/export", {"password": WRONG_PASSWORD}), 403)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    took(ana.call("PUT", "/v1/me/password", change), 204)
    events = took(ana.call("GET", "/v1/me/security-events?limit=100"), 200).json["items"]
    event = next(one["event_id"] for one in events if one["kind"] == "signed_in")
    took(ana.call("POST", f"/v1/me/security-events/{event}/dispute"), 202)


def register_with_mistakes(phone: str) -> Person:
    """A wrong code, a common password, and a token to refresh by that is used twice."""
    body = registration(phone, **DEVICE)
    took(call("POST", "/v1/users", body | {"code": wrong(body["code"])}), 422)
    took(call("POST", "/v1/users", body | {"password": "password123"}), 422)
    made = took(call("POST", "/v1/users", body), 201).json
    tokens = took(refresh(made["tokens"]["refresh_token"]), 201).json["tokens"]
    return Person(phone, made["user_id"], tokens["access_token"], tokens["refresh_token"])


def forget_the_password(clock: TestClock) -> None:
    """Is locked out, gets back in by SMS, moves to another phone, closes the account."""
    bo, new_phone = register(unused_phone()), unused_phone()
    clock.move(seconds=settings().code_resend_seconds)
    for _ in range(settings().sign_in_tries):
        sign_in(bo.phone, WRONG_PASSWORD)
    reset = code_sent_to(bo.phone, "reset_password") | {"new_password": NEW_PASSWORD}
    took(call("POST", "/v1/password-resets", reset | {"code": wrong(reset["code"])}), 422)
    took(call("POST", "/v1/password-resets", reset), 204)
    took(call("POST", "/v1/password-resets", reset | {"new_password": PASSWORD}), 422)
    clock.move(seconds=settings().code_resend_seconds)
    tokens = took(sign_in(bo.phone, NEW_PASSWORD), 201).json["tokens"]
    bo = Person(bo.phone, bo.user_id, tokens["access_token"], tokens["refresh_token"])
    leaving = took(bo.call("POST", "/v1/me/phone/codes"), 202).json
    old_phone = {
        "verification_id": leaving["verification_id"],
        "code": code_in_last_sms(bo.phone),
    }
    change = code_sent_to(new_phone, "change_phone") | {"password": NEW_PASSWORD}
    took(bo.call("PUT", "/v1/me/phone", change | {"old_phone": old_phone}), 204)
    took(refresh(bo.refresh_token), 201)
    took(refresh(bo.refresh_token + "x"), 401)


def be_unlocked(clock: TestClock) -> None:
    """Asks with wrong codes and right ones, and says a code to an agent."""
    cy, amy, zoe = register(unused_phone()), locked_out.amy(), locked_out.zoe()
    bind_email(cy, locked_out.EMAIL)
    clock.move(seconds=settings().code_resend_seconds)
    body = locked_out.wish(cy)
    took(locked_out.ask(body | {"code": wrong(body["code"])}), 422, "WRONG_CODE")
    request_id = took(locked_out.ask(body), 202).json["request_id"]
    took(locked_out.prove_mail(request_id, "246801"), 422, "WRONG_CODE")
    took(locked_out.prove_mail(request_id), 204)
    said = f"The caller said the code {body['code']} and the card {ORDINARY}"
    approval_id = locked_out.proposed(amy, request_id, note=said)
    took(zoe.approve(approval_id), 200)


def code_sent_to(phone: str, purpose: str) -> dict[str, Any]:
    verification_id = took(ask_code(phone, purpose), 202).json["verification_id"]
    return {"phone": phone, "verification_id": verification_id, "code": code_in_last_sms(phone)}


def work_as_agents() -> None:
    agent = hired("fay@bank.example", "finance")
    took(agent.asks_in(password=WRONG_PASSWORD), 401)
    took(agent.asks_in(totp=wrong(agent.code())), 401)
    took(agent.signed_in().call("GET", "/v1/agent/me"), 200)
    invitation = invited("gus@bank.example", "supervisor")
    took(opened(invitation | {"secret": "guessed" * 6 + "x"}), 422)
    took(opened(invitation), 201)
    took(confirmed(invitation, "135791"), 422)


def ask_support(bank: RunningBank) -> None:
    """People tell support what nobody should, and an agent says it back."""
    eve = register(unused_phone())
    bind(eve, bank)
    spaced = " ".join(ORDINARY[at : at + 4] for at in range(0, len(ORDINARY), 4))
    said = [
        f"My card is {ORDINARY}, or {spaced}",
        f"我的支付密码是{PAY_PASSWORD}，登录密码是 {PASSWORD}",
        f"my password is {PASSWORD}",
        f"验证码 {code_in_last_sms(eve.phone)} 不能用",
        f"The app shows {eve.token}",
    ]
    body = {"subject": said[0], "message": said[1]}
    ticket_id = took(eve.call("POST", "/v1/support/tickets", body), 201).json["ticket_id"]
    for message in said:
        path = f"/v1/support/tickets/{ticket_id}/messages"
        took(eve.call("POST", path, {"message": message}), 201)
    agent = at_work("kim@bank.example", "agent")
    with gateway_of_tests() as gateway:
        phone, desk = (Device(gateway).signed_in(one.token) for one in (eve, agent))
        for number, message in enumerate(said):
            frames = phone.asks("message", client_id=str(number), text=message)
            assert frames[-1]["type"] == "accepted"
        desk.asks("take", ticket_id=frames[-1]["ticket_id"])
        desk.asks("message", client_id="1", ticket_id=frames[-1]["ticket_id"], text=said[2])
        Device(gateway).send(f'{{"action": "authenticate", "access_token": "{eve.token}x"}}')
        phone.send(f'{{"action": "message", "text": "{PASSWORD}", "more": "{ORDINARY}"}}')
        phone.send(f'{{"access_token": "{eve.token}')
    path = f"/v1/agent/tickets/{ticket_id}"
    took(agent.call("POST", f"{path}/replies", {"text": said[2]}), 201)
    took(agent.call("POST", f"{path}/notes", {"text": said[3]}), 201)
    took(agent.call("PATCH", path, {"subject": said[2], "state": "solved"}), 200)
    rating = {"score": 1, "comment": said[2]}
    took(eve.call("POST", f"/v1/support/tickets/{ticket_id}/rating", rating), 200)


def write_from_networks(networks: dict[str, Any]) -> None:
    """Somebody writes to each network's account, truly and forged, and an agent answers."""
    wechat, meta, now = (
        WechatServer(networks["wechat"]),
        MetaServer(networks["meta"]),
        clock.seconds(),
    )
    agent = at_work("sam@bank.example", "agent")
    for path in (
        wechat.echo("e-1", at=now),
        meta.challenge("c-1"),
        meta.challenge("c-2", token="no"),
    ):
        call("GET", path)
    said = f"my password is {PASSWORD}"
    for message in (
        wechat.message("o_ana", said, "m-1", at=now),
        meta.messenger("p_ana", said, "m-2", at=now),
        meta.whatsapp("w_ana", said, "m-3", at=now),
    ):
        took(call("POST", message.path.partition("?")[0], raw=message.body), 401)
        told_of = call("POST", message.path, raw=message.body, headers=message.headers)
        assert told_of.status in (200, 204), told_of.text
    inbox = agent.call("GET", "/v1/agent/tickets").json["items"]
    asked = {line["last_channel"]: line["ticket_id"] for line in inbox}
    for channel in ("wechat", "messenger", "whatsapp"):
        path = f"/v1/agent/tickets/{asked[channel]}/replies"
        took(agent.call("POST", path, {"text": "Never tell anybody."}), 201)


def say_it_wrong() -> None:
    """Bodies, addresses and headers that nobody can read, with secrets in them."""
    ana = register(unused_phone())
    user = {"phone": ana.phone, "password": PASSWORD}
    took(call("POST", "/v1/sessions", raw=f'{{"password": "{PASSWORD}", "phone": '), 400)
    took(
        call(
            "POST", "/v1/sessions", raw=f'{{"password":"{PASSWORD}","password":"{NEW_PASSWORD}"}}'
        ),
        400,
    )
    took(call("POST", "/v1/sessions", user | {"password": [PASSWORD]}), 400)
    took(call("POST", "/v1/sessions", user | {"phone": PASSWORD}), 400)
    took(call("POST", "/v1/sessions", user, headers={"Content-Type": "text/plain"}), 415)
    took(call("POST", "/v1/password-strength", {"password": PASSWORD * 9}), 400)
    took(ana.call("POST", "/v1/cards", card_body() | {"cvv": CVV}), 400, "UNKNOWN_FIELD")
    took(ana.call("POST", "/v1/cards", card_body(ORDINARY[:-1] + "9")), 422)
    took(ana.call("POST", "/v1/cards", card_body() | {"holder_name": {"number": ORDINARY}}), 400)
    took(ana.call("DELETE", f"/v1/cards/{ORDINARY}"), 404)
    took(ana.call("GET", f"/v1/wallet/entries?cursor={ORDINARY}"), 400)
    took(ana.call("GET", f"/v1/wallet/entries?limit={PAY_PASSWORD}"), 400)
    took(ana.call("PUT", "/v1/me/pay-password", {"pay_password": int(PAY_PASSWORD)}), 400)


def break_down(bank: RunningBank) -> None:
    """Every write fails in a way that nobody has thought of, and says what was to be written."""

    def breaks(attempt: Attempt) -> Any:
        counts_only = "'RATE#" in str(attempt.request)
        if attempt.operation in WRITES and not counts_only:
            raise RuntimeError(f"cannot write {attempt.request}")
        return attempt.make()

    ana, agent = register(unused_phone()), hired("ida@bank.example", "agent")
    card_id = bind(ana, bank)
    fund(ana.user_id, 10_000)
    body = {"password": PASSWORD, "pay_password": NEW_PAY_PASSWORD}
    new = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    with intercepted(breaks):
        took(sign_in(ana.phone), 500)
        took(refresh(ana.refresh_token), 500)
        took(ana.call("PUT", "/v1/me/pay-password", body), 500)
        took(ana.call("PUT", "/v1/me/password", new), 500)
        took(second_factor.begin(ana), 500)
        took(ana.call("POST", "/v1/cards", card_body(DECLINED)), 500)
        took(top_up(ana, card_id, 500, key="1"), 500)
        took(withdraw(ana, card_id, 500, key="2"), 500)
        took(agent.asks_in(password=AGENT_PASSWORD), 500)
