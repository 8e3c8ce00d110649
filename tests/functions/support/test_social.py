"""Social networks: only what is signed comes in, once; answers go out where and while they may."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.support.records import SOLVED, Ticket
from functions.support.reply import reply
from functions.support.social.networks import network
from functions.support.social.way import parts_of
from functions.support.social.wechat_envelope import check_signature, decrypted
from functions.support.tickets import ticket_of
from shared import clock
from shared.errors import ServiceUnavailable
from shared.settings import settings
from tests.clock import TestClock
from tests.conftest import stored_social
from tests.edge import Answer, call
from tests.faults import Fault, Swept, sweep
from tests.functions.identity.asking import stored
from tests.functions.support.networks import META, WECHAT, MetaServer, Told, WechatServer
from tests.functions.support.saying import AMY, come_to, messages, notes, texts
from tests.sandbox.running import RunningBank

ANA, BO = "o_ana", "o_bo"


@pytest.fixture
def credentials(cloud: None, running: RunningBank) -> Iterator[dict[str, Any]]:
    """Of the sandbox networks, which take our answers."""
    known = running.operator("GET", "/social/credentials")
    with stored_social(known):
        yield known
    running.operator("POST", "/social/refusals", {"codes": []})


@pytest.fixture
def wechat(credentials: dict[str, Any]) -> WechatServer:
    return WechatServer(credentials["wechat"])


@pytest.fixture
def meta(credentials: dict[str, Any]) -> MetaServer:
    return MetaServer(credentials["meta"])


def tell(told: Told) -> Answer:
    return call("POST", told.path, raw=told.body, headers=told.headers)


def tickets() -> list[Ticket]:
    """All there are."""
    return [Ticket.from_raw_data(item) for item in stored("TICKET") if item["sk"]["S"] == "TICKET"]


def replies(running: RunningBank, to: str) -> list[str]:
    items = running.operator("GET", f"/social/replies?to={to}")["items"]
    return [item["text"] for item in items]


def now() -> int:
    return clock.seconds()


def test_each_network_makes_sure_of_the_address(wechat: WechatServer, meta: MetaServer) -> None:
    assert (answer := call("GET", wechat.echo("e-1", at=now()))).status == 200
    assert answer.text == "e-1"
    assert call("GET", meta.challenge("c-1")).text == "c-1"
    assert call("GET", wechat.echo("e-1", at=now(), token="guessed")).code == "NOT_GENUINE"
    assert call("GET", meta.challenge("c-1", token="guessed")).code == "NOT_GENUINE"
    assert call("GET", WECHAT).code == "NOT_GENUINE"
    assert call("GET", META).code == "NOT_GENUINE"


def test_what_is_said_on_each_channel_is_one_ticket_of_its_writer(
    wechat: WechatServer, meta: MetaServer
) -> None:
    assert tell(wechat.message(ANA, "提现没到账", "1", at=now())).text == "success"
    assert tell(wechat.message(ANA, "还没到", "2", at=now())).text == "success"
    assert tell(meta.messenger("m-1", "My payment failed", "mid.1", at=now())).status == 204
    assert tell(meta.whatsapp("6591234567", "Hello", "wamid.1", at=now())).status == 204
    by_channel = {one.channel: one for one in tickets()}
    assert by_channel.keys() == {"wechat", "messenger", "whatsapp"}
    assert texts(by_channel["wechat"].ticket_id) == [(1, "提现没到账"), (2, "还没到")]
    assert (by_channel["wechat"].language, by_channel["messenger"].language) == ("zh", "en")
    assert {one.user_id for one in by_channel.values()} == {None}


@pytest.mark.parametrize("encrypted", [True, False])
def test_the_same_message_again_has_one_effect(
    credentials: dict[str, Any], encrypted: bool
) -> None:
    if not encrypted:
        credentials["wechat"]["aes_key"] = ""
    with stored_social(credentials):
        server = WechatServer(credentials["wechat"], encrypted=encrypted)
        for _ in range(3):
            assert tell(server.message(ANA, "提现没到账", "77", at=now())).status == 200
        (ticket,) = tickets()
        assert texts(ticket.ticket_id) == [(1, "提现没到账")]


def test_two_people_and_two_networks_are_never_mixed(
    wechat: WechatServer, meta: MetaServer
) -> None:
    tell(wechat.message("same", "a", "1", at=now()))
    tell(wechat.message("other", "b", "2", at=now()))
    tell(meta.messenger("same", "c", "1", at=now()))
    tell(meta.whatsapp("same", "d", "1", at=now()))
    assert sorted(texts(one.ticket_id)[0][1] for one in tickets()) == ["a", "b", "c", "d"]


def test_what_is_not_genuine_is_refused_and_leaves_nothing(
    wechat: WechatServer, meta: MetaServer, test_clock: TestClock
) -> None:
    good = wechat.message(ANA, "a", "1", at=now())
    of_meta = meta.messenger("m", "a", "1", at=now())
    forged = WechatServer(wechat.credentials | {"token": "guessed"})
    with_another_key = WechatServer(wechat.credentials | {"aes_key": "B" * 43})
    of_another_app = WechatServer(wechat.credentials | {"app_id": "wx_other"})
    plain = replace(wechat, encrypted=False)
    wrong = [
        forged.message(ANA, "a", "1", at=now()),
        with_another_key.message(ANA, "a", "1", at=now()),
        of_another_app.message(ANA, "a", "1", at=now()),
        plain.message(ANA, "a", "1", at=now()),
        wechat.message(ANA, "a", "1", at=now() - settings().social_signature_seconds - 1),
        wechat.message(ANA, "a", "1", at=now() + settings().social_signature_seconds + 1),
        Told(good.path, wechat.message(BO, "b", "2", at=now()).body),
        Told(WECHAT, good.body),
        Told(META, of_meta.body + " ", of_meta.headers),
        Told(META, of_meta.body),
        Told(META, of_meta.body, {"X-Hub-Signature-256": "sha256="}),
    ]
    for told in wrong:
        answer = tell(told)
        assert (answer.status, answer.code) == (401, "NOT_GENUINE"), told
    assert tickets() == []


_GROWING = "".join(f'<!ENTITY a{n + 1} "&a{n};&a{n};">' for n in range(30))
BOMB = f'<!DOCTYPE x [<!ENTITY a0 "a">{_GROWING}]><xml><Encrypt>&a30;</Encrypt></xml>'
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Encrypt>&f;</Encrypt></xml>'


@pytest.mark.parametrize(
    "body", [BOMB, FILE, "", "<xml>", "not xml", "<xml/>", "\x00", "<a>" * 5_000]
)
def test_xml_that_nobody_should_send_is_refused(wechat: WechatServer, body: str) -> None:
    path = wechat.message(ANA, "a", "1", at=now()).path
    assert tell(Told(path, body)).code in ("MALFORMED_MESSAGE", "NOT_GENUINE")
    assert tell(wechat.told(body, at=now())).code == "MALFORMED_MESSAGE"


def test_json_that_nobody_should_send_is_refused(meta: MetaServer) -> None:
    page = {"object": "page", "entry": [{"messaging": [{"message": {"mid": 1}}]}]}
    wrong: tuple[Any, ...] = (
        [],
        {},
        {"object": "page", "entry": [1]},
        page,
        {"object": "page", "entry": [{"messaging": 1}]},
        {"object": "whatsapp_business_account", "entry": [{"changes": [{}]}]},
    )
    for body in wrong:
        assert tell(meta.told(body)).code == "MALFORMED_MESSAGE", body
    assert tell(meta.told({"object": "instagram", "entry": [{}]})).status == 204


def test_marks_events_and_echoes_are_no_messages(wechat: WechatServer, meta: MetaServer) -> None:
    event: dict[str, Any] = {"sender": {"id": "m"}, "timestamp": 1}
    own = event | {"message": {"mid": "1", "text": "ours", "is_echo": True}}
    body = {"object": "page", "entry": [{"messaging": [event | {"read": {}}, own]}]}
    assert tell(meta.told(body)).status == 204
    statuses = {"changes": [{"field": "messages", "value": {"statuses": [{"id": "x"}]}}]}
    assert (
        tell(meta.told({"object": "whatsapp_business_account", "entry": [statuses]})).status == 204
    )
    subscribed = wechat.message(ANA, "", "1", at=now(), kind="event", Event="subscribe")
    assert tell(subscribed).text == "success"
    assert tickets() == []


def test_pictures_and_places_are_named(wechat: WechatServer) -> None:
    tell(wechat.message(ANA, "", "1", at=now(), kind="image"))
    tell(wechat.message(ANA, "", "2", at=now(), kind="voice", Recognition="钱没到"))
    assert texts(tickets()[0].ticket_id) == [(1, "[图片]"), (2, "[语音] 钱没到")]


def test_an_answer_arrives_on_the_same_channel(
    wechat: WechatServer, meta: MetaServer, running: RunningBank
) -> None:
    tell(wechat.message("o_answered", "提现没到账", "1", at=now()))
    tell(meta.messenger("m_answered", "Hello", "1", at=now()))
    tell(meta.whatsapp("6590000001", "Hello", "1", at=now()))
    for ticket in tickets():
        reply(ticket.ticket_id, f"回复 {ticket.channel}", by=AMY, source_id=ticket.channel)
        assert messages(ticket.ticket_id)[-1].delivery == "sent"
    assert replies(running, "o_answered") == ["回复 wechat"]
    assert replies(running, "m_answered") == ["回复 messenger"]
    assert replies(running, "6590000001") == ["回复 whatsapp"]


def test_after_the_window_of_the_network_the_agent_is_told(
    wechat: WechatServer, meta: MetaServer, running: RunningBank, test_clock: TestClock
) -> None:
    tell(wechat.message("o_late", "a", "1", at=now()))
    tell(meta.messenger("m_late", "a", "1", at=now()))
    by_channel = {one.channel: one.ticket_id for one in tickets()}
    test_clock.move(hours=25)
    for channel, ticket_id in by_channel.items():
        reply(ticket_id, "late", by=AMY, source_id=channel)
    assert messages(by_channel["wechat"])[-1].delivery == "sent"
    assert messages(by_channel["messenger"])[-1].delivery == "failed"
    (note,) = [one for one in notes(by_channel["messenger"]) if one.kind == "delivery_failed"]
    assert note.details["why"] == "reply_window_over"
    test_clock.move(hours=24)
    reply(by_channel["wechat"], "later", by=AMY, source_id="later")
    assert messages(by_channel["wechat"])[-1].delivery == "failed"
    assert replies(running, "o_late") == ["late"]
    assert replies(running, "m_late") == []


@pytest.mark.parametrize(
    ("codes", "delivery"),
    [([45015], "failed"), ([40003], "failed"), ([-1], "waiting"), ([40001], "sent")],
)
def test_what_wechat_refuses_is_tried_later_or_told(
    wechat: WechatServer, running: RunningBank, codes: list[int], delivery: str
) -> None:
    """The last: a token that was good no more is fetched anew."""
    tell(wechat.message("o_refused", "a", "1", at=now()))
    (ticket,) = tickets()
    running.operator("POST", "/social/refusals", {"codes": codes})
    reply(ticket.ticket_id, "answer", by=AMY, source_id="1")
    assert messages(ticket.ticket_id)[-1].delivery == delivery


@pytest.mark.parametrize(
    ("code", "delivery"), [(131047, "failed"), (100, "failed"), (190, "waiting"), (4, "waiting")]
)
def test_what_meta_refuses_is_tried_later_or_told(
    meta: MetaServer, running: RunningBank, code: int, delivery: str
) -> None:
    tell(meta.whatsapp("6590000002", "a", "1", at=now()))
    (ticket,) = tickets()
    running.operator("POST", "/social/refusals", {"codes": [code]})
    reply(ticket.ticket_id, "answer", by=AMY, source_id="1")
    assert messages(ticket.ticket_id)[-1].delivery == delivery


def test_a_network_that_is_down_gets_it_later(credentials: dict[str, Any]) -> None:
    away = credentials["wechat"] | {"api_url": "http://127.0.0.1:9"}
    with stored_social({"wechat": away}):
        tell(WechatServer(away).message(ANA, "a", "1", at=now()))
        (ticket,) = tickets()
        reply(ticket.ticket_id, "answer", by=AMY, source_id="1")
        assert messages(ticket.ticket_id)[-1].delivery == "waiting"


def test_a_network_that_is_not_set_up_is_not_there(cloud: None) -> None:
    network.cache_clear()
    assert call("GET", WECHAT).code == "NOT_FOUND"
    assert call("POST", META, raw="{}").code == "NOT_FOUND"


def test_who_writes_to_a_ticket_that_is_solved_opens_it_again(wechat: WechatServer) -> None:
    tell(wechat.message(ANA, "a", "1", at=now()))
    (ticket,) = tickets()
    come_to(ticket.ticket_id, SOLVED)
    tell(wechat.message(ANA, "b", "2", at=now()))
    assert ticket_of(ticket.ticket_id).state == "reopened"
    come_to(ticket.ticket_id, "closed")
    tell(wechat.message(ANA, "c", "3", at=now()))
    tell(wechat.message(ANA, "d", "4", at=now()))
    assert len(tickets()) == 2
    (following,) = [one for one in tickets() if one.follows]
    assert [text for _, text in texts(following.ticket_id)] == ["c", "d"]


def test_a_storm_of_one_writer_is_bounded(
    wechat: WechatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIAL_MESSAGES_PER_HOUR", "3")
    settings.cache_clear()
    for number in range(5):
        assert tell(wechat.message(ANA, "a", str(number), at=now())).text == "success"
    monkeypatch.undo()
    settings.cache_clear()
    tell(wechat.message(BO, "b", "9", at=now()))
    assert sorted(int(one.messages) for one in tickets()) == [1, 3]


def test_what_nobody_may_keep_is_masked(wechat: WechatServer) -> None:
    tell(wechat.message(ANA, "我的卡号 6222021234500010008 密码是 hunter22", "1", at=now()))
    ((_, text),) = texts(tickets()[0].ticket_id)
    assert "6222021234500010008" not in text
    assert "hunter22" not in text


def test_long_answers_go_in_parts_that_the_network_takes() -> None:
    text = "提现 ok " * 700
    parts = parts_of(text, 2_000)
    assert "".join(parts) == text
    assert max(len(part.encode()) for part in parts) <= 2_000
    assert parts_of("", 10) == []


def test_an_envelope_of_another_library_opens(wechat: WechatServer, test_clock: TestClock) -> None:
    """Made and signed by wechatpy 1.8.18."""
    sealed = (
        "C0qe+AKzvZXhrONb4nr25uZM0Fi9fg8jHAS9Y8SU87si8WFpDhiscOOQ4sGSFaGgIdU8oNdwk4JaYnpkVmXvH8Sl"
        "0I4jAnnKLn/68TlkAavUvE1oC4eSy0sDX+amxY1eDEAAbzkRcM5LF4EUahQNBhgvAEkbB+xeq9VYyPhxwd4IgwcO"
        "z4P/HB4YRZa2cjKgC4DjbzKqnJQl8vEfsq3HFe7yibJ0IykWe1kGv85swJt3nLrxld9mNqL1+GBLdlH8JeQrYMsE"
        "w+ZOYSRR4ZQJNCT87vVgclu5tGSBCUAZnVs="
    )
    own = wechat.credentials
    test_clock.seconds = 1_772_000_000.0
    signature = "d4bc65f5276d748e7da71db52ff677ccd6868a55"
    check_signature(signature, own["token"], "1772000000", "n1", sealed)
    opened = decrypted(sealed, aes_key=own["aes_key"], app_id=own["app_id"])
    assert "<Content>提现没到账</Content>" in opened.decode()


class Hearing(Swept):
    """One message is in one ticket, whatever is repeated."""

    server: WechatServer

    def prepare(self) -> None:
        """There is nothing to prepare."""

    def act(self) -> Any:
        answer = tell(self.server.message(ANA, "a", "1", at=now()))
        if answer.status == 503:
            raise ServiceUnavailable
        assert answer.text == "success", answer.text
        return answer.text

    def check_done(self) -> None:
        (ticket,) = tickets()
        assert texts(ticket.ticket_id) == [(1, "a")]

    def run_sweepers(self) -> None:
        """Nothing is left behind."""


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda one: one.name)
def test_it_happens_once(
    wechat: WechatServer, fault: Fault, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hearing, "server", wechat, raising=False)
    assert sweep(Hearing, fault, test_clock)


def test_no_answer_holds_what_was_sent(wechat: WechatServer) -> None:
    answer = tell(wechat.message(ANA, "a secret story", "1", at=now()))
    assert "secret" not in json.dumps([answer.text, answer.headers])
